"""The checks of single claims (RFC 7519 §4.1, RFC 8693 §4): their limits, and what is logged."""

from typing import Any

import pytest

from rs.errors import InvalidToken
from rs.protocol import claims
from rs.protocol.claims import Check, Expected
from servicekit.clock import CLOCK_AHEAD, REUSABLE_EXPIRY_LEEWAY

NOW = 1_800_000_000
LAST_SECOND = 253_402_300_799
EXPECTED = Expected("http://op.test", "resource-server")


@pytest.mark.parametrize(
    ("check", "sent"),
    [
        pytest.param(claims.check_issuer, {"iss": "http://op.test"}, id="iss"),
        pytest.param(claims.check_audience, {"aud": "resource-server"}, id="aud"),
        pytest.param(claims.check_audience, {"aud": ["a", "resource-server"]}, id="aud among others"),
        pytest.param(claims.check_expiration, {"exp": NOW - REUSABLE_EXPIRY_LEEWAY + 0.5}, id="exp within the leeway"),
        pytest.param(claims.check_expiration, {"exp": LAST_SECOND}, id="exp at the end of the year 9999"),
        pytest.param(claims.check_issued_at, {"iat": NOW + CLOCK_AHEAD}, id="iat of a clock that is ahead"),
        pytest.param(claims.check_issued_at, {"iat": 0}, id="iat at the epoch"),
        pytest.param(claims.check_not_before, {"nbf": NOW + CLOCK_AHEAD}, id="nbf of a clock that is ahead"),
        pytest.param(claims.check_subject, {"sub": "u"}, id="sub of one character"),
        pytest.param(claims.check_subject, {"sub": "u" * 255}, id="sub of 255 characters"),
        pytest.param(claims.check_scope, {"scope": ""}, id="an empty scope"),
        pytest.param(claims.check_client_id, {"client_id": "app"}, id="client_id"),
        pytest.param(claims.check_jwt_id, {"jti": "1"}, id="jti"),
    ],
)
def test_claim_at_its_bound_is_accepted(check: Check, sent: dict[str, Any]) -> None:
    check(sent, EXPECTED, NOW)


@pytest.mark.parametrize(
    ("check", "sent", "detail"),
    [
        pytest.param(claims.check_issuer, {"iss": "x"}, "iss is 'x', not 'http://op.test'", id="iss"),
        pytest.param(claims.check_audience, {"aud": ["x"]}, "aud is ['x'], without 'resource-server'", id="aud"),
        pytest.param(
            claims.check_expiration, {"exp": NOW - REUSABLE_EXPIRY_LEEWAY}, "the token has expired", id="exp passed"
        ),
        pytest.param(claims.check_expiration, {"exp": True}, "exp is True", id="exp a boolean"),
        pytest.param(claims.check_expiration, {"exp": LAST_SECOND + 1}, "exp is not a time", id="exp too late"),
        pytest.param(claims.check_expiration, {"exp": -1}, "exp is not a time", id="exp before the epoch"),
        pytest.param(claims.check_issued_at, {"iat": NOW + CLOCK_AHEAD + 1}, "iat is in the future", id="iat"),
        pytest.param(claims.check_issued_at, {}, "iat is None", id="iat missing"),
        pytest.param(claims.check_not_before, {"nbf": NOW + CLOCK_AHEAD + 1}, "nbf is in the future", id="nbf"),
        pytest.param(claims.check_not_before, {"nbf": "x"}, "nbf is 'x'", id="nbf a string"),
        pytest.param(claims.check_subject, {"sub": ""}, "sub is ''", id="sub empty"),
        pytest.param(claims.check_subject, {"sub": 7}, "sub is 7", id="sub a number"),
        pytest.param(claims.check_scope, {"scope": ["a"]}, "scope is ['a']", id="scope a list"),
        pytest.param(claims.check_client_id, {}, "client_id is None", id="client_id missing"),
        pytest.param(claims.check_jwt_id, {"jti": 1}, "jti is 1", id="jti a number"),
    ],
)
def test_invalid_claim_is_named_in_the_log(check: Check, sent: dict[str, Any], detail: str) -> None:
    with pytest.raises(InvalidToken) as refusal:
        check(sent, EXPECTED, NOW)
    assert refusal.value.detail == detail


def test_optional_claim_is_checked_if_present() -> None:
    seen: list[tuple[claims.Claims, Expected, float]] = []
    check = claims.if_sent("nbf", lambda *given: seen.append(given))
    check({"iat": 1}, EXPECTED, NOW)
    assert seen == []
    check({"nbf": None}, EXPECTED, NOW)
    assert seen == [({"nbf": None}, EXPECTED, NOW)]


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        pytest.param({}, frozenset(), id="no scope"),
        pytest.param({"scope": ""}, frozenset(), id="an empty scope"),
        pytest.param({"scope": "openid"}, frozenset({"openid"}), id="one name"),
    ],
)
def test_scope_is_a_set_of_names(sent: dict[str, Any], names: frozenset[str]) -> None:
    assert claims.scope_names(sent) == names


def test_untrusted_value_is_shortened_in_the_log() -> None:
    assert claims.shown("a\nb") == r"'a\nb'"
    assert len(claims.shown("x" * 1000)) == 80
    assert len(claims.shown([[[[[[["x" * 1000] * 50]]]]]])) < 100
