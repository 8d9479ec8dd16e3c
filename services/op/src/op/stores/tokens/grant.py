"""Grants, and the atomic exchange of a code or a refresh token for tokens.

All records of a grant are in one slot. One script marks the code or token as spent, writes the new tokens and extends
the grant. One of several parallel attempts succeeds; another one ends the grant (RFC 6749 §4.1.2, RFC 9700 §4.14.2).
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
    """The code or token was already used; the grant has been revoked."""


class Gone(Exception):
    """The code or token, or its grant, no longer exists."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record to be written together with a grant: its key, its JSON and its TTL in seconds."""

    key: str
    json: str
    ttl: int


def grant_key(gid: str) -> str:
    return f"op:{{{gid}}}:grant"


def parse_presented(text: str) -> tuple[int | None, str]:
    """Parse the stored value of a code or refresh token: when it was spent, or None, and its JSON."""
    if not text.startswith("spent:"):
        return None, text
    _, spent_at, json = text.split(":", 2)
    return int(spent_at), json


class GrantStore:
    """The grants: `op:{gid}:grant`."""

    def __init__(self, redis: Database) -> None:
        self._redis = redis
        self._reader = Reader(redis)
        self._exchange = redis.register_script(_EXCHANGE)

    async def save(self, grant: Grant, *beside: Entry) -> None:
        """Write a new grant together with its code or tokens; it lasts as long as the longest of them.

        RFC 6749 §4.1.2.
        """
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.set(grant_key(grant.gid), to_json(grant), ex=max(entry.ttl for entry in beside))
            for entry in beside:
                pipeline.set(entry.key, entry.json, ex=entry.ttl)
            await pipeline.execute()

    async def find_with(self, gid: str, key: str) -> tuple[Grant, str] | None:
        """A grant and another record of it, in one round trip; None if one of them does not exist."""
        grant, value = await self._reader.mget(grant_key(gid), key)
        return (from_json(Grant, grant), value) if grant and value else None

    async def find_beside(self, gid: str, key: str) -> str | None:
        """Another record of a grant, if the grant exists."""
        grant, value = await self._reader.mget(grant_key(gid), key)
        return value if grant else None

    async def exchange(self, gid: str, presented: str, entries: list[Entry], now: int, grace: int = 0) -> None:
        """Spend the code or token with the key `presented` and write `entries`, atomically (RFC 6749 §4.1.2).

        Within `grace` seconds it may be spent again; with 0 never, whatever the clocks of the replicas say. Raises
        AlreadySpent and Gone.
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
        """Revoke grants over one connection; their codes and tokens are invalid at once.

        RFC 6749 §4.1.2, §10.5; RFC 7009 §2.1.
        """
        async with self._redis.pipeline(transaction=False) as pipeline:
            for gid in gids:
                pipeline.delete(grant_key(gid))
            await pipeline.execute()


def handle_key(kind: str, handle: Handle) -> str:
    """The key of a code (`code`), an access token (`at`) or a refresh token (`rt`)."""
    return f"op:{{{handle.gid}}}:{kind}:{handle.digest}"
