"""The logout tokens that were used: `knows`, `redeem`."""

import json
from hashlib import sha256

from rp.protocol.logout.logout_token import Logout
from rp.protocol.tokens.signed_token import LIFETIME
from servicekit.redis.client import Database


class LogoutTokenStore:
    """Logout tokens by issuer and `jti`, kept for as long as they could be accepted."""

    def __init__(self, redis: Database) -> None:
        self._redis = redis

    async def knows(self, logout: Logout) -> bool:
        """Whether this token was used before."""
        return await self._redis.get(_key(logout)) is not None

    async def redeem(self, logout: Logout) -> bool:
        """Mark this token as used. False if it was used before (Back-Channel Logout §2.6 item 8).

        OpenID Connect Back-Channel Logout §2.8.
        """
        return bool(await self._redis.set(_key(logout), "redeemed", nx=True, ex=LIFETIME))


def _key(logout: Logout) -> str:
    return f"rp:logout:{sha256(json.dumps([logout.issuer, logout.token_id]).encode()).hexdigest()}"
