"""The claims of ID tokens and JWT access tokens, which differ so much that one cannot be used as the other."""

import base64
import hashlib
from typing import Any

from op.protocol.authorization.authentication_context import authentication_claims
from op.protocol.authorization.claims_request import requested_claims
from op.protocol.authorization.scope import claims_of
from op.records import AccessToken, Grant, User

ID_TOKEN_TYPE = "JWT"
USERINFO_TYPE = "userinfo+jwt"  # so that it cannot be used as an ID token (RFC 8725 §3.11)
ACCESS_TOKEN_TYPE = "at+jwt"  # RFC 9068 §2.1
ID_TOKEN_CLAIMS = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "acr", "amr")


def id_token_claims(
    *,
    issuer: str,
    grant: Grant,
    user: User,
    scope: str,
    nonce: str | None,
    access_token: str | None,
    now: int,
    ttl: int,
) -> dict[str, Any]:
    """The claims of an ID token (OpenID Connect Core §2, §3.1.3.6), without `client_id` and `scope`.

    The claims of `scope` are included, and those that are individually requested for the ID token (§5.5).

    OpenID Connect Front-Channel Logout §3; RFC 8725 §3.12.
    """
    known = {name: value for name, value in user.claims.items() if name not in ID_TOKEN_CLAIMS}
    claims = {
        **claims_of(known, scope),
        **requested_claims(grant.claims, "id_token", known),
        **authentication_claims(grant.claims),
        "iss": issuer,
        "sub": grant.sub,
        "aud": grant.client_id,
        "exp": now + ttl,
        "iat": now,
        "auth_time": grant.auth_time,
        "sid": grant.sid,
    }
    if access_token is not None:
        claims["at_hash"] = at_hash(access_token)
    return claims if nonce is None else {**claims, "nonce": nonce}


def access_token_claims(issuer: str, token: AccessToken, token_id: str) -> dict[str, Any]:
    """The claims of a JWT access token (RFC 9068 §2.2; RFC 8725 §3.12)."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": token.sub,
        "aud": token.audience,
        "client_id": token.client_id,
        "exp": token.expires_at,
        "iat": token.issued_at,
        "jti": token_id,
    }
    return {**claims, "scope": token.scope} if token.scope else claims


def at_hash(access_token: str) -> str:
    """The left half of the access token's SHA-256, base64url (OpenID Connect Core §3.1.3.6).

    All signing algorithms of the provider use SHA-256: RS256, ES256, HS256.
    """
    half = hashlib.sha256(access_token.encode("ascii")).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()
