"""One comparison that a spec asks for, in a form that a person can read."""

import json
from dataclasses import dataclass

_SHOWN_LENGTH = 120
_MASK_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Check:
    """What was compared: the rule's name and section, what it expects, and what was found (secrets masked)."""

    name: str
    section: str
    expected: str
    found: str


def masked(value: object) -> str:
    """The beginning of a secret, enough to recognise it and not to use it."""
    return f"{value[:_MASK_LENGTH]}…" if isinstance(value, str) and len(value) > 2 * _MASK_LENGTH else shown_kind(value)


def shown(value: object) -> str:
    """A received value as text of a bounded length; what is no string is shown as JSON."""
    if value is None:
        return "absent"
    if value == "":
        return "an empty string"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}…"


def shown_kind(value: object) -> str:
    """What a value is without telling it: "absent", "a short string", "not a string"."""
    if value is None:
        return "absent"
    return "a short string" if isinstance(value, str) else "not a string"
