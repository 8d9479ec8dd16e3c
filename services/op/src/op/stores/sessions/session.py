"""Logins: `op:session:<hash>`, the hash of the cookie that the browser holds."""

import dataclasses

from op.handle import digest
from op.records import Session
from op.stores.codec import from_json, to_json
from op.stores.users.index import UserIndex
from servicekit.redis.client import Database

_USE_SECONDS = 60
LIST_LIMIT = 100  # what a page can show, however often somebody has logged in


class SessionStore:
    """A session lasts `ttl` seconds from its login."""

    def __init__(self, redis: Database, ttl: int) -> None:
        self._redis = redis
        self._ttl = ttl
        self._index = UserIndex(redis, "op:sessions:", ttl)

    async def save(self, cookie: str, session: Session) -> None:
        await self._redis.set(_key(digest(cookie)), to_json(session), ex=self._ttl)
        await self._index.note(session.sub, digest(cookie), session.auth_time)

    async def find(self, cookie: str | None) -> Session | None:
        return await self._read(digest(cookie)) if cookie else None

    async def note_use(self, cookie: str, session: Session, address: str, now: int) -> None:
        """Remember when and from where a session was used, with one write a minute at most; it lasts no longer."""
        if now - session.used_at >= _USE_SECONDS or address != session.address:
            used = dataclasses.replace(session, address=address, used_at=now)
            await self._redis.set(_key(digest(cookie)), to_json(used), xx=True, keepttl=True)

    async def end(self, cookie: str) -> None:
        await self._redis.delete(_key(digest(cookie)))

    async def all(self, sub: str) -> list[Session]:
        """A user's living sessions, the latest first; those that ended are forgotten by the way."""
        return await self._living(sub, await self._index.names(sub))

    async def latest(self, sub: str) -> list[Session]:
        """The first of them, as many as a page can show."""
        return await self._living(sub, (await self._index.names(sub))[-LIST_LIMIT:])

    async def find_by_sid(self, sub: str, sid: str) -> Session | None:
        """A user's session, found from elsewhere, without its cookie."""
        found = await self._named(sub, sid)
        return found[1] if found else None

    async def end_by_sid(self, sub: str, sid: str) -> None:
        """End a user's session from elsewhere, without its cookie."""
        found = await self._named(sub, sid)
        if found:
            await self._redis.delete(_key(found[0]))
            await self._index.drop(sub, found[0])

    async def _living(self, sub: str, names: list[str]) -> list[Session]:
        sessions = []
        for name in names:
            session = await self._read(name)
            if session is None:
                await self._index.drop(sub, name)
            else:
                sessions.append(session)
        return sorted(sessions, key=lambda session: -session.auth_time)

    async def _named(self, sub: str, sid: str) -> tuple[str, Session] | None:
        for name in await self._index.names(sub):
            session = await self._read(name)
            if session is not None and session.sid == sid:
                return name, session
        return None

    async def _read(self, name: str) -> Session | None:
        text = await self._redis.get(_key(name))
        return from_json(Session, text) if text else None


def _key(name: str) -> str:
    return f"op:session:{name}"
