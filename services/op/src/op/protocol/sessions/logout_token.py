"""Logout notifications to clients (Back-Channel Logout 1.0 §2.4, Front-Channel Logout 1.0 §2)."""

from typing import Any
from urllib.parse import urlsplit

from op.protocol.authorization.response import with_query

LOGOUT_TOKEN_TYPE = "logout+jwt"
LOGOUT_TOKEN_TTL = 120  # at most two minutes (§2.4)
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def logout_token_claims(*, issuer: str, client_id: str, sub: str, sid: str, jti: str, now: int) -> dict[str, Any]:
    """The claims of a logout token, without a nonce, so that it cannot be used as an ID token (§2.4)."""
    return {
        "iss": issuer,
        "sub": sub,
        "aud": client_id,
        "iat": now,
        "exp": now + LOGOUT_TOKEN_TTL,
        "jti": jti,
        "sid": sid,
        "events": {EVENT: {}},
    }


def frame_url(uri: str, issuer: str, sid: str) -> str:
    """A client's front-channel logout URL for the session that has ended (Front-Channel Logout 1.0 §2).

    OpenID Connect Front-Channel Logout §3.
    """
    return with_query(uri, {"iss": issuer, "sid": sid})


def origin_of(uri: str) -> str:
    """Scheme, host and port, as a content security policy lists the source of a frame."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
