"""The authorization response (RFC 6749 §4.1.2) and its response modes."""

import pytest

from op.errors import AccessDenied
from op.protocol.authorization.response import (
    RESPONSE_MODES,
    RESPONSE_TYPE,
    code_response,
    encoding,
    error_response,
    is_signed,
    known_mode,
    response_claims,
    token_response,
    with_fragment,
    with_query,
)
from op.protocol.authorization.response_type import GRANT_TYPE_OF, canonical, needs_fragment

ISSUER = "https://op.test"


@pytest.mark.parametrize("state", ["state", None])
@pytest.mark.spec("RFC 6749 §4.1.2")
@pytest.mark.spec("RFC 9207 §2")
def test_code_response_has_code_state_and_iss(state: str | None) -> None:
    expected = {"code": "code", "iss": ISSUER} | ({} if state is None else {"state": state})
    assert code_response("code", state, ISSUER) == expected


@pytest.mark.parametrize("state", ["state", None])
@pytest.mark.spec("RFC 6749 §4.1.2.1")
def test_error_response_has_error_state_and_iss(state: str | None) -> None:
    """An error response has error, state and iss. The private detail is not sent."""
    expected = {"error": "access_denied", "error_description": "no", "iss": ISSUER}
    expected |= {} if state is None else {"state": state}
    assert error_response(AccessDenied("no", "private"), state, ISSUER) == expected


@pytest.mark.spec("OpenID Connect Core §3.2.2.5")
@pytest.mark.spec("RFC 6749 §4.2.2")
def test_token_response_has_the_tokens() -> None:
    response = token_response("jwt", "state", ISSUER, access_token="token", expires_in=300, scope="openid")
    assert response == {
        "id_token": "jwt",
        "state": "state",
        "iss": ISSUER,
        "access_token": "token",
        "token_type": "Bearer",
        "expires_in": "300",
        "scope": "openid",
    }


def test_token_response_without_access_token_has_no_scope() -> None:
    response = token_response("jwt", None, ISSUER, access_token=None, expires_in=300, scope="openid")
    assert response == {"id_token": "jwt", "iss": ISSUER}


@pytest.mark.spec("OAuth 2.0 Multiple Response Types §2.1")
@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
@pytest.mark.spec("JARM §2.3")
def test_supported_response_modes() -> None:
    """Discovery publishes the response modes."""
    assert " ".join(RESPONSE_MODES) == "query fragment form_post query.jwt fragment.jwt form_post.jwt jwt"
    assert str(RESPONSE_TYPE) == "JWT"


@pytest.mark.parametrize(
    ("mode", "response_type", "known"),
    [
        pytest.param(None, "code", "query", id="Multiple Response Types §2.1 the default"),
        pytest.param(None, "id_token", "fragment", id="Multiple Response Types §5 the default"),
        pytest.param(None, "id_token token", "fragment", id="the default of two tokens"),
        pytest.param(None, None, "query", id="no response_type"),
        pytest.param("query", "code", "query", id="query"),
        pytest.param("query", "id_token", "fragment", id="no tokens in a query"),
        pytest.param("fragment", "code", "fragment", id="fragment"),
        pytest.param("form_post", "code", "form_post", id="form_post"),
        pytest.param("form_post", "id_token", "form_post", id="form_post with tokens"),
        pytest.param("jwt", "code", "query.jwt", id="JARM §2.3.4 jwt"),
        pytest.param("jwt", "id_token", "fragment.jwt", id="JARM §2.3.4 jwt with tokens"),
        pytest.param("query.jwt", "code", "query.jwt", id="JARM §2.3.1"),
        pytest.param("query.jwt", "id_token", "fragment.jwt", id="JARM §2.3.1 no tokens in a query"),
        pytest.param("fragment.jwt", "code", "fragment.jwt", id="JARM §2.3.2"),
        pytest.param("form_post.jwt", "id_token", "form_post.jwt", id="JARM §2.3.3"),
        pytest.param("web_message", "code", "query", id="an unknown mode"),
        pytest.param("web_message", "id_token", "fragment", id="an unknown mode with tokens"),
    ],
)
@pytest.mark.spec("OAuth 2.0 Multiple Response Types §2.1")
def test_response_mode_has_a_default(mode: str | None, response_type: str | None, known: str) -> None:
    assert known_mode(mode, response_type) == known


@pytest.mark.parametrize(
    ("mode", "signed", "travels"),
    [
        ("query", False, "query"),
        ("fragment", False, "fragment"),
        ("form_post", False, "form_post"),
        ("query.jwt", True, "query"),
        ("fragment.jwt", True, "fragment"),
        ("form_post.jwt", True, "form_post"),
    ],
)
def test_mode_determines_the_encoding(mode: str, signed: bool, travels: str) -> None:
    assert (is_signed(mode), encoding(mode)) == (signed, travels)


@pytest.mark.spec("JARM §2.1")
def test_signed_response_has_audience_and_expiry() -> None:
    """JARM §2.1."""
    assert response_claims({"code": "c", "iss": ISSUER}, "app", 60) == {
        "code": "c",
        "iss": ISSUER,
        "aud": "app",
        "exp": 60,
    }


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://a/b", "http://a/b?x=1+2"),
        ("http://a/b?y=%20", "http://a/b?y=%20&x=1+2"),
        ("http://a/b?y=1&", "http://a/b?y=1&x=1+2"),
        ("app:/callback", "app:/callback?x=1+2"),
        ("myapp:///callback", "myapp:///callback?x=1+2"),
        ("HTTPS://A/b?", "HTTPS://A/b?x=1+2"),
    ],
)
@pytest.mark.spec("RFC 6749 §3.1.2")
def test_parameters_are_added_to_the_query(uri: str, expected: str) -> None:
    """The query of a redirect URI is kept, and the response is added to it."""
    assert with_query(uri, {"x": "1 2", "state": None}) == expected


@pytest.mark.parametrize("uri", ["http://a/b", "http://a/b?c=d"])
def test_uri_without_parameters_is_unchanged(uri: str) -> None:
    assert with_query(uri, {"state": None}) == uri


def test_parameters_are_added_as_the_fragment() -> None:
    assert with_fragment("http://a/b?c=d", {"x": "1 2", "y": "&"}) == "http://a/b?c=d#x=1+2&y=%26"


@pytest.mark.parametrize(
    ("response_type", "expected"),
    [("code", "code"), ("token id_token", "id_token token"), ("id_token  token", " id_token token"), ("", "")],
)
@pytest.mark.spec("RFC 6749 §3.1.1")
def test_order_of_response_type_does_not_matter(response_type: str, expected: str) -> None:
    """The values of response_type may be in any order, separated by single spaces."""
    assert canonical(response_type) == expected


@pytest.mark.parametrize(
    ("response_type", "expected"),
    [
        (None, False),
        ("", False),
        ("code", False),
        ("none", False),
        ("code\tid_token", False),
        ("token", True),
        ("id_token", True),
        ("code id_token", True),
        ("id_tokens", False),
    ],
)
@pytest.mark.spec("OAuth 2.0 Multiple Response Types §5")
def test_tokens_are_never_sent_in_a_query(response_type: str | None, expected: bool) -> None:
    """Multiple Response Types §5."""
    assert needs_fragment(response_type) is expected


@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2")
def test_each_response_type_has_a_grant_type() -> None:
    grant_types = dict(GRANT_TYPE_OF)
    assert grant_types == {"code": "authorization_code", "id_token": "implicit", "id_token token": "implicit"}
