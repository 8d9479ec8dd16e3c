"""The introspection response (RFC 7662 §2.2), also as a JWT (RFC 9701)."""

import re
from typing import Any

from op.records import AccessToken, Client, RefreshToken

INTROSPECTION_TYPE = "token-introspection+jwt"
INTROSPECTION_MEDIA_TYPE = f"application/{INTROSPECTION_TYPE}"
_ZERO_WEIGHT = re.compile(r"q=0(\.0{0,3})?")
INACTIVE: dict[str, Any] = {"active": False}


def may_introspect(caller: Client, token: AccessToken | RefreshToken) -> bool:
    """Whether a caller may introspect a token: one that was issued to it or for it (RFC 7662 §4)."""
    if token.client_id == caller.client_id:
        return True
    audiences = (caller.client_id, *caller.introspection_audience)
    return isinstance(token, AccessToken) and token.audience in audiences


def introspection_response(issuer: str, token: AccessToken | RefreshToken) -> dict[str, Any]:
    """The response for an active token (RFC 7662 §2.2)."""
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


def wants_jwt(accept: str | None) -> bool:
    """Whether `Accept` requests the response as a JWT (RFC 9701 §4), with a weight other than 0."""
    for entry in (accept or "").split(","):
        media_type, *parameters = (part.strip().lower() for part in entry.split(";"))
        if media_type == INTROSPECTION_MEDIA_TYPE:
            return not any(_ZERO_WEIGHT.fullmatch(parameter) for parameter in parameters)
    return False


def introspection_claims(issuer: str, caller: Client, response: dict[str, Any], now: int) -> dict[str, Any]:
    """The claims of a JWT response for one caller (RFC 9701 §5), nested so that it cannot be used as a token."""
    return {"iss": issuer, "aud": caller.client_id, "iat": now, "token_introspection": response}
