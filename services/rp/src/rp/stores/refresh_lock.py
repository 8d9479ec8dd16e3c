"""The lock for refreshing the tokens of a session: `hold`."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256

from rp.errors import RefreshBusy
from servicekit.redis.client import Database, RedisError

_WAIT_SECONDS = 8.0
_POLL_SECONDS = 0.05
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class RefreshLockStore:
    """A lock for each session, shared by all workers and replicas.

    It expires after `ttl` seconds, which must be longer than a refresh can take.
    """

    def __init__(self, redis: Database, ttl: float) -> None:
        self._redis = redis
        self._milliseconds = round(ttl * 1000)

    @asynccontextmanager
    async def hold(self, cookie: str) -> AsyncIterator[None]:
        """Wait for the lock and hold it. Raises RefreshBusy if it is not released in time."""
        key = f"rp:refresh:{sha256(cookie.encode()).hexdigest()}"
        holder = secrets.token_urlsafe(16)
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                while not await self._acquire(key, holder):  # noqa: ASYNC110 - another process holds it
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise RefreshBusy from None
        try:
            yield
        finally:
            # Only if it is still ours: another request may have acquired it after it expired. Without Redis it expires.
            with suppress(RedisError):
                await self._redis.eval(_RELEASE, 1, key, holder)

    async def _acquire(self, key: str, holder: str) -> bool:
        return bool(await self._redis.set(key, holder, nx=True, px=self._milliseconds))
