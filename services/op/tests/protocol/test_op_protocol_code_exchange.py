"""The bindings of codes and refresh tokens (RFC 6749 §4.1.3, §6), and the token request (§3.2)."""

from typing import Any

import pytest
from protocol_testing import client, refused

from op.errors import InvalidGrant, InvalidRequest
from op.protocol.tokens.exchange import check_code, check_refresh_token, is_reuse
from op.protocol.tokens.request import TokenRequest, parse_form, parse_token_request
from op.records import AuthorizationCode, Grant, RefreshToken
from servicekit.web.endpoints import Request
from servicekit.web.parameters import Parameters

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CODE = AuthorizationCode(redirect_uri="http://a/b", expires_at=200, code_challenge=CHALLENGE)
GRANT = Grant(gid="gid", client_id="app", sub="user0", scope="openid", auth_time=0, sid="sid")
INVALID = "The authorization code is invalid."
FORM = [(b"content-type", b"application/x-www-form-urlencoded")]


def token_request(**changes: Any) -> TokenRequest:
    values = {"grant_type": "authorization_code", "redirect_uri": "http://a/b", "code_verifier": VERIFIER} | changes
    return parse_token_request(Parameters({name: value for name, value in values.items() if value is not None}))


def test_code_is_accepted_until_it_expires() -> None:
    check_code(CODE, GRANT, client(), token_request(), 199)


@pytest.mark.parametrize(
    ("client_id", "changes", "now", "refusal"),
    [
        pytest.param("other", {}, 199, (InvalidGrant, INVALID, "issued to another client"), id="another client"),
        pytest.param("app", {}, 200, (InvalidGrant, INVALID, "expired"), id="ended"),
        pytest.param(
            "app",
            {"redirect_uri": None},
            199,
            (InvalidRequest, "The parameter redirect_uri is missing. Send the one from the authorization request."),
            id="no redirect_uri",
        ),
        *(
            pytest.param(
                "app",
                {"redirect_uri": uri},
                199,
                (InvalidGrant, "The redirect_uri differs from the one in the authorization request."),
                id=f"redirect_uri {uri!r}",
            )
            for uri in ("http://a/b/", "http://a/", "", "http://a/é")
        ),
        pytest.param(
            "app",
            {"code_verifier": None},
            199,
            (InvalidGrant, "The parameter code_verifier is missing. The authorization request had a code_challenge."),
            id="RFC 7636 §4.6 no verifier",
        ),
    ],
)
@pytest.mark.spec("RFC 6749 §4.1.3")
def test_code_with_another_binding_is_rejected(client_id: str, changes: dict[str, Any], now: int, refusal: Any) -> None:
    """A code is bound to its client and to its redirect_uri, which must be sent again. A request that fails
    leaves the code usable.
    """
    with refused(*refusal):
        check_code(CODE, GRANT, client(client_id=client_id), token_request(**changes), now)


def refresh_token() -> RefreshToken:
    return RefreshToken(gid="gid", client_id="app", sub="user0", scope="openid", issued_at=100, expires_at=200)


def test_refresh_token_is_accepted_until_it_expires() -> None:
    check_refresh_token(refresh_token(), client(), 199)


@pytest.mark.parametrize(
    ("client_id", "now", "detail"), [("other", 199, "issued to another client"), ("app", 200, "expired")]
)
@pytest.mark.spec("RFC 6749 §6")
def test_refresh_token_with_another_binding_is_rejected(client_id: str, now: int, detail: str) -> None:
    """RFC 6749 §6."""
    with refused(InvalidGrant, "The refresh token is invalid.", detail):
        check_refresh_token(refresh_token(), client(client_id=client_id), now)


@pytest.mark.parametrize(
    ("rotated_at", "now", "grace", "reuse"),
    [
        pytest.param(None, 100, 0, False, id="never used"),
        pytest.param(None, 100, 10, False, id="never used, with a grace period"),
        pytest.param(100, 100, 0, True, id="used, without a grace period"),
        pytest.param(100, 95, 0, True, id="the clock of a replica is behind"),
        pytest.param(100, 109, 10, False, id="within the grace period"),
        pytest.param(100, 110, 10, True, id="after the grace period"),
    ],
)
@pytest.mark.spec("RFC 9700 §4.14.2")
def test_rotated_refresh_token_is_reuse_after_the_grace(
    rotated_at: int | None, now: int, grace: int, reuse: bool
) -> None:
    """RFC 9700 §4.14.2."""
    assert is_reuse(rotated_at, now, grace) is reuse


# --- The token request -----------------------------------------------------------------------------------------------


def test_token_request_has_the_parameters_of_all_grants() -> None:
    values = {
        "grant_type": "x",
        "code": "c",
        "redirect_uri": "r",
        "code_verifier": "v",
        "refresh_token": "t",
        "scope": "s",
        "device_code": "d",
    }
    assert parse_token_request(Parameters(values)) == TokenRequest(**values)
    nothing: dict[str, Any] = dict.fromkeys(values) | {"grant_type": "x"}
    assert parse_token_request(Parameters({"grant_type": "x", "more": "y"})) == TokenRequest(**nothing)


@pytest.mark.spec("RFC 6749 §5.2")
def test_token_request_requires_a_grant_type() -> None:
    """RFC 6749 §5.2."""
    with refused(InvalidRequest, "The parameter grant_type is missing."):
        parse_token_request(Parameters({"code": "c"}))


@pytest.mark.spec("RFC 6749 §3.2")
def test_form_is_read_from_the_body_only() -> None:
    """RFC 6749 §3.2."""
    request = Request("POST", "/token", b"a=query", FORM, b"grant_type=x&scope=a+b")
    assert dict(parse_form(request)) == {"grant_type": "x", "scope": "a b"}


@pytest.mark.parametrize(
    ("headers", "body", "description"),
    [
        pytest.param([], b"a=b", "The content type must be application/x-www-form-urlencoded.", id="no content type"),
        pytest.param(
            [(b"content-type", b"application/json")],
            b"{}",
            "The content type must be application/x-www-form-urlencoded.",
            id="another content type",
        ),
        pytest.param(FORM, b"scope=a&scope=b", "Duplicate parameter: scope.", id="§3.2 a repeated parameter"),
        pytest.param(FORM, b"a=%00", "A parameter contains a control character.", id="NUL"),
        pytest.param(FORM, b"a=1&" * 100, "The request has more than 64 parameters.", id="too many parameters"),
    ],
)
def test_malformed_form_is_rejected(headers: list[tuple[bytes, bytes]], body: bytes, description: str) -> None:
    with refused(InvalidRequest, description):
        parse_form(Request("POST", "/token", b"", headers, body))


@pytest.mark.spec("RFC 6749 §3.1, §3.2")
def test_parameter_without_a_value_is_absent() -> None:
    """A parameter without a value is treated as if it were omitted."""
    assert dict(parse_form(Request("POST", "/token", b"", FORM, b"grant_type=x&scope="))) == {"grant_type": "x"}
