"""The JSON format of records in Redis."""

import dataclasses
import json
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from op.records import record_of

R = TypeVar("R")


def to_json(record: Any) -> str:
    """The JSON of a record, without the fields that are None."""
    return json.dumps(_plain(record), separators=(",", ":"))


def from_json(record_type: type[R], text: str) -> R:
    """The record of a JSON text; unknown fields are ignored, so that two versions of the service can overlap."""
    return record_of(record_type, json.loads(text))


@cache
def _names(record_type: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(record_type))


def _plain(record: Any) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in _names(cast(Hashable, type(record)))}
    return {name: _plain(v) if dataclasses.is_dataclass(v) else v for name, v in values.items() if v is not None}
