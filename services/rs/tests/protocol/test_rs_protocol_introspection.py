"""The checks of an introspection response in Mode A, one for each rule (RFC 7662 §2.2)."""

from typing import Any

import pytest

from rs.errors import InvalidToken, ProviderUnusable
from rs.protocol import introspection
from rs.protocol.claims import Expected
from rs.protocol.verified_token import VerifiedToken
from servicekit.clock import CLOCK_AHEAD, REUSABLE_EXPIRY_LEEWAY

NOW = 1_800_000_000
EXPECTED = Expected("http://op.test", "resource-server")
RESPONSE = {
    "active": True,
    "iss": "http://op.test",
    "sub": "user0",
    "aud": "resource-server",
    "client_id": "demo-client",
    "scope": "openid profile",
    "token_type": "Bearer",
    "exp": NOW + 300,
}


def response_with(change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**RESPONSE, **change}.items() if value is not None}


def test_active_response_is_a_verified_token():
    assert introspection.process(RESPONSE, EXPECTED, NOW) == VerifiedToken(
        "user0", "demo-client", frozenset({"openid", "profile"}), NOW + 300.0
    )


@pytest.mark.spec("RFC 7662 §2.2")
def test_optional_members_may_be_absent():
    """Issuer, audience, times and subject of an active token are checked as well."""
    response = {"active": True, "sub": "user0", "aud": ["resource-server"]}
    assert introspection.process(response, EXPECTED, NOW) == VerifiedToken("user0", None, frozenset(), None)


@pytest.mark.parametrize("token_type", ["Bearer", "bearer", "access_token", "ACCESS_TOKEN"])
def test_token_type_may_have_two_values(token_type):
    response = response_with({"token_type": token_type})
    assert introspection.process(response, EXPECTED, NOW).sub == "user0"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"active": False}, id="active is false"),
        pytest.param({"aud": "other"}, id="aud another"),
        pytest.param({"aud": ["other"]}, id="aud without this server"),
        pytest.param({"aud": None}, id="aud missing"),
        pytest.param({"iss": "http://other.test"}, id="iss another"),
        pytest.param({"token_type": "refresh_token"}, id="token_type of a refresh token"),
        pytest.param({"token_type": "DPoP"}, id="token_type that needs a proof"),
        pytest.param({"token_type": 1}, id="token_type no string"),
        pytest.param({"exp": NOW - REUSABLE_EXPIRY_LEEWAY}, id="exp passed"),
        pytest.param({"exp": True}, id="exp a boolean"),
        pytest.param({"nbf": NOW + CLOCK_AHEAD + 1}, id="nbf not reached"),
        pytest.param({"sub": None}, id="sub missing"),
        pytest.param({"client_id": 1}, id="client_id no string"),
        pytest.param({"scope": ["profile"]}, id="scope a list"),
    ],
)
@pytest.mark.spec("RFC 7519 §4.1.5", "RFC 7662 §2.2, §4")
def test_invalid_response_makes_the_token_invalid(change):
    """RFC 7519 §4.1.5: `nbf`, if present, is not in the future.

    RFC 7662 §4: A refresh token gives no access to the resource server, although it is active.
    """
    with pytest.raises(InvalidToken):
        introspection.process(response_with(change), EXPECTED, NOW)


@pytest.mark.parametrize("active", [None, "true", 1, [True]], ids=["missing", "a string", "a number", "a list"])
@pytest.mark.spec("RFC 7662 §2.2")
def test_active_must_be_a_boolean(active):
    """`active` must be the boolean true. A response without a boolean is a fault of the provider, and the token
    is not judged by it.
    """
    with pytest.raises(ProviderUnusable):
        introspection.process(response_with({"active": active}), EXPECTED, NOW)
