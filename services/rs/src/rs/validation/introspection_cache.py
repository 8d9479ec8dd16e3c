"""Introspection answers, kept for moments in the memory of this process (RFC 7662 §4)."""

from hashlib import sha256

from rs.protocol.verified_token import VerifiedToken
from servicekit.clock import Clock

CAPACITY = 1000


class IntrospectionCache:
    """A bounded memory of tokens that were active, by their SHA-256; the oldest makes room.

    `ticks` counts seconds and never goes back.

    RFC 7662 §4.
    """

    def __init__(self, ticks: Clock, capacity: int = CAPACITY) -> None:
        self._ticks = ticks
        self._capacity = capacity
        self._kept: dict[bytes, tuple[float, VerifiedToken]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, token: str) -> VerifiedToken | None:
        if not self._kept:
            return None
        key = _digest(token)
        ends, verified = self._kept.get(key, (0.0, None))
        if verified is not None and self._ticks() >= ends:
            del self._kept[key]
            return None
        return verified

    def keep(self, token: str, verified: VerifiedToken, lifetime: float) -> None:
        """Remember `verified` for `lifetime` seconds; not at all when that is no time."""
        if lifetime <= 0:
            return
        key = _digest(token)
        self._kept.pop(key, None)
        while len(self._kept) >= self._capacity:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = self._ticks() + lifetime, verified


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
