"""The bearer token of a request (RFC 6750 §2)."""

import pytest
from protocol_testing import refused

from op.errors import OAuthError, TokenMissing, TokenUnreadable
from op.protocol.tokens.bearer import bearer_token
from servicekit.web.endpoints import Request

FORM = (b"content-type", b"application/x-www-form-urlencoded")
JSON = (b"content-type", b"application/json")
HEADER = (b"authorization", b"Bearer abc")
IN_QUERY = "The access token must not be in the query. Send it in the Authorization header."
MISSING = "The access token is missing. Send it in the Authorization header."
TWICE = "The access token must be sent in one place only."
UNREADABLE = "The Authorization header is malformed."


def get(*headers: tuple[bytes, bytes], query: bytes = b"", body: bytes = b"") -> Request:
    return Request("GET", "/userinfo", query, list(headers), body)


def post(*headers: tuple[bytes, bytes], body: bytes = b"") -> Request:
    return Request("POST", "/userinfo", b"", list(headers), body)


@pytest.mark.parametrize("value", [b"Bearer abc", b"bearer abc", b"BEARER  abc "], ids=repr)
@pytest.mark.spec("RFC 6750 §2.1")
def test_token_is_read_from_the_header(value: bytes) -> None:
    assert bearer_token(get((b"authorization", value))) == "abc"


@pytest.mark.parametrize("token", ["A", "a.b-c_d~e+f/g", "abc=", "abc=="])
def test_token_has_the_characters_of_a_b64token(token: str) -> None:
    assert bearer_token(get((b"authorization", f"Bearer {token}".encode()))) == token


@pytest.mark.spec("RFC 6750 §2.2")
def test_token_is_read_from_a_form() -> None:
    assert bearer_token(post(FORM, body=b"access_token=abc")) == "abc"
    assert bearer_token(post(FORM, (b"authorization", b"Basic x"), body=b"access_token=abc")) == "abc"


@pytest.mark.parametrize(
    ("request_", "error", "description"),
    [
        pytest.param(get(), TokenMissing, MISSING, id="nothing"),
        pytest.param(get((b"authorization", b"Basic abc")), TokenMissing, MISSING, id="another scheme"),
        pytest.param(get(FORM, body=b"access_token=a"), TokenMissing, MISSING, id="a form with GET"),
        pytest.param(post(FORM, body=b"a=b"), TokenMissing, MISSING, id="a form without it"),
        pytest.param(post(FORM), TokenMissing, MISSING, id="an empty form"),
        pytest.param(post(JSON, body=b"access_token=a"), TokenMissing, MISSING, id="another content type"),
        pytest.param(post(HEADER, FORM, body=b"access_token=a"), TokenUnreadable, TWICE, id="§2 header and form"),
        pytest.param(get(HEADER, query=b"access_token=a"), TokenUnreadable, IN_QUERY, id="§5.3 query and header"),
        pytest.param(get(query=b"access_token=a"), TokenUnreadable, IN_QUERY, id="§5.3 only in the query"),
        pytest.param(get(query=b"%61ccess_token=a"), TokenUnreadable, IN_QUERY, id="§5.3 encoded"),
        pytest.param(
            get(HEADER, query=b"a=%00"), TokenUnreadable, "A parameter contains a control character.", id="a bad query"
        ),
        *(
            pytest.param(get((b"authorization", value)), TokenUnreadable, UNREADABLE, id=repr(value))
            for value in (b"Bearer", b"Bearer ", b"Bearer a b", b'Bearer "a"', b"Bearer =a", b"Bearer a, Bearer b")
        ),
        pytest.param(
            post(FORM, body=b"access_token=a&access_token=b"),
            TokenUnreadable,
            "Duplicate parameter: access_token.",
            id="a repeated parameter",
        ),
    ],
)
def test_missing_or_malformed_token_is_rejected(request_: Request, error: type[OAuthError], description: str) -> None:
    with refused(error, description):
        bearer_token(request_)


@pytest.mark.parametrize("query", [b"hint=no_access_token", b"my_access_token=x", b"a=access_token%3Dx"], ids=repr)
@pytest.mark.spec("RFC 6750 §2.3")
def test_query_value_may_be_access_token(query: bytes) -> None:
    """Only a parameter with the name `access_token` is a token in the query."""
    assert bearer_token(get(HEADER, query=query)) == "abc"
