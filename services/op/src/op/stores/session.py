"""Logins: `op:session:<hash>`, the hash of the cookie that the browser holds."""

from op.protocol.handle import digest
from op.records import Session, from_json, to_json
from servicekit.redis import Database


class SessionStore:
    """A session lasts `ttl` seconds from its login."""

    def __init__(self, redis: Database, ttl: int) -> None:
        self._redis = redis
        self._ttl = ttl

    async def save(self, cookie: str, session: Session) -> None:
        await self._redis.set(_key(cookie), to_json(session), ex=self._ttl)

    async def find(self, cookie: str | None) -> Session | None:
        text = await self._redis.get(_key(cookie)) if cookie else None
        return from_json(Session, text) if text else None

    async def end(self, cookie: str) -> None:
        await self._redis.delete(_key(cookie))


def _key(cookie: str) -> str:
    return f"op:session:{digest(cookie)}"
