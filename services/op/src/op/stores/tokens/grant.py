"""Grants, and the atomic step in which a code or a refresh token turns into tokens.

All of a grant lies in one slot. One script marks what was presented as spent, writes what is new and keeps the grant
alive; of any number of parallel tries one wins, and a later one ends the grant (RFC 6749 §4.1.2, RFC 9700 §4.14.2).
"""

from dataclasses import dataclass

from op.handle import Handle
from op.records import Grant
from op.stores.codec import from_json, to_json
from servicekit.redis.client import Database, Reader
from servicekit.redis.database import Argument

_EXCHANGE = """
local presented = redis.call('GET', KEYS[2])
if not presented or redis.call('EXISTS', KEYS[1]) == 0 then return 'gone' end
local spent_at = string.match(presented, '^spent:(%d+):')
local now, grace = tonumber(ARGV[1]), tonumber(ARGV[2])
if spent_at and (grace == 0 or now - tonumber(spent_at) >= grace) then
  redis.call('DEL', KEYS[1])
  return 'reused'
end
if not spent_at then
  redis.call('SET', KEYS[2], 'spent:' .. ARGV[1] .. ':' .. presented, 'KEEPTTL')
end
local longest = redis.call('TTL', KEYS[1])
for i = 3, #KEYS do
  local ttl = tonumber(ARGV[2 * i - 2])
  redis.call('SET', KEYS[i], ARGV[2 * i - 3], 'EX', ttl)
  if ttl > longest then longest = ttl end
end
redis.call('EXPIRE', KEYS[1], longest)
return 'exchanged'
"""


class AlreadySpent(Exception):
    """It was used before: the grant is revoked now."""


class Gone(Exception):
    """It, or its grant, is no longer there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record to be written beside a grant: its key, its JSON and its TTL in seconds."""

    key: str
    json: str
    ttl: int


def grant_key(gid: str) -> str:
    return f"op:{{{gid}}}:grant"


def parse_presented(text: str) -> tuple[int | None, str]:
    """A code's or refresh token's value: when it was spent, if it was, and its JSON."""
    if not text.startswith("spent:"):
        return None, text
    _, spent_at, json = text.split(":", 2)
    return int(spent_at), json


class GrantStore:
    """`op:{gid}:grant`"""

    def __init__(self, redis: Database) -> None:
        self._redis = redis
        self._reader = Reader(redis)
        self._exchange = redis.register_script(_EXCHANGE)

    async def save(self, grant: Grant, *beside: Entry) -> None:
        """Write a new grant together with its code or its tokens; it lives as long as the longest of them.

        RFC 6749 §4.1.2.
        """
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.set(grant_key(grant.gid), to_json(grant), ex=max(entry.ttl for entry in beside))
            for entry in beside:
                pipeline.set(entry.key, entry.json, ex=entry.ttl)
            await pipeline.execute()

    async def find_with(self, gid: str, key: str) -> tuple[Grant, str] | None:
        """A living grant and the value beside it, in one round trip; None when one of them is gone."""
        grant, value = await self._reader.mget(grant_key(gid), key)
        return (from_json(Grant, grant), value) if grant and value else None

    async def find_beside(self, gid: str, key: str) -> str | None:
        """The value beside a grant, while the grant lives."""
        grant, value = await self._reader.mget(grant_key(gid), key)
        return value if grant else None

    async def exchange(self, gid: str, presented: str, entries: list[Entry], now: int, grace: int = 0) -> None:
        """Spend what lies at the key `presented` and write `entries`, in one atomic step.

        Within `grace` seconds after it was spent it may be spent again; with 0 never, whatever the replicas' clocks
        say. Raises AlreadySpent and Gone.

        RFC 6749 §4.1.2.
        """
        keys = [grant_key(gid), presented, *(entry.key for entry in entries)]
        values: list[Argument] = [now, grace]
        for entry in entries:
            values += [entry.json, entry.ttl]
        outcome = await self._exchange(keys=keys, args=values)
        if outcome == "reused":
            raise AlreadySpent
        if outcome != "exchanged":
            raise Gone

    async def revoke(self, *gids: str) -> None:
        """End grants, however many, over one connection: their codes and all of their tokens are dead at once.

        RFC 6749 §4.1.2, §10.5; RFC 7009 §2.1.
        """
        async with self._redis.pipeline(transaction=False) as pipeline:
            for gid in gids:
                pipeline.delete(grant_key(gid))
            await pipeline.execute()


def handle_key(kind: str, handle: Handle) -> str:
    """The key of a code (`code`), an access token (`at`) or a refresh token (`rt`)."""
    return f"op:{{{handle.gid}}}:{kind}:{handle.digest}"
