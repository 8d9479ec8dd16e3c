"""The authorization request (OpenID Connect Core §3.1.2.1)."""

from rp.protocol.authorization import pkce
from rp.protocol.query import with_query

QUERY = "query"
"""The default response mode of a code (OAuth 2.0 Multiple Response Types §2.1)."""


def authorization_request(
    endpoint: str,
    *,
    client_id: str,
    redirect_uri: str,
    scope: str,
    state: str,
    nonce: str,
    code_verifier: str,
    response_mode: str,
    login_hint: str | None = None,
    ui_locales: str | None = None,
) -> str:
    """The URL of a request for a code (OpenID Connect Core §3.1.2.1, RFC 7636 §4.3).

    OpenID Connect Core §3.1.3.7 (12), (13), §11; OAuth 2.0 Form Post Response Mode §2; RFC 6749 §4.1.1.
    """
    return with_query(
        endpoint,
        {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": pkce.challenge_of(code_verifier),
            "code_challenge_method": pkce.METHOD,
            **({} if response_mode == QUERY else {"response_mode": response_mode}),
            # OpenID Connect Core §11: without it a provider ignores the scope.
            **({"prompt": "consent"} if "offline_access" in scope.split() else {}),
            **({} if login_hint is None else {"login_hint": login_hint}),
            **({} if ui_locales is None else {"ui_locales": ui_locales}),
        },
    )
