"""The answers that providers post, until the browser comes for them: `save`, `find`, `end`."""

import json
import re
import secrets
from dataclasses import asdict
from hashlib import sha256

from rp.protocol.authorization.authorization_response import AuthorizationResponse
from servicekit.encryption import DecryptionError, Encryptor
from servicekit.json_record import JsonRecord
from servicekit.redis.client import Database

TTL = 60
"""Seconds: the browser is sent for it at once."""

_PURPOSE = "rp posted response"
_HANDLE = re.compile(r"[0-9a-f]{64}\.[A-Za-z0-9_-]{43}")


class PostedResponseStore:
    """Authorization responses, the latest one for a sign-in; only who has its random handle can open it.

    OAuth 2.0 Form Post Response Mode §2.
    """

    def __init__(self, redis: Database) -> None:
        self._redis = redis

    async def save(self, response: AuthorizationResponse) -> str:
        """Keep a response for a minute; its handle, which begins with the name of its sign-in."""
        name = sha256(response.state.encode()).hexdigest()
        handle = f"{name}.{secrets.token_urlsafe(32)}"
        sealed = Encryptor(handle, _PURPOSE).encrypt(json.dumps(asdict(response)), _key(handle))
        await self._redis.set(_key(handle), sealed, ex=TTL)
        return handle

    async def find(self, handle: str) -> AuthorizationResponse | None:
        """The response of a handle. That it counts once is kept by the binding of its state."""
        sealed = await self._redis.get(_key(handle)) if _HANDLE.fullmatch(handle) else None
        if sealed is None:
            return None
        try:
            return _response(JsonRecord.parse(Encryptor(handle, _PURPOSE).decrypt(sealed, _key(handle))))
        except (DecryptionError, ValueError):
            return None

    async def end(self, handle: str) -> None:
        """Forget a response that was used."""
        await self._redis.delete(_key(handle))


def _response(record: JsonRecord) -> AuthorizationResponse:
    return AuthorizationResponse(
        state=record.text("state"),
        code=record.optional_text("code"),
        iss=record.optional_text("iss"),
        error=record.optional_text("error"),
        error_description=record.optional_text("error_description"),
    )


def _key(handle: str) -> str:
    return f"rp:posted:{handle.partition('.')[0]}"
