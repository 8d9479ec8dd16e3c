"""Records as JSON, which is how Redis keeps them."""

import dataclasses
import json
from typing import Any, TypeVar

from op.records import record_of

R = TypeVar("R")


def to_json(record: Any) -> str:
    """A record as Redis keeps it; fields that are None are left out."""
    return json.dumps(_plain(record), separators=(",", ":"))


def from_json(record_type: type[R], text: str) -> R:
    """A record from Redis; fields that this version does not know are left out, so that versions can overlap."""
    return record_of(record_type, json.loads(text))


def _plain(record: Any) -> dict[str, Any]:
    values = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    return {name: _plain(v) if dataclasses.is_dataclass(v) else v for name, v in values.items() if v is not None}
