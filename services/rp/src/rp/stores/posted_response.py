"""Authorization responses that were sent by POST, until the browser continues by GET: `save`, `find`, `end`."""

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
"""In seconds. The browser is redirected to the response at once."""

_PURPOSE = "rp posted response"
_HANDLE = re.compile(r"[0-9a-f]{64}\.[A-Za-z0-9_-]{43}")


class PostedResponseStore:
    """The latest authorization response for each sign-in, encrypted with a key derived from its random handle.

    OAuth 2.0 Form Post Response Mode §2.
    """

    def __init__(self, redis: Database) -> None:
        self._redis = redis

    async def save(self, response: AuthorizationResponse) -> str:
        """Store a response for a minute. Returns its handle, which starts with the hash of its state."""
        name = sha256(response.state.encode()).hexdigest()
        handle = f"{name}.{secrets.token_urlsafe(32)}"
        ciphertext = Encryptor(handle, _PURPOSE).encrypt(json.dumps(asdict(response)), _key(handle))
        await self._redis.set(_key(handle), ciphertext, ex=TTL)
        return handle

    async def find(self, handle: str) -> AuthorizationResponse | None:
        """The response of a handle. Single use is ensured by the nonce binding of its state."""
        ciphertext = await self._redis.get(_key(handle)) if _HANDLE.fullmatch(handle) else None
        if ciphertext is None:
            return None
        try:
            return _response(JsonRecord.parse(Encryptor(handle, _PURPOSE).decrypt(ciphertext, _key(handle))))
        except (DecryptionError, ValueError):
            return None

    async def end(self, handle: str) -> None:
        """Delete a response that was used."""
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
