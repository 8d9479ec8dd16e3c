"""JSON objects from the network, read strictly (RFC 8259), so that what was read can be shown and kept safely."""

import json
from typing import Any, NoReturn

SIZE_LIMIT = 64 * 1024
DEPTH_LIMIT = 16


def parse(raw: bytes) -> dict[str, Any]:
    """The object that `raw` holds.

    Raises ValueError, with a reason that repeats no value, for what is no object, too large, nested too deep, holds a
    name twice, a number that is none (NaN, infinite), or text that is no Unicode (a lone surrogate).

    RFC 8259.
    """
    if len(raw) > SIZE_LIMIT:
        raise ValueError(f"more than {SIZE_LIMIT} bytes")
    try:
        value = json.loads(raw.decode(), parse_constant=_no_number, object_pairs_hook=_unique)
        shallow = _within(value, DEPTH_LIMIT)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as fault:
        raise ValueError(_reason(fault)) from None
    if not shallow:
        raise ValueError(f"nested deeper than {DEPTH_LIMIT}")
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


class _Refused(ValueError):
    """A reason of our own, which repeats no value."""


def _reason(fault: Exception) -> str:
    if isinstance(fault, _Refused):
        return str(fault)
    if isinstance(fault, RecursionError):
        return f"nested deeper than {DEPTH_LIMIT}"
    return "text that is not Unicode" if isinstance(fault, UnicodeError) else "not valid JSON"


def _no_number(_: str) -> NoReturn:
    raise _Refused("a number that is none")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("a name that stands twice")
    return found


def _within(value: object, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_within(item, depth - 1) for item in inner)
