"""Consents: `op:consent:<sub>`, one hash for each user, so that a list needs only one slot of a cluster."""

from op.records import Consent
from op.stores.codec import from_json, to_json
from servicekit.redis.client import Database


class ConsentStore:
    """A consent lasts for `ttl` seconds, and the hash as long as the newest consent in it.

    OpenID Connect Core §3.1.2.4.
    """

    def __init__(self, redis: Database, ttl: int) -> None:
        self._redis = redis
        self.ttl = ttl

    async def save(self, sub: str, client_id: str, consent: Consent) -> None:
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hset(_key(sub), client_id, to_json(consent))
            pipeline.expire(_key(sub), self.ttl)
            await pipeline.execute()

    async def find(self, sub: str, client_id: str) -> Consent | None:
        """A user's consent to a client; it may have expired (`expires_at`)."""
        text = await self._redis.hget(_key(sub), client_id)
        return from_json(Consent, text) if text else None

    async def all(self, sub: str) -> dict[str, Consent]:
        """A user's consents by client_id."""
        found = await self._redis.hgetall(_key(sub))
        return {client_id: from_json(Consent, text) for client_id, text in sorted(found.items())}

    async def revoke(self, sub: str, client_id: str) -> None:
        await self._redis.hdel(_key(sub), client_id)

    async def revoke_all(self, sub: str) -> None:
        await self._redis.delete(_key(sub))


def _key(sub: str) -> str:
    return f"op:consent:{sub}"
