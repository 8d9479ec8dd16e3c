"""The format of codes and tokens: `<grant id>.<secret>`, both random and in base64url."""

import hashlib
import re
import secrets
from dataclasses import dataclass

_GRANT_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_HANDLE = re.compile(r"([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Handle:
    """A code or token, and the grant that it belongs to.

    Redis contains only its `digest`: SHA-256, hexadecimal.
    """

    gid: str
    digest: str

    @classmethod
    def of(cls, gid: str, token: str) -> "Handle":
        return cls(gid, digest(token))

    @classmethod
    def parse(cls, token: str) -> "Handle | None":
        """The handle in an opaque code or token, or None if it has another format."""
        match = _HANDLE.fullmatch(token)
        return cls.of(match[1], token) if match else None


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def new_grant_id() -> str:
    """128 random bits, 22 characters."""
    return secrets.token_urlsafe(16)


def new_secret() -> str:
    """256 random bits, 43 characters."""
    return secrets.token_urlsafe(32)


def new_handle(gid: str) -> str:
    """A new code or token of a grant, with more than 128 random bits (RFC 6749 §10.10)."""
    return f"{gid}.{new_secret()}"


def is_grant_id(text: str) -> bool:
    return _GRANT_ID.fullmatch(text) is not None
