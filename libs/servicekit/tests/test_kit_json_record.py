"""A record is read with the types that it was written with."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from servicekit.json_record import JsonRecord

RECORD = {"name": "x", "nothing": None, "number": 7, "true": True, "inner": {"a": [1]}, "list": [{"name": "y"}]}


def record() -> JsonRecord:
    return JsonRecord.parse(json.dumps(RECORD))


def test_fields_are_read_by_type() -> None:
    assert record().text("name") == record().optional_text("name") == "x"
    assert record().optional_text("nothing") is None
    assert record().optional_integer("number") == 7
    assert record().optional_integer("nothing") is None
    assert record().object("inner") == {"a": [1]}
    assert [one.text("name") for one in record().records("list")] == ["y"]


REQUIRED = [JsonRecord.text, JsonRecord.object, JsonRecord.records]
OPTIONAL = [JsonRecord.optional_text, JsonRecord.optional_integer]


@pytest.mark.parametrize("read", [*REQUIRED, *OPTIONAL], ids=lambda read: read.__name__)
def test_field_of_another_type_is_rejected(read: Callable[[JsonRecord, str], Any]) -> None:
    with pytest.raises(ValueError, match=r"^true is not"):
        read(record(), "true")


@pytest.mark.parametrize("read", REQUIRED, ids=lambda read: read.__name__)
def test_missing_field_is_rejected(read: Callable[[JsonRecord, str], Any]) -> None:
    with pytest.raises(ValueError, match=r"^missing is missing"):
        read(record(), "missing")


@pytest.mark.parametrize("read", OPTIONAL, ids=lambda read: read.__name__)
def test_optional_field_may_be_missing(read: Callable[[JsonRecord, str], Any]) -> None:
    assert read(record(), "missing") is None


@pytest.mark.parametrize("text", ["", "[]", "null", '"x"', "{"])
def test_record_must_be_a_json_object(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json has messages of its own
        JsonRecord.parse(text)
