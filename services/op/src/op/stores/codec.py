"""Records as JSON, which is how Redis keeps them."""

import dataclasses
import json
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from op.records import record_of

R = TypeVar("R")


def to_json(record: Any) -> str:
    """A record as Redis keeps it; fields that are None are left out."""
    return json.dumps(_plain(record), separators=(",", ":"))


def from_json(record_type: type[R], text: str) -> R:
    """A record from Redis; fields that this version does not know are left out, so that versions can overlap."""
    return record_of(record_type, json.loads(text))


@cache
def _names(record_type: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(record_type))


def _plain(record: Any) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in _names(cast(Hashable, type(record)))}
    return {name: _plain(v) if dataclasses.is_dataclass(v) else v for name, v in values.items() if v is not None}
