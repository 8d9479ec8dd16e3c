"""One comparison that a specification requires, in a form that people can read."""

import json
from dataclasses import dataclass

from rp.message import Message

_SHOWN_LENGTH = 120
_MASK_LENGTH = 6
_BEFORE_DIFFERENCE = 20


@dataclass(frozen=True, slots=True)
class Check:
    """The rule's name and section, what it expects, and what was found (secrets masked).

    Values from the network are plain strings; our own texts are `Message`s.
    """

    name: str
    section: str
    expected: str
    found: str


def equality(name: str, section: str, expected: object, found: object) -> Check:
    """A check that two values are equal. Long values are shortened around the place where they differ."""
    wanted, got = _text(expected), _text(found)
    same = 0 if wanted == got else common_prefix_length(wanted, got)
    start = same - _BEFORE_DIFFERENCE if same > _SHOWN_LENGTH - _BEFORE_DIFFERENCE else 0
    return Check(name, section, _shortened(wanted, start), _shortened(got, start))


def secret_equality(name: str, section: str, expected: str, found: object, *, optional: bool = False) -> Check:
    """The same for secrets, of which only the beginning is shown; `optional`: the value may also be absent."""
    wanted, got = masked(expected), masked(found)
    if got == wanted and found != expected:
        got = Message("check", "%(beginning)s and a different end", beginning=got)
    return Check(name, section, Message("check", "%(value)s, or absent", value=wanted) if optional else wanted, got)


def common_prefix_length(first: str, second: str) -> int:
    """How many characters two texts have in common at their beginning."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((number for number, (one, other) in pairs if one != other), min(len(first), len(second)))


def masked(value: object) -> str:
    """The beginning of a secret: enough to recognise it, not enough to use it."""
    return f"{value[:_MASK_LENGTH]}…" if isinstance(value, str) and len(value) > 2 * _MASK_LENGTH else shown_kind(value)


def shown(value: object) -> str:
    """A received value as text of limited length; a value that is not a string is shown as JSON."""
    return _shortened(_text(value), 0)


def shown_kind(value: object) -> str:
    """What kind of value it is, without the value itself."""
    if value is None:
        return Message("check", "absent")
    return Message("check", "a short string") if isinstance(value, str) else Message("check", "not a string")


def _text(value: object) -> str:
    if value is None:
        return Message("check", "absent")
    if value == "":
        return Message("check", "an empty string")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shortened(text: str, start: int) -> str:
    if isinstance(text, Message):
        return text
    shortened = text[start : start + _SHOWN_LENGTH]
    return f"{'…' if start else ''}{shortened}{'…' if start + _SHOWN_LENGTH < len(text) else ''}"
