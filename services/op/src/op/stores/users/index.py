"""The indexes of a user's sessions and grants: `op:sessions:<sub>` and `op:grants:<sub>`, sorted sets by expiry.

An index only helps to find records: an entry may name a record that no longer exists.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from op.records import Grant
from servicekit.redis.client import Database


@dataclass(frozen=True, slots=True)
class NamedGrant:
    """A grant in the index."""

    gid: str
    client_id: str
    sid: str


class UserIndex:
    """An index with one key prefix; an entry expires `ttl` seconds after it was last noted."""

    def __init__(self, redis: Database, prefix: str, ttl: int) -> None:
        self._redis = redis
        self._prefix = prefix
        self._ttl = ttl

    async def note(self, sub: str, name: str, now: int) -> None:
        """Add an entry or extend it, and remove the expired ones."""
        key = self._prefix + sub
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.zremrangebyscore(key, "-inf", now)
            pipeline.zadd(key, {name: now + self._ttl})
            pipeline.expire(key, self._ttl)
            await pipeline.execute()

    async def names(self, sub: str) -> list[str]:
        found: list[str] = await self._redis.zrange(self._prefix + sub, 0, -1)
        return found

    async def drop(self, sub: str, *names: str) -> None:
        """Remove entries in one round trip."""
        if names:
            await self._redis.zrem(self._prefix + sub, *names)


class UserGrantStore:
    """The index of a user's grants, updated whenever tokens are issued (OpenID Connect Core §17.2)."""

    def __init__(self, redis: Database, ttl: int) -> None:
        self._index = UserIndex(redis, "op:grants:", ttl)

    async def note(self, grant: Grant, now: int) -> None:
        await self._index.note(grant.sub, _name(grant), now)

    async def all(self, sub: str) -> list[NamedGrant]:
        names = [name.split(" ", 2) for name in await self._index.names(sub)]
        return [NamedGrant(gid, client_id, sid) for gid, sid, client_id in names]

    async def drop(self, sub: str, grants: Iterable[NamedGrant]) -> None:
        await self._index.drop(sub, *(_name(grant) for grant in grants))


def _name(grant: Grant | NamedGrant) -> str:
    return f"{grant.gid} {grant.sid} {grant.client_id}"
