"""Wrong passwords, counted by user and address: `op:attempts:<hash>`."""

from op.protocol.handle import digest
from servicekit.redis import Database

_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""


class LoginAttemptStore:
    """`limit` failures within `window` seconds, counted from the first, and no more are heard."""

    def __init__(self, redis: Database, limit: int, window: int) -> None:
        self._redis = redis
        self._limit = limit
        self._window = window
        self._count = redis.register_script(_COUNT)

    async def allowed(self, username: str, address: str) -> bool:
        """Whether another password may be tried."""
        return int(await self._redis.get(_key(username, address)) or 0) < self._limit

    async def failed(self, username: str, address: str) -> None:
        """Count a wrong password."""
        await self._count(keys=[_key(username, address)], args=[self._window])

    async def forget(self, username: str, address: str) -> None:
        """A good password makes up for the wrong ones."""
        await self._redis.delete(_key(username, address))


def _key(username: str, address: str) -> str:
    return f"op:attempts:{digest(f'{address} {username.casefold()}')}"
