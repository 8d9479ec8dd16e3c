"""The errors that clients get (RFC 6749 §5.2, RFC 6750 §3)."""

import json

import pytest

from op.errors import (
    InsufficientScope,
    InvalidClient,
    InvalidToken,
    OAuthError,
    TemporarilyUnavailable,
    TokenMissing,
    TooManyRegistrations,
)
from op.web.errors import json_error

NEEDED = "The access token lacks the scope openid."


def test_error_has_a_public_description_and_a_private_detail() -> None:
    error = OAuthError("public", "private")
    assert (error.description, error.detail, str(error)) == ("public", "private", "private")
    assert (OAuthError("public").detail, str(OAuthError("public"))) == (None, "public")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('a "quoted" text', "a ?quoted? text", id="quotes, which would end a quoted string"),
        pytest.param("a\\b", "a?b", id="a backslash"),
        pytest.param("https://ä.example/\u202e", "https://?.example/?", id="no ASCII"),
        pytest.param("a\r\nb\x7f", "a??b?", id="control characters"),
        pytest.param("it's ~ [all] (right): 100%!", "it's ~ [all] (right): 100%!", id="what is allowed"),
    ],
)
@pytest.mark.spec("RFC 6749 §5.2")
@pytest.mark.spec("RFC 6750 §3")
@pytest.mark.spec("RFC 7591 §3.2.2")
def test_description_is_printable_ascii_without_quotes(text: str, said: str) -> None:
    """An error_description is printable ASCII without quotes and backslashes, whatever part of the request it
    quotes.
    """
    assert OAuthError(text).description == said
    assert InvalidToken(text).headers[0][1].endswith(f'error_description="{said}"')


@pytest.mark.parametrize(
    ("error", "header"),
    [
        (InvalidClient("x"), ("www-authenticate", 'Basic realm="Trefoil", charset="UTF-8"')),
        (TokenMissing("x"), ("www-authenticate", 'Bearer realm="Trefoil"')),
        (
            InvalidToken("x"),
            ("www-authenticate", 'Bearer realm="Trefoil", error="invalid_token", error_description="x"'),
        ),
        (
            InsufficientScope("openid"),
            (
                "www-authenticate",
                f'Bearer realm="Trefoil", error="insufficient_scope", error_description="{NEEDED}", scope="openid"',
            ),
        ),
        (TemporarilyUnavailable("x"), ("retry-after", "1")),
        (TooManyRegistrations("x"), ("retry-after", "3600")),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.spec("RFC 6750 §3.1")
@pytest.mark.spec("RFC 9110 §10.2.3")
def test_error_has_its_headers(error: OAuthError, header: tuple[str, str]) -> None:
    assert error.headers == (header,)


@pytest.mark.spec("RFC 6749 §5.2")
def test_json_error_is_not_cached() -> None:
    """An error for machines is JSON that must not be cached, without the private detail."""
    reply = json_error(InvalidClient("public", "private"))
    assert reply.status == 401
    assert json.loads(reply.body) == {"error": "invalid_client", "error_description": "public"}
    assert {"www-authenticate", "content-type"} < dict(reply.headers).keys()
    assert dict(reply.headers)["cache-control"] == "no-store"
    assert dict(reply.headers)["pragma"] == "no-cache"
