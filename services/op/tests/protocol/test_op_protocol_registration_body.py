"""The body of a registration (RFC 7591 §3.1)."""

import pytest
from protocol_testing import refused

from op.errors import InvalidClientMetadata, InvalidRequest, OAuthError
from op.protocol.clients.registration import parse_metadata
from servicekit.web.endpoints import Request

JSON = [(b"content-type", b"application/json")]


@pytest.mark.parametrize(
    "content_type", [b"application/json", b"Application/JSON; charset=utf-8", b" application/json ;"], ids=repr
)
@pytest.mark.spec("RFC 7591 §3.1")
def test_metadata_is_a_json_object(content_type: bytes) -> None:
    request = Request("POST", "/register", b"", [(b"content-type", content_type)], '{"a": ["é"]}'.encode())
    assert parse_metadata(request) == {"a": ["é"]}


@pytest.mark.parametrize(
    ("headers", "body", "error", "description"),
    [
        pytest.param([], b"{}", InvalidRequest, "The content type must be application/json.", id="no content type"),
        pytest.param(
            [(b"content-type", b"text/json")],
            b"{}",
            InvalidRequest,
            "The content type must be application/json.",
            id="another",
        ),
        *(
            pytest.param(JSON, body, InvalidClientMetadata, "The body is not valid JSON.", id=name)
            for name, body in (
                ("empty", b""),
                ("no JSON", b"x"),
                ("no UTF-8", b"\xff"),
                ("nested too deeply", b"[" * 60_000),
                ("half a character", b'{"a": "\\ud800"}'),
            )
        ),
        pytest.param(JSON, b"[]", InvalidClientMetadata, "The client metadata must be a JSON object.", id="a list"),
        pytest.param(JSON, b"null", InvalidClientMetadata, "The client metadata must be a JSON object.", id="null"),
    ],
)
def test_malformed_metadata_is_rejected(
    headers: list[tuple[bytes, bytes]], body: bytes, error: type[OAuthError], description: str
) -> None:
    with refused(error, description):
        parse_metadata(Request("POST", "/register", b"", headers, body))
