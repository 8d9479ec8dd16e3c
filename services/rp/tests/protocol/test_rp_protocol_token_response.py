"""The token response (RFC 6749 §5, OpenID Connect Core §3.1.3.3)."""

import json
from typing import Any

import pytest
from rp_protocol_testing import ABSENT, changed, refused

from rp.check import Check
from rp.errors import TokenRequestRefused, TokenResponseRefused
from rp.protocol.tokens import token_response
from rp.protocol.tokens.token_response import TokenResponse, require_id_token

RESPONSE: dict[str, Any] = {"access_token": "at", "token_type": "Bearer"}
TEN_YEARS = 10 * 365 * 24 * 3600
TOKEN, OPTIONAL = "a token", "a token, or none"


def processed(**changes: Any) -> TokenResponse:
    return token_response.process(200, json.dumps(changed(RESPONSE, **changes)).encode())


def row(name: str, expected: str, found: str, section: str = "RFC 6749 §5.1") -> Check:
    return Check(name, section, expected, found)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, TokenResponse("at", None, None, None, None), id="what is required"),
        pytest.param(
            {"refresh_token": "rt", "id_token": "it", "scope": "openid", "expires_in": 300},
            TokenResponse("at", "rt", "it", "openid", 300),
            id="everything",
        ),
        pytest.param(
            {"refresh_token": None}, TokenResponse("at", None, None, None, None), id="null instead of a token"
        ),
        pytest.param({"expires_in": "3600"}, TokenResponse("at", None, None, None, 3600), id="a number in quotes"),
        pytest.param({"expires_in": 0}, TokenResponse("at", None, None, None, 0), id="the shortest life"),
        pytest.param({"expires_in": TEN_YEARS}, TokenResponse("at", None, None, None, TEN_YEARS), id="the longest"),
        pytest.param({"scope": None, "expires_in": None}, TokenResponse("at", None, None, None, None), id="nulls"),
    ],
)
def test_token_response_is_read(changes: dict[str, Any], expected: TokenResponse) -> None:
    assert processed(**changes) == expected


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER"])
@pytest.mark.spec("RFC 6749 §7.1")
def test_token_type_is_case_insensitive(kind: str) -> None:
    """RFC 6749 §7.1."""
    assert processed(token_type=kind).access_token == "at"


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        pytest.param({"token_type": "DPoP"}, row("token_type", "Bearer", "DPoP", "RFC 6749 §7.1"), id="another type"),
        pytest.param({"token_type": 7}, row("token_type", "Bearer", "7", "RFC 6749 §7.1"), id="a type in numbers"),
        pytest.param({"token_type": ABSENT}, row("token_type", "Bearer", "absent", "RFC 6749 §7.1"), id="no type"),
        pytest.param({"access_token": ABSENT}, row("access_token", TOKEN, "absent"), id="no access_token"),
        pytest.param({"access_token": ""}, row("access_token", TOKEN, "a short string"), id="an empty access_token"),
        pytest.param({"access_token": "a b"}, row("access_token", TOKEN, "a short string"), id="§A.12 a space"),
        pytest.param({"access_token": "a\r\nb"}, row("access_token", TOKEN, "a short string"), id="§A.12 a line feed"),
        pytest.param({"access_token": "ä"}, row("access_token", TOKEN, "a short string"), id="§A.12 not ASCII"),
        pytest.param({"refresh_token": 7}, row("refresh_token", OPTIONAL, "not a string"), id="refresh_token: 7"),
        pytest.param({"refresh_token": ""}, row("refresh_token", OPTIONAL, "a short string"), id="no refresh_token"),
        pytest.param({"id_token": None}, row("id_token", OPTIONAL, "absent"), id="id_token: null"),
        pytest.param({"id_token": []}, row("id_token", OPTIONAL, "not a string"), id="id_token: a list"),
        pytest.param({"scope": ["a"]}, row("scope", "a string", '["a"]', "RFC 6749 §3.3"), id="scope: a list"),
        *(
            pytest.param({"expires_in": sent}, row("expires_in", "a number of seconds", shown), id=f"expires_in {sent}")
            for sent, shown in (
                ("soon", "soon"),
                (" 1", " 1"),
                ("-1", "-1"),
                ("1234567890", "1234567890"),
                ("", "an empty string"),
                (True, "true"),
                (1.5, "1.5"),
                (-1, "-1"),
                (TEN_YEARS + 1, "315360001"),
                (str(TEN_YEARS + 1), "315360001"),
            )
        ),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.3.5")
@pytest.mark.spec("RFC 6749 §3.3, §5.1, §7.1, §A.12")
def test_invalid_token_response_is_rejected(changes: dict[str, Any], check: Check) -> None:
    with refused(TokenResponseRefused, check):
        processed(**changes)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "not valid JSON", id="empty"),
        pytest.param(b"<html>", "not valid JSON", id="HTML"),
        pytest.param(b"[]", "not a JSON object", id="a list"),
        pytest.param(b"\xff", "text that is not valid Unicode", id="not UTF-8"),
        pytest.param(b"{" * 70_000, "more than 65536 bytes", id="70 KB"),
    ],
)
@pytest.mark.spec("RFC 6749 §5.1")
def test_token_response_must_be_a_json_object(body: bytes, reason: str) -> None:
    """The relying party accepts a token response only if each of its members has the required type."""
    with refused(TokenResponseRefused, row("token response", "a JSON object", reason)):
        token_response.process(200, body)


@pytest.mark.parametrize(
    ("status", "body", "code", "page"),
    [
        pytest.param(400, '{"error":"invalid_grant"}', "invalid_grant", 400, id="the code or token"),
        pytest.param(401, '{"error":"invalid_client"}', "invalid_client", 502, id="the registration"),
        pytest.param(404, "not found", "HTTP 404", 502, id="not JSON"),
        pytest.param(400, '{"error":7,"error_description":8}', "HTTP 400", 502, id="numbers"),
        pytest.param(400, '{"error":""}', "HTTP 400", 502, id="an empty error"),
        pytest.param(302, "", "HTTP 302", 502, id="a redirect"),
        pytest.param(201, '{"access_token":"at","token_type":"Bearer"}', "HTTP 201", 502, id="another success"),
    ],
)
@pytest.mark.spec("RFC 6749 §5.2")
def test_refused_token_request_keeps_the_error(status: int, body: str, code: str, page: int) -> None:
    """RFC 6749 §5.2."""
    with pytest.raises(TokenRequestRefused) as error:
        token_response.process(status, body.encode())
    assert (error.value.code, error.value.status) == (code, page)
    assert "says" not in error.value.explanation


def test_refused_token_request_keeps_the_description() -> None:
    with pytest.raises(TokenRequestRefused, match=r"^invalid_grant$") as error:
        token_response.process(400, b'{"error":"invalid_grant","error_description":"the code is <spent>"}')
    assert error.value.explanation.endswith("says: the code is <spent>")


@pytest.mark.spec("OpenID Connect Core §3.1.3.3")
def test_id_token_is_required_for_a_sign_in() -> None:
    """A sign-in without an id_token is rejected."""
    assert require_id_token(processed(id_token="it")) == "it"
    with refused(TokenResponseRefused, Check("id_token", "OIDC Core §3.1.3.3", "an ID token", "absent")):
        require_id_token(processed())
