"""Where a request may have its token (RFC 6750 §2)."""

import pytest

from rs.errors import InvalidRequest, InvalidToken, TokenMissing
from rs.protocol.bearer import TOKEN_LIMIT, bearer_token


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(b"Bearer abc.DEF-_~+/123==", id="every character of b64token"),
        pytest.param(b"bearer abc.DEF-_~+/123==", id="the scheme in lower case"),
        pytest.param(b"BEARER   abc.DEF-_~+/123==", id="more than one space"),
    ],
)
@pytest.mark.spec("RFC 6750 §2.1")
def test_token_is_read_from_the_header(header):
    """The token is sent in the Authorization header, and the scheme is not case-sensitive."""
    assert bearer_token([header], b"page=1", form_body=False) == "abc.DEF-_~+/123=="


def test_token_of_maximum_length_is_accepted():
    token = "a" * TOKEN_LIMIT
    assert bearer_token([f"Bearer {token}".encode()], b"", form_body=False) == token


@pytest.mark.parametrize(
    ("authorization", "query", "form_body", "error"),
    [
        pytest.param([], b"", False, TokenMissing, id="no header"),
        pytest.param([b"Basic abc"], b"", False, TokenMissing, id="another scheme"),
        pytest.param([b"Bearertoken"], b"", False, TokenMissing, id="a scheme that only begins like it"),
        pytest.param([b""], b"", False, TokenMissing, id="an empty header"),
        pytest.param([b"Bearer"], b"", False, InvalidRequest, id="only the scheme"),
        pytest.param([b"Bearer "], b"", False, InvalidRequest, id="the scheme and a space"),
        pytest.param([b"Bearer a", b"Bearer a"], b"", False, InvalidRequest, id="two headers"),
        pytest.param([b"Bearer a"], b"access_token=a", False, InvalidRequest, id="a token in header and query"),
        pytest.param([], b"access_token=a", False, InvalidRequest, id="a token in the query"),
        pytest.param([], b"%61ccess_token=a", False, InvalidRequest, id="a token in the query, percent-encoded"),
        pytest.param([], b"a=%ff", False, InvalidRequest, id="a query that is not UTF-8"),
        pytest.param([b"Bearer a"], b"", True, InvalidRequest, id="a form body"),
        pytest.param([b"Bearer a b"], b"", False, InvalidToken, id="a space in the token"),
        pytest.param([b"Bearer a,Bearer b"], b"", False, InvalidToken, id="two tokens, joined by a comma"),
        pytest.param([b"Bearer \xc3\xa9"], b"", False, InvalidToken, id="not ASCII"),
        pytest.param([b"Bearer a\x00b"], b"", False, InvalidToken, id="a NUL byte"),
        pytest.param([b"Bearer a\n"], b"", False, InvalidToken, id="a line feed at the end"),
        pytest.param([b"Bearer =a"], b"", False, InvalidToken, id="padding first"),
        pytest.param([b"Bearer " + b"a" * (TOKEN_LIMIT + 1)], b"", False, InvalidToken, id="too long"),
    ],
)
@pytest.mark.spec("RFC 6750 §2, §2.3, §5.3")
def test_other_requests_are_rejected(authorization, query, form_body, error):
    """RFC 6750 §2: A request to the resource server carries one token, in one way."""
    with pytest.raises(error):
        bearer_token(authorization, query, form_body=form_body)
