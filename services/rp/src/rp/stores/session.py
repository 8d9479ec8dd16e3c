"""The people who are signed in: `save`, `find`, `replace`, `end`."""

import json
from dataclasses import asdict
from hashlib import sha256

from rp.check import Check
from rp.records import Session
from servicekit.encryption import DecryptionError, Encryptor
from servicekit.json_record import JsonRecord
from servicekit.redis.client import Database

_PURPOSE = "rp session"


class SessionStore:
    """Sessions by the browser's cookie; `ttl` in seconds, counted from the sign-in."""

    def __init__(self, redis: Database, ttl: int) -> None:
        self._redis = redis
        self._ttl = ttl

    async def save(self, cookie: str, session: Session) -> None:
        """Keep a new session."""
        await self._redis.set(key_of(cookie), _seal(cookie, session), ex=self._ttl)

    async def find(self, cookie: str) -> Session | None:
        """The session of a cookie; None when there is none, or none that this cookie opens."""
        key = key_of(cookie)
        sealed = await self._redis.get(key)
        if sealed is None:
            return None
        try:
            return _session(JsonRecord.parse(Encryptor(cookie, _PURPOSE).decrypt(sealed, key)))
        except (DecryptionError, ValueError):
            return None

    async def replace(self, cookie: str, session: Session) -> bool:
        """Change a session and keep its TTL; False when it has ended meanwhile, and then it stays ended."""
        return bool(await self._redis.set(key_of(cookie), _seal(cookie, session), xx=True, keepttl=True))

    async def end(self, cookie: str) -> None:
        """Forget all of a session: tokens, id_token, nonce."""
        await self._redis.delete(key_of(cookie))


def key_of(cookie: str) -> str:
    """The key of a cookie's session; it tells nothing of the cookie."""
    return f"rp:session:{sha256(cookie.encode()).hexdigest()}"


def _seal(cookie: str, session: Session) -> str:
    return Encryptor(cookie, _PURPOSE).encrypt(json.dumps(asdict(session)), key_of(cookie))


def _session(record: JsonRecord) -> Session:
    return Session(
        access_token=record.text("access_token"),
        refresh_token=record.optional_text("refresh_token"),
        id_token=record.text("id_token"),
        header=record.object("header"),
        claims=record.object("claims"),
        checks=tuple(_check(one) for one in record.records("checks")),
        nonce=record.text("nonce"),
        scope=record.text("scope"),
        expires_at=record.optional_integer("expires_at"),
        csrf_token=record.text("csrf_token"),
        latest_id_token=record.optional_text("latest_id_token"),
    )


def _check(record: JsonRecord) -> Check:
    return Check(record.text("name"), record.text("section"), record.text("expected"), record.text("found"))
