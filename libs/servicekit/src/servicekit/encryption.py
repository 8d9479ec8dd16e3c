"""Authenticated encryption of the values in Redis that only the service itself may read.

AES-256-GCM with a key that HKDF derives from a secret and a purpose (NIST SP 800-38D, RFC 5869). The Redis key under
which a value is stored is authenticated with it, so that the value of one record cannot be copied to another.
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_LENGTH = 12


class DecryptionError(Exception):
    """The value was encrypted with another secret or for another place, or was modified."""


class Encryptor:
    """Encrypts and decrypts values with one secret for one purpose (RFC 5869; NIST SP 800-38D)."""

    def __init__(self, secret: str, purpose: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())
        self._cipher = AESGCM(key)

    def encrypt(self, value: str, place: str) -> str:
        """The ciphertext of `value` for `place`, as base64url text."""
        nonce = os.urandom(_NONCE_LENGTH)
        ciphertext = self._cipher.encrypt(nonce, value.encode(), place.encode())
        return base64.urlsafe_b64encode(nonce + ciphertext).decode()

    def decrypt(self, ciphertext: str, place: str) -> str:
        """The value that `encrypt` was given for the same place; raises DecryptionError."""
        try:
            raw = base64.urlsafe_b64decode(ciphertext)
            return self._cipher.decrypt(raw[:_NONCE_LENGTH], raw[_NONCE_LENGTH:], place.encode()).decode()
        except (InvalidTag, ValueError):
            raise DecryptionError(place) from None
