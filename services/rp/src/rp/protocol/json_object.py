"""JSON objects from the network, read strictly (RFC 8259), so that they can be shown and stored safely."""

import json
from typing import Any, NoReturn

from rp.message import Message

SIZE_LIMIT = 64 * 1024
DEPTH_LIMIT = 16


class InvalidJson(ValueError):
    """The reason, which repeats nothing of the input."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(raw: bytes) -> dict[str, Any]:
    """The object in `raw` (RFC 8259).

    Raises InvalidJson for any other value, and for input that is too large, is nested too deeply, or contains a
    duplicate name, NaN, an infinite number or a lone surrogate.
    """
    if len(raw) > SIZE_LIMIT:
        raise InvalidJson(Message("check", "more than %(limit)s bytes", limit=SIZE_LIMIT))
    try:
        value = json.loads(raw.decode(), parse_constant=_reject_constant, object_pairs_hook=_unique)
        shallow = _within(value, DEPTH_LIMIT)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except InvalidJson:
        raise
    except (ValueError, RecursionError) as fault:
        raise InvalidJson(_reason(fault)) from None
    if not shallow:
        raise InvalidJson(_too_deep())
    if not isinstance(value, dict):
        raise InvalidJson(Message("check", "not a JSON object"))
    return value


def _reason(fault: Exception) -> Message:
    if isinstance(fault, RecursionError):
        return _too_deep()
    if isinstance(fault, UnicodeError):
        return Message("check", "text that is not valid Unicode")
    return Message("check", "not valid JSON")


def _too_deep() -> Message:
    return Message("check", "nested more than %(limit)s levels deep", limit=DEPTH_LIMIT)


def _reject_constant(_: str) -> NoReturn:
    raise InvalidJson(Message("check", "NaN or an infinite number"))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidJson(Message("check", "a duplicate name"))
    return found


def _within(value: object, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_within(item, depth - 1) for item in inner)
