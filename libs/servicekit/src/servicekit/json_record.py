"""Reading the fields of records that a store has written as JSON."""

import json
from collections.abc import Mapping
from typing import Any


class JsonRecord:
    """A JSON object whose fields are read by type.

    Every method raises ValueError if the field has another type, or is missing and not optional; the message names the
    field and repeats no value. An optional field may be missing, because an earlier version of the program may have
    written the record.
    """

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members

    @classmethod
    def parse(cls, text: str) -> "JsonRecord":
        """Raises ValueError if `text` is not a JSON object."""
        return cls(_object("record", json.loads(text)))

    def text(self, name: str) -> str:
        value = self._value(name)
        if not isinstance(value, str):
            raise ValueError(f"{name} is not a string")
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self._members.get(name) is None else self.text(name)

    def optional_integer(self, name: str) -> int | None:
        value = self._members.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise ValueError(f"{name} is not an integer")
        return value

    def object(self, name: str) -> dict[str, Any]:
        """A JSON object whose members the caller does not know."""
        return _object(name, self._value(name))

    def records(self, name: str) -> tuple["JsonRecord", ...]:
        """A list of JSON objects."""
        value = self._value(name)
        if not isinstance(value, list):
            raise ValueError(f"{name} is not a list")
        return tuple(JsonRecord(_object(name, one)) for one in value)

    def _value(self, name: str) -> Any:
        try:
            return self._members[name]
        except KeyError:
            raise ValueError(f"{name} is missing") from None


def _object(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not a JSON object")
    return value
