"""Scopes and spans of time in words, as texts for the pages' `t`: a text and what stands in its braces."""

from collections.abc import Mapping

Wording = tuple[str, Mapping[str, object]]

SCOPES = {
    "openid": "know who you are",
    "email": "see your email address",
    "profile": "see your profile: name, picture, birthday and the like",
    "address": "see your postal address",
    "phone": "see your phone number",
    "offline_access": "keep its access while you are away",
}
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def scope_words(scope: str) -> list[Wording]:
    """What each scope means to a person; one that only the application knows is named."""
    return [
        (SCOPES[name], {}) if name in SCOPES else ("use what it calls {scope}", {"scope": name})
        for name in scope.split()
    ]


def lifetime(seconds: int) -> Wording:
    """A span in the largest unit that it is at least twice of, or exactly once."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds >= 2 * size or size in (seconds, 1))
    number = round(seconds / size)
    return (f"{{n}} {unit}" if number == 1 else f"{{n}} {unit}s"), {"n": number}
