"""Untrusted JSON and URIs (RFC 8259, RFC 3986)."""

import json
from typing import Any

import pytest

from op.protocol.clients.uri import split_uri
from op.protocol.untrusted_json import parse_json


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize("value", [None, True, 5, 1.5, "x", [], {}, [1, {"a": [2]}], {"a": {"b": []}}], ids=json.dumps)
def test_json_is_parsed(value: Any) -> None:
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize("depth", [1, 19, 20])
def test_json_may_have_twenty_levels(depth: int) -> None:
    assert json.dumps(parse_json(nested(depth))) == nested(depth)


@pytest.mark.parametrize(
    "text",
    [nested(21), nested(968), nested(100_000), '{"a":' * 21 + "1" + "}" * 21, f'[1, {{"a": {nested(19)}}}]'],
    ids=lambda text: f"{text[:12]} {len(text)}",
)
@pytest.mark.spec("RFC 8259")
def test_json_with_more_levels_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"^nested too deeply$"):
        parse_json(text)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_constants_of_javascript_are_rejected(constant: str) -> None:
    with pytest.raises(ValueError, match=rf"^{constant} is not JSON$"):
        parse_json(f'{{"a": [{constant}]}}')


@pytest.mark.parametrize("text", ["", "{", "'a'", b"\xff"], ids=repr)
def test_invalid_json_is_rejected(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


def test_uri_is_split_into_parts() -> None:
    assert split_uri("https://a.test:80/b?c#d") == ("https", "a.test:80", "/b", "c", "d")


@pytest.mark.parametrize("uri", ["https://[::1", "https://a]/"])
def test_malformed_uri_has_no_parts(uri: str) -> None:
    assert split_uri(uri) == ("", "", "", "", "")
