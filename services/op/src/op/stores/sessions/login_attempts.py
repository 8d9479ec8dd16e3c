"""The counters of attempts to guess a password or a user code: `op:attempts:<hash>`."""

from op.handle import digest
from servicekit.redis.client import Database

_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""
_GIVE_BACK = """
local count = tonumber(redis.call('GET', KEYS[1]) or 0)
if count > 0 then redis.call('SET', KEYS[1], count - 1, 'KEEPTTL') end
"""


class LoginAttemptStore:
    """Allows `limit` wrong attempts within `window` seconds from the first (RFC 8628 §5.1).

    An attempt is counted before it is checked, so that the limit also holds for parallel attempts at several replicas.
    """

    def __init__(self, redis: Database, limit: int, window: int) -> None:
        self._redis = redis
        self._limit = limit
        self._window = window
        self._count = redis.register_script(_COUNT)
        self._give_back = redis.register_script(_GIVE_BACK)

    async def allowed(self, guessed: str, who: str) -> bool:
        """Count an attempt, and return whether it may be checked."""
        return int(await self._count(keys=[_key(guessed, who)], args=[self._window])) <= self._limit

    async def forget(self, guessed: str, who: str) -> None:
        """Reset the counter after a correct password."""
        await self._redis.delete(_key(guessed, who))

    async def give_back(self, guessed: str, who: str) -> None:
        """Uncount a correct attempt, without a reset: an attacker may know some correct codes."""
        await self._give_back(keys=[_key(guessed, who)])


def _key(guessed: str, who: str) -> str:
    return f"op:attempts:{digest(f'{who} {guessed.casefold()}')}"
