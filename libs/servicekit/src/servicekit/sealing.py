"""Sealed values: what must rest in Redis and must not be read there.

AES-256-GCM under a key that HKDF derives from a secret and a purpose (NIST SP 800-38D, RFC 5869). The place that
a value is kept in is authenticated with it, so that one record's value cannot be put in the place of another.
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_LENGTH = 12


class UnsealError(Exception):
    """The value was sealed with another secret, for another place, or was changed."""


class Sealer:
    """Seals and opens values with one secret for one purpose.

    RFC 5869; NIST SP 800-38D.
    """

    def __init__(self, secret: str, purpose: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())
        self._cipher = AESGCM(key)

    def seal(self, value: str, place: str) -> str:
        """Encrypt `value` for `place`, as base64url text."""
        nonce = os.urandom(_NONCE_LENGTH)
        sealed = self._cipher.encrypt(nonce, value.encode(), place.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, place: str) -> str:
        """Decrypt what `seal` made for the same place; raises UnsealError."""
        try:
            raw = base64.urlsafe_b64decode(sealed)
            return self._cipher.decrypt(raw[:_NONCE_LENGTH], raw[_NONCE_LENGTH:], place.encode()).decode()
        except (InvalidTag, ValueError):
            raise UnsealError(place) from None
