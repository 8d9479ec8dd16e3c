"""The introspection response (RFC 7662 §2.2), also as a JWT (RFC 9701)."""

from typing import Any

import pytest
from protocol_testing import client

from op.protocol.tokens.introspection import (
    INACTIVE,
    INTROSPECTION_MEDIA_TYPE,
    INTROSPECTION_TYPE,
    introspection_claims,
    introspection_response,
    may_introspect,
    wants_jwt,
)
from op.records import AccessToken, RefreshToken

ISSUER = "https://op.test"
COMMON: dict[str, Any] = {
    "gid": "gid", "client_id": "app", "sub": "user0", "scope": "openid", "issued_at": 100, "expires_at": 400
}  # fmt: skip
ACCESS = AccessToken(audience="api", **COMMON)
REFRESH = RefreshToken(**COMMON)


@pytest.mark.parametrize(
    ("client_id", "audiences", "token", "allowed"),
    [
        pytest.param("app", [], ACCESS, True, id="its own access token"),
        pytest.param("app", [], REFRESH, True, id="its own refresh token"),
        pytest.param("api", [], ACCESS, True, id="the audience"),
        pytest.param("gateway", ["x", "api"], ACCESS, True, id="registered for the audience"),
        pytest.param("gateway", ["x"], ACCESS, False, id="registered for another audience"),
        pytest.param("other", [], ACCESS, False, id="another client"),
        pytest.param("other", [], REFRESH, False, id="another client's refresh token"),
        pytest.param("api", ["api"], REFRESH, False, id="a refresh token has no audience"),
    ],
)
@pytest.mark.spec("RFC 7662 §4")
def test_only_client_and_audience_may_introspect(
    client_id: str, audiences: list[str], token: AccessToken | RefreshToken, allowed: bool
) -> None:
    caller = client(client_id=client_id, introspection_audience=audiences)
    assert may_introspect(caller, token) is allowed


@pytest.mark.parametrize(
    ("token", "more"),
    [
        pytest.param(ACCESS, {"aud": "api", "token_type": "Bearer"}, id="an access token"),
        pytest.param(REFRESH, {}, id="a refresh token"),
    ],
)
@pytest.mark.spec("RFC 7662 §2.2")
def test_active_token_is_described(token: AccessToken | RefreshToken, more: dict[str, Any]) -> None:
    """RFC 7662 §2.2."""
    assert introspection_response(ISSUER, token) == {
        "active": True,
        "iss": ISSUER,
        "sub": "user0",
        "client_id": "app",
        "scope": "openid",
        "iat": 100,
        "exp": 400,
        **more,
    }
    assert dict(INACTIVE) == {"active": False}


@pytest.mark.spec("RFC 9701 §4, §5")
def test_media_type_is_that_of_rfc_9701() -> None:
    names = f"{INTROSPECTION_MEDIA_TYPE} {INTROSPECTION_TYPE}"
    assert names == "application/token-introspection+jwt token-introspection+jwt"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (INTROSPECTION_MEDIA_TYPE, True),
        (INTROSPECTION_MEDIA_TYPE.upper(), True),
        (f"application/json;q=0.5, {INTROSPECTION_MEDIA_TYPE} ; q=0.9", True),
        (f"{INTROSPECTION_MEDIA_TYPE};q=0.001", True),
        (f"{INTROSPECTION_MEDIA_TYPE};x=q=0", True),
        (f"{INTROSPECTION_MEDIA_TYPE};q=0, application/json", False),
        (f"{INTROSPECTION_MEDIA_TYPE};q=0.", False),
        (f"{INTROSPECTION_MEDIA_TYPE};a=b; Q=0.000", False),
        ("application/json", False),
        ("*/*", False),
        (",", False),
        ("", False),
        (None, False),
    ],
)
@pytest.mark.spec("RFC 9110 §12.4.2", "RFC 9701 §4")
def test_jwt_is_sent_if_accept_names_it(accept: str | None, wanted: bool) -> None:
    """RFC 9701 §4, RFC 9110 §12.4.2."""
    assert wants_jwt(accept) is wanted


@pytest.mark.spec("RFC 9701 §5")
def test_signed_response_is_for_one_caller() -> None:
    assert introspection_claims(ISSUER, client(), {"active": False}, 100) == {
        "iss": ISSUER,
        "aud": "app",
        "iat": 100,
        "token_introspection": {"active": False},
    }
