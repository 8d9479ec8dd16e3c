"""The sessions of signed-in users: `save`, `find`, `replace`, `end`."""

import json
from dataclasses import fields
from hashlib import sha256
from typing import Any

from rp.check import Check
from rp.message import from_record, to_record
from rp.records import Session
from servicekit.encryption import DecryptionError, Encryptor
from servicekit.json_record import JsonRecord
from servicekit.redis.client import Database

_PURPOSE = "rp session"


class SessionStore:
    """Sessions by the browser's cookie. `ttl` is in seconds from the sign-in."""

    def __init__(self, redis: Database, ttl: int) -> None:
        self._redis = redis
        self._ttl = ttl

    async def save(self, cookie: str, session: Session) -> None:
        """Store a new session."""
        await self._redis.set(key_of(cookie), _encrypted(cookie, session), ex=self._ttl)

    async def find(self, cookie: str) -> Session | None:
        """The session of a cookie; None if there is none, or if this cookie cannot decrypt it."""
        key = key_of(cookie)
        ciphertext = await self._redis.get(key)
        if ciphertext is None:
            return None
        try:
            return _session(JsonRecord.parse(Encryptor(cookie, _PURPOSE).decrypt(ciphertext, key)))
        except (DecryptionError, ValueError):
            return None

    async def replace(self, cookie: str, session: Session) -> bool:
        """Change a session and keep its TTL. False if it has ended in the meantime; it then stays ended."""
        return bool(await self._redis.set(key_of(cookie), _encrypted(cookie, session), xx=True, keepttl=True))

    async def end(self, cookie: str) -> None:
        """Delete a session with its tokens and its nonce."""
        await self._redis.delete(key_of(cookie))


def key_of(cookie: str) -> str:
    """The Redis key of a cookie's session, which does not reveal the cookie."""
    return f"rp:session:{sha256(cookie.encode()).hexdigest()}"


def _encrypted(cookie: str, session: Session) -> str:
    record = {field.name: getattr(session, field.name) for field in fields(session)}
    record["checks"] = [_check_record(check) for check in session.checks]
    return Encryptor(cookie, _PURPOSE).encrypt(json.dumps(record), key_of(cookie))


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
        ui_locales=record.optional_text("ui_locales"),
    )


def _check_record(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "section": check.section,
        "expected": to_record(check.expected),
        "found": to_record(check.found),
    }


def _check(record: JsonRecord) -> Check:
    return Check(
        record.text("name"), record.text("section"), _shown_text(record, "expected"), _shown_text(record, "found")
    )


def _shown_text(record: JsonRecord, name: str) -> str:
    try:
        return record.text(name)
    except ValueError:
        return from_record(record.object(name))
