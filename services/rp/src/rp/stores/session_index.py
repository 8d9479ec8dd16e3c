"""The sessions here of a provider's session (`sid`) or a user (`sub`): `add`, `remove`, `end`, `has_ended`.

Only the browser can decrypt the record of a session. With this index the provider can end it.
"""

import asyncio
import json
import math
from hashlib import sha256

from rp.protocol.tokens.signed_token import LIFETIME
from rp.records import Session
from rp.stores.session import key_of
from servicekit.clock import Clock
from servicekit.redis.client import Database

MARK_TTL = LIFETIME
"""How long a logout is remembered, in seconds. An older ID token can no longer open a session."""

_WITHOUT_SID = "sub without sid"

# Each write removes the entries of expired sessions, so that the list of a frequent user does not grow without limit.
_ADD = """
redis.call('zremrangebyscore', KEYS[1], '-inf', ARGV[1])
redis.call('zadd', KEYS[1], ARGV[2], ARGV[3])
return redis.call('expire', KEYS[1], ARGV[4])
"""

# The latest of several logouts counts, in whatever order they arrive.
_MARK = """
if tonumber(ARGV[1]) > tonumber(redis.call('get', KEYS[1]) or 0) then
  redis.call('set', KEYS[1], ARGV[1])
end
return redis.call('expire', KEYS[1], ARGV[2])
"""


class SessionIndexStore:
    """Keys of sessions by (issuer, sid) and by (issuer, sub). `ttl` is that of a session, in seconds."""

    def __init__(self, redis: Database, ttl: int, clock: Clock) -> None:
        self._redis = redis
        self._ttl = ttl
        self._clock = clock

    async def add(self, cookie: str, session: Session) -> None:
        """Add a session before it is saved, so that a logout from now on includes it."""
        now = math.floor(self._clock())
        arguments = (now, now + self._ttl, key_of(cookie), self._ttl)
        await asyncio.gather(*(self._redis.eval(_ADD, 1, f"rp:sessions:{of}", *arguments) for of in _names(session)))

    async def remove(self, cookie: str, session: Session) -> None:
        """Remove a session that has ended."""
        key = key_of(cookie)
        await asyncio.gather(*(self._redis.zrem(f"rp:sessions:{of}", key) for of in _names(session)))

    async def end(self, issuer: str, *, issued_at: float, sid: str | None, sub: str | None) -> int:
        """End the sessions of a provider's session, or without `sid` all of a user. Returns their number.

        With both, the user's sessions whose ID token had no `sid` end too, since it could be any of them.

        OpenID Connect Back-Channel Logout §2.7; OpenID Connect Front-Channel Logout §2.
        """
        if sid is None:
            return await self._end(_digest(issuer, "sub", sub), issued_at)
        ended = await self._end(_digest(issuer, "sid", sid), issued_at)
        return ended if sub is None else ended + await self._end(_digest(issuer, _WITHOUT_SID, sub), issued_at)

    async def _end(self, name: str, issued_at: float) -> int:
        """The mark is written first, so that a sign-in in progress finds it before it opens a session.

        The index entries are removed last, and only those that were found: if Redis fails in between, a retry of the
        provider finds the remaining sessions.

        OpenID Connect Back-Channel Logout §2.8.
        """
        await self._redis.eval(_MARK, 1, f"rp:ended:{name}", issued_at, MARK_TTL)
        keys = await self._redis.zrange(f"rp:sessions:{name}", 0, -1)
        if not keys:
            return 0
        async with self._redis.pipeline(transaction=False) as pipeline:  # one connection for any number of sessions
            for key in keys:
                pipeline.delete(key)
            ended = await pipeline.execute()
        await self._redis.zrem(f"rp:sessions:{name}", *keys)
        return sum(ended)

    async def has_ended(self, session: Session) -> bool:
        """Whether the provider has ended this session since it issued the ID token.

        OpenID Connect Back-Channel Logout §2.7.
        """
        marks = await asyncio.gather(*(self._redis.get(f"rp:ended:{name}") for name in _names(session)))
        return any(mark is not None and session.claims["iat"] <= float(mark) for mark in marks)


def _names(session: Session) -> tuple[str, ...]:
    """A user is identified by `iss` and `sub` together: the same `sub` at another provider is another user
    (OpenID Connect Core §2).
    """
    issuer, sid = session.issuer, session.claims.get("sid")
    own = _digest(issuer, "sid", sid) if isinstance(sid, str) else _digest(issuer, _WITHOUT_SID, session.sub)
    return own, _digest(issuer, "sub", session.sub)


def _digest(issuer: str, kind: str, name: str | None) -> str:
    return sha256(json.dumps([issuer, kind, name]).encode()).hexdigest()
