"""The two addresses of the provider that the browser is sent to, with their parameters."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from rp.protocol import pkce

QUERY = "query"
"""The mode of a code where none is asked for (OAuth 2.0 Multiple Response Types §2.1)."""


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
) -> str:
    """The address that asks for a code (OpenID Connect Core §3.1.2.1, RFC 7636 §4.3)."""
    return _with_query(
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
            # OpenID Connect Core §11: without it a provider leaves the scope out.
            **({"prompt": "consent"} if "offline_access" in scope.split() else {}),
            **({} if login_hint is None else {"login_hint": login_hint}),
        },
    )


def logout_request(endpoint: str, *, id_token: str, client_id: str, post_logout_redirect_uri: str, state: str) -> str:
    """The address that ends the provider's session (OpenID Connect RP-Initiated Logout §2)."""
    return _with_query(
        endpoint,
        {
            "id_token_hint": id_token,
            "client_id": client_id,
            "post_logout_redirect_uri": post_logout_redirect_uri,
            "state": state,
        },
    )


def _with_query(endpoint: str, parameters: Mapping[str, str]) -> str:
    """`endpoint` with parameters; a query that it has already is kept, a fragment is not (RFC 6749 §3.1)."""
    parts = urlsplit(endpoint)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return parts._replace(query=query, fragment="").geturl()
