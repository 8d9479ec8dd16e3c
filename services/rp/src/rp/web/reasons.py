"""Why a check is made: what an error page tells people who do not know the rule."""

from collections.abc import Mapping

from rp.errors import AuthorizationRefused, RelyingPartyError, TokenRequestRefused
from rp.message import Message

_FORM = Message(
    "reason", "The response does not have the form that the specification requires, so nothing in it is used."
)

OF_CHECKS: Mapping[str, Message] = {
    "RFC 6749 §10.12": Message(
        "reason",
        "The state binds the provider's response to the browser that sent the request. Without it, an attacker could "
        "sign you in to the attacker's account.",
    ),
    "RFC 9207 §2.4": Message(
        "reason",
        "The response must come from the provider that received the request, at the redirect URI for that provider. "
        "Otherwise the code could be sent to the wrong provider.",
    ),
    "RFC 6749 §4.1.2": _FORM,
    "RFC 6749 §5.1": _FORM,
    "RFC 6749 §3.3": _FORM,
    "RFC 6749 §7.1": Message("reason", "This application can only use bearer tokens."),
    "OIDC Core §3.1.3.3": Message("reason", "Without an ID token, the application does not know who signed in."),
    "RFC 7515 §7.1": Message("reason", "An ID token consists of three base64url parts. This value does not."),
    "RFC 7519 §7.2": Message("reason", "The header and the claims of an ID token must be unambiguous JSON objects."),
    "RFC 7515 §4.1.4": Message("reason", "A key ID must be a string, so this token does not identify its key."),
    "OIDC Core §3.1.3.7 (7)": Message(
        "reason",
        "This application is registered for one algorithm. If the token could choose another, an attacker could choose "
        "“none”, or an algorithm whose key is public.",
    ),
    "RFC 8725 §3.11": Message(
        "reason", "A token that was issued for another purpose, such as an access token, does not prove a login."
    ),
    "RFC 7515 §4.1.11": Message(
        "reason", "The token requires an extension that this application does not support, so it cannot be verified."
    ),
    "OIDC Core §10.1": Message(
        "reason",
        "The signature is verified with a key that the provider publishes. No published key matches, or several do and "
        "the token does not say which one to use.",
    ),
    "RFC 7517 §4": Message(
        "reason", "The signature is verified with a key that the provider publishes, and that key is malformed."
    ),
    "OIDC Core §3.1.3.7 (6)": Message(
        "reason",
        "A valid signature shows that the provider issued the token and that it was not changed since. The signature "
        "of this token is not valid.",
    ),
    "OIDC Core §3.1.3.7 (2)": Message(
        "reason",
        "The token must be issued by the provider that received the request. The two issuers must be identical.",
    ),
    "OIDC Core §3.1.3.7 (3)": Message(
        "reason",
        "A token is issued for one application. If tokens for other applications were accepted, any of them could "
        "sign in here as you.",
    ),
    "OIDC Core §3.1.3.7 (4, 5)": Message(
        "reason",
        "The token names the application that it was issued to. It must be this one, and it must be named if the token "
        "has several audiences.",
    ),
    "OIDC Core §2": Message("reason", "The token must identify the user who signed in."),
    "OIDC Core §3.1.3.7 (9)": Message(
        "reason",
        "The token has expired, or does not say when it expires, and could have been stolen long ago. If it is new, "
        "compare the clocks of this server and of the provider.",
    ),
    "OIDC Core §3.1.3.7 (10)": Message(
        "reason",
        "The token must be as recent as the sign-in and say when it was issued, because an older one could have been "
        "stolen. If it is new, compare the clocks of this server and of the provider.",
    ),
    "OIDC Core §3.1.3.7 (11)": Message(
        "reason",
        "The nonce was created for this sign-in and must be returned in its ID token. A token with another nonce, or "
        "without one, could belong to the sign-in of someone else.",
    ),
    "OIDC Core §3.1.3.6": Message(
        "reason", "The ID token names the access token that was issued with it. The response contains another one."
    ),
    "OIDC Core §5.3.2": Message(
        "reason",
        "UserInfo must describe the user of the ID token. These claims belong to another user, so none of them is "
        "shown.",
    ),
    "OIDC Core §12.2": Message(
        "reason",
        "An ID token that comes with a refreshed access token must belong to the same login. This one does not, so "
        "nothing in the response is used.",
    ),
    "RP-Initiated Logout §3": Message(
        "reason",
        "The state binds the provider's response to the sign-out that this browser started. If you chose “Sign out”, "
        "you are signed out here. This response does not show whether your session at the provider has ended.",
    ),
    "OIDC Discovery §4.3": Message(
        "reason",
        "All information about a provider comes from its discovery document, which must name the configured issuer. "
        "Either the wrong server responded, or OIDC_ISSUER is not written exactly as in the document.",
    ),
}
"""By the section of the check."""

OF_ERRORS: Mapping[str, Message] = {
    "access_denied": Message("reason", "You denied access, or the provider did."),
    "login_required": Message(
        "reason", "You are not signed in at the provider, and the request did not allow it to show a login page."
    ),
    "invalid_scope": Message(
        "reason",
        "The provider does not grant this application the scope that it requests: RP_SCOPE and the registration of the "
        "client differ.",
    ),
    "unauthorized_client": Message(
        "reason", "The provider does not allow this application to use the authorization code flow."
    ),
    "unsupported_response_mode": Message(
        "reason", "The provider does not support the response mode that RP_RESPONSE_MODE configures."
    ),
    "invalid_client": Message(
        "reason",
        "The provider rejected the credentials of this application: CLIENT_ID, CLIENT_SECRET or "
        "TOKEN_ENDPOINT_AUTH_METHOD does not match the registration of the client.",
    ),
    "invalid_grant": Message(
        "reason",
        "A code can be used once and expires soon. It is valid only for the client, the redirect_uri and the code "
        "verifier that it was issued for.",
    ),
}
"""By the provider's error (RFC 6749 §4.1.2.1, §5.2, OpenID Connect Core §3.1.2.6)."""


OF_UNAUTHORIZED_TOKENS = Message(
    "reason",
    "The provider does not allow this application to use this grant, or rejected its credentials: some providers "
    "return unauthorized_client instead of invalid_client.",
)


def why(failure: RelyingPartyError) -> Message | None:
    """The reason for a failure, if there is one to show (OpenID Connect Core §3.1.3.7)."""
    if isinstance(failure, TokenRequestRefused) and failure.code == "unauthorized_client":
        return OF_UNAUTHORIZED_TOKENS
    if isinstance(failure, AuthorizationRefused | TokenRequestRefused):
        return OF_ERRORS.get(failure.code or "")
    return OF_CHECKS.get(failure.check.section) if failure.check else None
