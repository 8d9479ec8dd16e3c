"""The claims of ID tokens (OpenID Connect Core §2) and JWT access tokens (RFC 9068 §2.2)."""

from typing import Any

import pytest

from op.protocol.authorization.authentication_context import ACR
from op.protocol.tokens.claims import (
    ACCESS_TOKEN_TYPE,
    ID_TOKEN_CLAIMS,
    ID_TOKEN_TYPE,
    USERINFO_TYPE,
    access_token_claims,
    at_hash,
    id_token_claims,
)
from op.records import AccessToken, Grant, User

ISSUER = "https://op.test"
USER = User(
    sub="user0",
    username="user0",
    password_hash="",
    claims={"email": "a@b.c", "nickname": "Zero", "iss": "forged", "sub": "forged", "acr": "forged"},
)
PROTOCOL = {
    "iss": ISSUER,
    "sub": "pairwise",
    "aud": "app",
    "exp": 160,
    "iat": 100,
    "auth_time": 90,
    "sid": "sid",
}


def id_token(claims: dict[str, Any] | None = None, scope: str = "", **changes: Any) -> dict[str, Any]:
    grant = Grant(
        gid="gid", client_id="app", sub="pairwise", scope="openid", auth_time=90, sid="sid", claims=claims or {}
    )
    arguments: dict[str, Any] = {"nonce": None, "access_token": None} | changes
    return id_token_claims(issuer=ISSUER, grant=grant, user=USER, scope=scope, now=100, ttl=60, **arguments)


@pytest.mark.spec("RFC 8725 §3.11")
@pytest.mark.spec("RFC 9068 §2.1")
def test_types_of_tokens_differ() -> None:
    assert (ID_TOKEN_TYPE, USERINFO_TYPE, ACCESS_TOKEN_TYPE) == ("JWT", "userinfo+jwt", "at+jwt")


@pytest.mark.spec("OpenID Connect Core §2")
@pytest.mark.spec("OpenID Connect Front-Channel Logout §3")
def test_protocol_claims_of_an_id_token() -> None:
    """Discovery publishes the claims of the protocol, and no claim about the user replaces them."""
    assert " ".join(ID_TOKEN_CLAIMS) == "iss sub aud exp iat auth_time nonce at_hash sid acr amr"


@pytest.mark.parametrize(
    ("claims", "scope", "more"),
    [
        pytest.param({}, "", {}, id="no scope"),
        pytest.param({}, "openid email", {"email": "a@b.c"}, id="§5.4 by scope"),
        pytest.param({"id_token": {"nickname": {}}}, "openid", {"nickname": "Zero"}, id="§5.5 one by one"),
        pytest.param({"userinfo": {"nickname": {}}}, "openid", {}, id="§5.5 for UserInfo"),
        pytest.param({"id_token": {"acr": {}, "amr": {}}}, "", {"acr": ACR, "amr": ["pwd"]}, id="§2 acr, amr"),
        pytest.param(
            {"id_token": {"iss": {}, "sub": {}, "nonce": {"value": "x"}}}, "openid", {}, id="§2 the protocol's own"
        ),
    ],
)
@pytest.mark.spec("OpenID Connect Core §2")
def test_id_token_has_claims_of_scope_and_request(claims: dict[str, Any], scope: str, more: dict[str, Any]) -> None:
    """An id_token has no client_id, scope or jti."""
    assert id_token(claims, scope) == PROTOCOL | more


@pytest.mark.spec("OpenID Connect Core §2, §3.1.3.6")
def test_id_token_has_nonce_and_at_hash() -> None:
    assert id_token(nonce="nonce", access_token="token") == PROTOCOL | {"nonce": "nonce", "at_hash": at_hash("token")}


@pytest.mark.spec("OpenID Connect Core §3.1.3.6")
def test_at_hash_matches_the_example_of_core() -> None:
    """`at_hash` is that of the example in appendix A.3."""
    assert at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"


@pytest.mark.parametrize("scope", ["openid email", ""])
@pytest.mark.spec("RFC 9068 §2.2, §2.2.3")
def test_access_token_has_the_claims_of_rfc_9068(scope: str) -> None:
    """The scope is included if there is one."""
    token = AccessToken(
        gid="gid", client_id="app", sub="user0", scope=scope, audience="api", issued_at=100, expires_at=400
    )
    assert access_token_claims(ISSUER, token, "jti") == {
        "iss": ISSUER,
        "sub": "user0",
        "aud": "api",
        "client_id": "app",
        "exp": 400,
        "iat": 100,
        "jti": "jti",
    } | ({"scope": scope} if scope else {})
