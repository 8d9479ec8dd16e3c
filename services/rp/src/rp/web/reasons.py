"""Why a check is made: what the page of a refusal says to a person who does not know the rule."""

from collections.abc import Mapping

from rp.errors import AuthorizationRefused, RelyingPartyError, TokenRequestRefused

_FORM = "What the provider answered does not have the form that the specification gives it, so none of it is used."

OF_CHECKS: Mapping[str, str] = {
    "RFC 6749 §10.12": (
        "The state ties the provider's answer to the browser that asked. Without that tie, somebody could have you "
        "finish a sign-in of theirs."
    ),
    "RFC 9207 §2.4": (
        "The answer has to come from the provider that was asked, and to the address for its answers. The code of any "
        "other would go to the wrong provider."
    ),
    "RFC 6749 §4.1.2": _FORM,
    "RFC 6749 §5.1": _FORM,
    "RFC 6749 §3.3": _FORM,
    "RFC 6749 §7.1": "A token of a type that this application does not know cannot be used rightly.",
    "OIDC Core §3.1.3.3": "Without an id_token nobody says who logged in.",
    "RFC 7515 §7.1": "An id_token is a signed text of three parts. This is something else.",
    "RFC 7519 §7.2": "Header and claims of an id_token are JSON objects, and may be read in one way only.",
    "RFC 7515 §4.1.4": "The id of a key is a text. This token names no key that could be looked for.",
    "OIDC Core §3.1.3.7 (7)": (
        "This application is registered for one algorithm. Could a token choose another, a forger would choose none "
        "at all, or one whose key is public."
    ),
    "RFC 8725 §3.11": "A token that was made for another purpose, an access token say, proves no login.",
    "RFC 7515 §4.1.11": "The token demands a rule that this application does not know, so it cannot be judged.",
    "OIDC Core §10.1": (
        "The signature is verified with a key that the provider publishes. It publishes none that fits, or several "
        "without saying which of them it was."
    ),
    "RFC 7517 §4": "The signature is verified with a key that the provider publishes. That key cannot be read.",
    "OIDC Core §3.1.3.7 (6)": (
        "The signature shows that the provider made this token and that nobody changed it since. This one shows "
        "neither."
    ),
    "OIDC Core §3.1.3.7 (2)": "The token has to be issued by the provider that was asked, written in exactly this way.",
    "OIDC Core §3.1.3.7 (3)": (
        "A token is made for one application. With one that was made for another, or for others too, any of them "
        "could sign in here as you."
    ),
    "OIDC Core §3.1.3.7 (4, 5)": (
        "The token says which application it was given to. That has to be this one, and must be said where it is made "
        "for several."
    ),
    "OIDC Core §2": "The token has to name the person who logged in.",
    "OIDC Core §3.1.3.7 (9)": (
        "The token has run out, or does not say when it does: it may be an old one that somebody kept. If it is new, "
        "compare the clocks."
    ),
    "OIDC Core §3.1.3.7 (10)": (
        "The token has to be as new as the sign-in, and must say when it was made: an old one may be one that "
        "somebody kept. If it is new, compare the clocks."
    ),
    "OIDC Core §3.1.3.7 (11)": (
        "The nonce was made for this one sign-in and has to come back in its id_token. With another, or with none, "
        "the token may be of a sign-in of somebody else."
    ),
    "OIDC Core §3.1.3.6": "The id_token says which access token was issued with it. Another one came along.",
    "OIDC Core §5.3.2": (
        "UserInfo has to be about the person of the id_token. These claims are somebody else's, and none of them is "
        "shown."
    ),
    "OIDC Core §12.2": (
        "An id_token that comes with a new access token has to be of the same login. This one is of another, so "
        "nothing that came with it is used."
    ),
    "RP-Initiated Logout §3": (
        "The state ties the provider's answer to the sign-out that this browser began. If you pressed “Sign out”, you "
        "are signed out here; whether your session at the provider has ended, this answer does not show."
    ),
    "OIDC Discovery §4.3": (
        "Everything about a provider is read in its discovery document, which has to be its own. Either the wrong "
        "server answered, or OIDC_ISSUER is not written exactly as the document has it."
    ),
}
"""By the section of the check."""

OF_ERRORS: Mapping[str, str] = {
    "access_denied": "You said no, or the provider did for you.",
    "login_required": "Nobody is logged in at the provider, and it was told not to ask.",
    "invalid_scope": (
        "The provider does not give this application what it asks for: RP_SCOPE and its registration differ."
    ),
    "unauthorized_client": "The provider does not allow this application to sign people in by a code.",
    "unsupported_response_mode": "The provider does not answer in this way: RP_RESPONSE_MODE does not fit it.",
    "invalid_client": (
        "The provider does not know this application by its credentials: CLIENT_ID, CLIENT_SECRET or "
        "TOKEN_ENDPOINT_AUTH_METHOD do not fit its registration."
    ),
    "invalid_grant": (
        "A code counts once, for a minute, and for the client, the redirect_uri and the verifier that it was issued "
        "for."
    ),
}
"""By the provider's error (RFC 6749 §4.1.2.1, §5.2, OpenID Connect Core §3.1.2.6)."""


OF_UNAUTHORIZED_TOKENS = (
    "The provider does not give this application tokens in this way, or does not know it by its credentials: some say "
    "so instead of invalid_client."
)


def why(failure: RelyingPartyError) -> str | None:
    """The reason for a failure, where there is one to tell (OpenID Connect Core §3.1.3.7)."""
    if isinstance(failure, TokenRequestRefused) and failure.code == "unauthorized_client":
        return OF_UNAUTHORIZED_TOKENS
    if isinstance(failure, AuthorizationRefused | TokenRequestRefused):
        return OF_ERRORS.get(failure.code or "")
    return OF_CHECKS.get(failure.check.section) if failure.check else None
