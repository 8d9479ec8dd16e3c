"""Proof Key for Code Exchange, the client's part (RFC 7636)."""

import hashlib
import secrets
from base64 import urlsafe_b64encode

METHOD = "S256"


def make_verifier() -> str:
    """A code verifier: 32 random octets as 43 characters of base64url (RFC 7636 §4.1)."""
    return secrets.token_urlsafe(32)


def challenge_of(verifier: str) -> str:
    """The S256 code challenge: BASE64URL(SHA256(ASCII(code_verifier))) (RFC 7636 §4.2)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()
