"""The sign-ins in progress: `save`, `knows`, `take`."""

import json
from dataclasses import asdict
from hashlib import sha256
from hmac import compare_digest

from rp.errors import ForeignBrowser, UnknownSignIn
from rp.records import NonceBinding
from servicekit.encryption import DecryptionError, Encryptor
from servicekit.json_record import JsonRecord
from servicekit.redis.client import Database

TTL = 600

_PURPOSE = "rp nonce binding"


class NonceBindingStore:
    """Bindings by their state. `browser` is the random value of the cookie that /login has set."""

    def __init__(self, redis: Database) -> None:
        self._redis = redis

    async def save(self, browser: str, binding: NonceBinding) -> None:
        """Store a binding for ten minutes, encrypted with a key derived from this browser's cookie."""
        key = _key(binding.state)
        ciphertext = Encryptor(browser, _PURPOSE).encrypt(json.dumps(asdict(binding)), key)
        await self._redis.set(key, json.dumps({"browser": _hash(browser), "sealed": ciphertext}), ex=TTL)

    async def knows(self, state: str) -> bool:
        """Whether a sign-in with this state is in progress in any browser."""
        return await self._redis.get(_key(state)) is not None

    async def take(self, browser: str | None, state: str) -> NonceBinding:
        """Return the binding of a state and delete it (RFC 6749 §10.12).

        The browser is compared first, so that an attempt from another browser does not delete it. GETDEL ensures that
        only one of several requests succeeds. Raises UnknownSignIn, ForeignBrowser.
        """
        key = _key(state)
        record = await self._redis.get(key)
        if record is None:
            raise UnknownSignIn
        if browser is None or not compare_digest(JsonRecord.parse(record).text("browser"), _hash(browser)):
            raise ForeignBrowser
        taken = await self._redis.getdel(key)
        if taken is None:
            raise UnknownSignIn
        try:
            ciphertext = JsonRecord.parse(taken).text("sealed")
            return _binding(JsonRecord.parse(Encryptor(browser, _PURPOSE).decrypt(ciphertext, key)))
        except (DecryptionError, ValueError):
            raise UnknownSignIn from None


def _binding(record: JsonRecord) -> NonceBinding:
    return NonceBinding(
        state=record.text("state"),
        nonce=record.text("nonce"),
        code_verifier=record.text("code_verifier"),
        return_to=record.text("return_to"),
        issuer=record.text("issuer"),
        ui_locales=record.optional_text("ui_locales"),
    )


def _key(state: str) -> str:
    return f"rp:nonce:{state}"


def _hash(browser: str) -> str:
    return sha256(browser.encode()).hexdigest()
