"""The introspection response (RFC 7662 §2.2)."""

from typing import Any

from op.records import AccessToken, Client, RefreshToken

INACTIVE: dict[str, Any] = {"active": False}


def may_introspect(caller: Client, token: AccessToken | RefreshToken) -> bool:
    """Whether a caller may learn about a token: it is its own, or is meant for it (RFC 7662 §4)."""
    if token.client_id == caller.client_id:
        return True
    audiences = (caller.client_id, *caller.introspection_audience)
    return isinstance(token, AccessToken) and token.audience in audiences


def introspection_response(issuer: str, token: AccessToken | RefreshToken) -> dict[str, Any]:
    """What a live token stands for."""
    response: dict[str, Any] = {
        "active": True,
        "iss": issuer,
        "sub": token.sub,
        "client_id": token.client_id,
        "scope": token.scope,
        "iat": token.issued_at,
        "exp": token.expires_at,
    }
    if isinstance(token, AccessToken):
        response |= {"aud": token.audience, "token_type": "Bearer"}
    return response
