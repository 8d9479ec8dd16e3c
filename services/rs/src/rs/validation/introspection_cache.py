"""The cache of introspection responses in the memory of this process (RFC 7662 §4)."""

from hashlib import sha256

from rs.protocol.verified_token import VerifiedToken
from servicekit.clock import Clock

CAPACITY = 1000


class IntrospectionCache:
    """A bounded cache of active tokens by their SHA-256; a full cache drops its oldest entry.

    `ticks` counts seconds and never goes back.

    RFC 7662 §4.
    """

    def __init__(self, ticks: Clock, capacity: int = CAPACITY) -> None:
        self._ticks = ticks
        self._capacity = capacity
        self._entries: dict[bytes, tuple[float, VerifiedToken]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, token: str) -> VerifiedToken | None:
        if not self._entries:
            return None
        key = _digest(token)
        ends, verified = self._entries.get(key, (0.0, None))
        if verified is not None and self._ticks() >= ends:
            del self._entries[key]
            return None
        return verified

    def keep(self, token: str, verified: VerifiedToken, lifetime: float) -> None:
        """Cache `verified` for `lifetime` seconds, unless that is 0 or less."""
        if lifetime <= 0:
            return
        key = _digest(token)
        self._entries.pop(key, None)
        while len(self._entries) >= self._capacity:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = self._ticks() + lifetime, verified


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
