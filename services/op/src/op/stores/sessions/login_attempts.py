"""Guesses of a password or a user code, counted by what is guessed and who guesses: `op:attempts:<hash>`."""

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
    """`limit` wrong guesses within `window` seconds, counted from the first, and no more are heard.

    A guess counts before it is looked at: of any number in parallel, at all replicas together, no more are looked at.

    RFC 8628 §5.1.
    """

    def __init__(self, redis: Database, limit: int, window: int) -> None:
        self._redis = redis
        self._limit = limit
        self._window = window
        self._count = redis.register_script(_COUNT)
        self._give_back = redis.register_script(_GIVE_BACK)

    async def allowed(self, guessed: str, who: str) -> bool:
        """Count one more guess, and say whether it may be looked at."""
        return int(await self._count(keys=[_key(guessed, who)], args=[self._window])) <= self._limit

    async def forget(self, guessed: str, who: str) -> None:
        """A good password makes up for the wrong ones."""
        await self._redis.delete(_key(guessed, who))

    async def give_back(self, guessed: str, who: str) -> None:
        """The guess was right, which makes up for no other one: whoever guesses may have right ones of their own."""
        await self._give_back(keys=[_key(guessed, who)])


def _key(guessed: str, who: str) -> str:
    return f"op:attempts:{digest(f'{who} {guessed.casefold()}')}"
