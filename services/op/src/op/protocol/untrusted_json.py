"""JSON from untrusted sources (RFC 8259)."""

import json
from typing import Any

DEPTH_LIMIT = 20


def parse_json(text: str | bytes) -> Any:
    """Parse JSON; raises ValueError if it is malformed, contains NaN or infinity, or is nested too deeply (RFC 8259).

    The limit makes sure that the value can be traversed and serialized: the interpreter's own limit depends on the
    depth of the call stack.
    """
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    level = [value]
    for _ in range(DEPTH_LIMIT):
        level = [inner for outer in level for inner in _members(outer)]
        if not level:
            return value
    raise ValueError("nested too deeply")


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
