"""Wrong passwords, counted by user and address: `op:attempts:<hash>`."""

from op.protocol.handle import digest
from servicekit.redis import Database

_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""


class LoginAttemptStore:
    """Each try is counted before the password is looked at, so that parallel tries cannot slip through."""

    def __init__(self, redis: Database, limit: int, window: int) -> None:
        self._redis = redis
        self._limit = limit
        self._window = window
        self._count = redis.register_script(_COUNT)

    async def take(self, username: str, address: str) -> bool:
        """Count one try; False when there were too many within the window (in seconds)."""
        count: int = await self._count(keys=[_key(username, address)], args=[self._window])
        return count <= self._limit

    async def forget(self, username: str, address: str) -> None:
        """A good password makes up for the wrong ones."""
        await self._redis.delete(_key(username, address))


def _key(username: str, address: str) -> str:
    return f"op:attempts:{digest(f'{address} {username.casefold()}')}"
