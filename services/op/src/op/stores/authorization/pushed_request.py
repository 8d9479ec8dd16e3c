"""Pushed authorization requests: `op:par:<hash>`, each used once (RFC 9126 §4)."""

from op.handle import digest
from op.records import PushedRequest
from op.stores.codec import from_json, to_json
from servicekit.redis.client import Database

TTL = 90


class PushedRequestStore:
    """A pushed request expires after ninety seconds."""

    def __init__(self, redis: Database) -> None:
        self._redis = redis

    async def save(self, reference: str, pushed: PushedRequest) -> None:
        await self._redis.set(_key(reference), to_json(pushed), ex=TTL)

    async def take(self, reference: str) -> PushedRequest | None:
        """Read and delete it atomically: one of several parallel attempts gets it (RFC 9126 §2.2, §4)."""
        text = await self._redis.getdel(_key(reference))
        return from_json(PushedRequest, text) if text else None


def _key(reference: str) -> str:
    return f"op:par:{digest(reference)}"
