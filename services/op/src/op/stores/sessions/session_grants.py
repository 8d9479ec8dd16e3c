"""The grants of a session: `op:session-grants:<sid>`, a hash with one grant in each field."""

from op.records import SessionGrant
from op.stores.codec import from_json, to_json
from servicekit.redis.client import Database


class SessionGrantStore:
    """The record lasts for `ttl` seconds after the last grant, and so longer than the session."""

    def __init__(self, redis: Database, ttl: int) -> None:
        self._redis = redis
        self._ttl = ttl

    async def add(self, sid: str, *grants: SessionGrant) -> None:
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hset(_key(sid), mapping={grant.gid: to_json(grant) for grant in grants})
            pipeline.expire(_key(sid), self._ttl)
            await pipeline.execute()

    async def all(self, sid: str) -> list[SessionGrant]:
        return [from_json(SessionGrant, text) for text in await self._redis.hvals(_key(sid))]

    async def take(self, sid: str) -> list[SessionGrant]:
        """Read and delete the grants atomically: one of several parallel logouts gets them."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hvals(_key(sid))
            pipeline.delete(_key(sid))
            texts, _ = await pipeline.execute()
        return [from_json(SessionGrant, text) for text in texts]

    async def move(self, before: str, after: str) -> None:
        """Move the grants to the session that replaces another; each keeps the `sid` that its client knows.

        They are added before they are removed, so that the move can be repeated if Redis fails in between.

        OpenID Connect Back-Channel Logout §2.5, §2.7.
        """
        known = await self.all(before)
        if known:
            await self.add(after, *known)
        late = [grant for grant in await self.take(before) if grant not in known]
        if late:
            await self.add(after, *late)


def _key(sid: str) -> str:
    return f"op:session-grants:{sid}"
