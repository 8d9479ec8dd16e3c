"""JSON objects from the network (RFC 8259), and times in them (RFC 7519 §2)."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from rp.protocol import json_object, numeric_date


def nested(depth: int, kind: str) -> bytes:
    """An object with this depth of nested objects or lists."""
    opening, closing = ('{"a":', "}") if kind == "objects" else ("[", "]")
    return ('{"a":' + opening * (depth - 1) + "1" + closing * (depth - 1) + "}").encode()


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        pytest.param(b"{}", {}, id="empty"),
        pytest.param('{"a":["ö",1.5,true,null,{"b":-1}]}'.encode(), {"a": ["ö", 1.5, True, None, {"b": -1}]}, id="all"),
        pytest.param(b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}, id="a pair of surrogates"),
        pytest.param(b'{"a":' + b" " * (65536 - 8) + b"12}", {"a": 12}, id="65536 bytes"),
    ],
)
def test_json_object_is_read(raw: bytes, value: dict[str, Any]) -> None:
    assert json_object.parse(raw) == value


@pytest.mark.parametrize("kind", ["objects", "lists"])
def test_json_of_depth_16_is_read(kind: str) -> None:
    assert json_object.parse(nested(16, kind))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(b"7", "not a JSON object", id="a number"),
        pytest.param(b"[]", "not a JSON object", id="a list"),
        pytest.param(b'{"a":1,"a":1}', "a duplicate name", id="duplicate name"),
        pytest.param(b'{"a":{"b":1,"c":2,"b":3}}', "a duplicate name", id="nested duplicate name"),
        pytest.param(b'{"a":-Infinity}', "NaN or an infinite number", id="infinity"),
        pytest.param(b'{"a":NaN}', "NaN or an infinite number", id="NaN"),
        pytest.param(b'{"a":1e999}', "not valid JSON", id="infinite by its exponent"),
        pytest.param(b'{"a":"\\udc00"}', "text that is not valid Unicode", id="lone surrogate"),
        pytest.param(b"\xff", "text that is not valid Unicode", id="not UTF-8"),
        pytest.param(nested(17, "objects"), "nested more than 16 levels deep", id="objects within objects"),
        pytest.param(nested(17, "lists"), "nested more than 16 levels deep", id="lists within lists"),
        pytest.param(b"[" * 60_000, "nested more than 16 levels deep", id="too deep for the parser"),
        pytest.param(b'{"a":' + b" " * (65536 - 7) + b"12}", "more than 65536 bytes", id="65537 bytes"),
        pytest.param(b"{", "not valid JSON", id="cut off"),
        pytest.param(b"", "not valid JSON", id="empty"),
    ],
)
@pytest.mark.spec("RFC 8259")
def test_json_is_rejected_with_a_reason(raw: bytes, reason: str) -> None:
    """JSON from the network is one object, without duplicate names, NaN or deep nesting."""
    with pytest.raises(ValueError, match=f"^{reason}$"):
        json_object.parse(raw)


@pytest.mark.parametrize("value", [0, 1, 0.5, 1_800_000_000, 253402300799])
@pytest.mark.spec("RFC 7519 §2")
def test_number_up_to_the_year_9999_is_a_time(value: Any) -> None:
    """A time is a number of seconds, not a boolean or a string."""
    assert numeric_date.is_numeric_date(value)


@pytest.mark.parametrize(
    "value",
    [-1, -0.5, 253402300800, 10**400, float("nan"), float("inf"), True, False, "1", None, [1]],
    ids=lambda value: repr(value)[:20],
)
@pytest.mark.spec("RFC 7519 §2")
def test_any_other_value_is_not_a_time(value: Any) -> None:
    assert not numeric_date.is_numeric_date(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 (1970-01-01 00:00:00 UTC)"),
        (1_800_000_000.5, "1800000000.5 (2027-01-15 08:00:00 UTC)"),
        (253402300799, "253402300799 (9999-12-31 23:59:59 UTC)"),
    ],
)
def test_time_is_shown_as_number_and_date(value: float, text: str) -> None:
    assert numeric_date.shown(value) == text


@pytest.fixture
def local_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in a time zone nine hours ahead of UTC."""
    monkeypatch.setenv("TZ", "EAST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_time_is_shown_in_utc_whatever_the_local_time(local_time: None) -> None:
    assert numeric_date.shown(0) == "0 (1970-01-01 00:00:00 UTC)"
