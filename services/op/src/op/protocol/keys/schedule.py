"""When a signing key is published, signs and is withdrawn (OpenID Connect Core §10.1.1), computed from three times.

A generation has a key for each algorithm. It is published before it signs, so that clients that cache the key set know
it by then, and stays published after its successor has started to sign, until everything that it signed has expired.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from op.records import Generation

KEY_SET_SECONDS = 300
"""How long the key set may be cached, in seconds; a client may keep the copy of a shared cache for as long again."""
KEY_REFRESH_SECONDS = 5
"""How often a replica reads the stored keys, in seconds: often enough to see the effect of a command."""
MINIMUM_LEAD = 2 * KEY_SET_SECONDS + KEY_REFRESH_SECONDS
"""After this time every replica and every cache knows a new key, in seconds."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The times of key rotation in seconds; an `interval` of 0 means never.

    A key is published `lead` seconds before it signs, and for `keep` seconds after its last signature.
    """

    interval: int
    lead: int
    keep: int

    def is_due(self, generations: Sequence[Generation], now: int) -> bool:
        """Whether to create the next generation, so that it signs when the newest is `interval` seconds old."""
        newest = max(generation.signs_from for generation in generations)
        return bool(self.interval) and now >= newest and now - newest >= self.interval - self.lead

    def rotated(self, generations: Sequence[Generation], pems: Mapping[str, str], now: int) -> tuple[Generation, ...]:
        """The generations with a new one and without those that are no longer needed, the oldest first."""
        return (*self.needed(generations, now), Generation(now + self.lead, pems))

    def needed(self, generations: Sequence[Generation], now: int) -> tuple[Generation, ...]:
        """The generations that sign, will sign, or have signed something that may still be valid.

        OpenID Connect Core §10.1.1.
        """
        ordered = sorted(generations, key=lambda generation: generation.signs_from)
        ends = [later.signs_from + self.keep for later in ordered[1:]]
        return tuple(one for one, end in zip(ordered, [*ends, None], strict=True) if end is None or now < end)


def pending_generation(generations: Sequence[Generation], now: int) -> Generation | None:
    """The generation that is published but does not sign yet."""
    newest = max(generations, key=lambda generation: generation.signs_from)
    return newest if len(generations) > 1 and newest.signs_from > now else None


def signing_generation(generations: Sequence[Generation], now: int) -> Generation:
    """The generation that signs now; the first one if this clock is behind that of the replica that created it."""
    begun = [generation for generation in generations if generation.signs_from <= now]
    if not begun:
        return min(generations, key=lambda generation: generation.signs_from)
    return max(begun, key=lambda generation: generation.signs_from)
