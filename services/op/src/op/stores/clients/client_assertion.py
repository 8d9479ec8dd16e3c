"""Assertions that were used: `op:assertion:<hash>`, until they expire."""

from op.handle import digest
from servicekit.redis.client import Database


class ClientAssertionStore:
    """The gate of a `jti` (RFC 7523 §3 (7))."""

    def __init__(self, redis: Database) -> None:
        self._redis = redis

    async def use(self, client_id: str, jti: str, ttl: int) -> bool:
        """Whether it is the first use: of parallel ones one is. A `jti` counts for its client alone.

        RFC 7523 §3 (7).
        """
        return bool(await self._redis.set(f"op:assertion:{digest(f'{client_id} {jti}')}", "used", ex=ttl, nx=True))
