"""When a signing key is published, signs and goes (OpenID Connect Core §10.1.1): three times, and no state.

A generation has a key for each algorithm. It is published before it signs, so that whoever keeps the key set for a
while knows it by then, and stays after the next one has begun to sign, until nothing that it signed is of use.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from op.records import Generation

KEY_SET_SECONDS = 300
"""How long the key set may be kept, by its `Cache-Control`; a client may keep a cache's copy for as long again."""
LOOK_SECONDS = 5
"""How often a replica looks at the stored keys: so often that who gave a command can see what it did."""
LEAST_LEAD = 2 * KEY_SET_SECONDS + LOOK_SECONDS
"""By then every replica and everybody who keeps the set knows a new key."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """All in seconds; an `interval` of 0 is never.

    `lead` is how long before it signs a key is published, `keep` how long after it has signed.
    """

    interval: int
    lead: int
    keep: int

    def is_due(self, generations: Sequence[Generation], now: int) -> bool:
        """Whether the next generation is to be made, so that it signs when the newest is `interval` old."""
        newest = max(generation.signs_from for generation in generations)
        return bool(self.interval) and now >= newest and now - newest >= self.interval - self.lead

    def rotated(self, generations: Sequence[Generation], pems: Mapping[str, str], now: int) -> tuple[Generation, ...]:
        """The generations with a new one, and without those that are no longer needed; the oldest first."""
        return (*self.needed(generations, now), Generation(now + self.lead, pems))

    def needed(self, generations: Sequence[Generation], now: int) -> tuple[Generation, ...]:
        """Those that sign, will sign, or have signed something that may still be of use.

        OpenID Connect Core §10.1.1.
        """
        ordered = sorted(generations, key=lambda generation: generation.signs_from)
        ends = [later.signs_from + self.keep for later in ordered[1:]]
        return tuple(one for one, end in zip(ordered, [*ends, None], strict=True) if end is None or now < end)


def waiting(generations: Sequence[Generation], now: int) -> Generation | None:
    """The generation that is published and does not sign yet."""
    newest = max(generations, key=lambda generation: generation.signs_from)
    return newest if len(generations) > 1 and newest.signs_from > now else None


def signing(generations: Sequence[Generation], now: int) -> Generation:
    """The one that signs now; the first one where the clock is behind that of the replica that made it."""
    begun = [generation for generation in generations if generation.signs_from <= now]
    if not begun:
        return min(generations, key=lambda generation: generation.signs_from)
    return max(begun, key=lambda generation: generation.signs_from)
