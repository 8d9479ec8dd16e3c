"""POST /token with the client credentials grant (RFC 6749 §4.4)."""

from typing import Any

import pytest
from jose import jwt
from op_testing import ISSUER, REDIRECT_URI, SECRET, RunningProvider, assert_refused

from op.protocol.clients.metadata import client_of

CLIENT = {
    "client_id": "service",
    "client_secret": SECRET,
    "redirect_uris": [REDIRECT_URI],
    "grant_types": ["client_credentials", "refresh_token"],
    "scope": "openid offline_access profile reports",
}


@pytest.fixture
async def service(provider: RunningProvider) -> RunningProvider:
    await provider.op.clients.save(client_of(CLIENT))
    return provider


async def request_token(provider: RunningProvider, client_id: str = "service", **changes: Any) -> Any:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": SECRET, **changes}
    return await provider.token(**form)


@pytest.mark.spec("RFC 6749 §4.4, §4.4.3")
async def test_client_gets_only_an_access_token(service: RunningProvider) -> None:
    """RFC 6749 §4.4.3: The client credentials grant gives no refresh token and no id_token, since nobody logged in."""
    response = await request_token(service)
    tokens = await response.get_json()
    assert response.status_code == 200
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert tokens["scope"] == "profile reports"
    now = int(service.clock())
    assert await service.introspect(tokens["access_token"], "service") == {
        "active": True,
        "iss": ISSUER,
        "sub": "service",
        "client_id": "service",
        "scope": "profile reports",
        "aud": "resource-server",
        "token_type": "Bearer",
        "iat": now,
        "exp": now + 300,
    }


@pytest.mark.spec("RFC 9068 §2.2, §5")
async def test_sub_of_the_jwt_is_the_client(service: RunningProvider) -> None:
    """Without a user, `sub` is the client_id. A client whose client_id is the name of a user gets no such token."""
    await service.op.clients.save(client_of(CLIENT | {"client_id": "jwt-service", "access_token_format": "jwt"}))
    token = (await (await request_token(service, "jwt-service")).get_json())["access_token"]
    claims = jwt.get_unverified_claims(token)
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    assert (claims["sub"], claims["client_id"], claims["aud"]) == ("jwt-service", "jwt-service", "resource-server")


@pytest.mark.parametrize("scope", ["openid", "offline_access", "unknown", "a  b"])
@pytest.mark.spec("RFC 6749 §4.4, §4.4.2")
async def test_unregistered_scope_is_rejected(service: RunningProvider, scope: str) -> None:
    """RFC 6749 §4.4: A confidential client gets an access token in its own name, without a refresh token, an
    id_token, or a scope that is about a user's sign-in.
    """
    await assert_refused(await request_token(service, scope=scope), "invalid_scope")


async def test_narrower_scope_is_granted(service: RunningProvider) -> None:
    assert (await (await request_token(service, scope="reports openid")).get_json())["scope"] == "reports"


@pytest.mark.spec("OpenID Connect Core §5.3", "RFC 6749 §4.4")
async def test_userinfo_rejects_the_token(service: RunningProvider) -> None:
    """OpenID Connect Core §5.3: UserInfo rejects the token of a client, since there is no user."""
    token = (await (await request_token(service)).get_json())["access_token"]
    response = await service.userinfo(token)
    assert response.status_code == 403
    assert (await response.get_json())["error"] == "insufficient_scope"


async def test_token_has_a_ttl_and_can_be_revoked(service: RunningProvider) -> None:
    token = (await (await request_token(service)).get_json())["access_token"]
    redis = service.redis
    for kind in ("grant", "at:*"):
        async for key in redis.scan_iter(match=f"op:{{{token.split('.')[0]}}}:{kind}"):
            assert 0 < await redis.ttl(key) <= 300
    await service.client.post("/revoke", form={"token": token, "client_id": "service", "client_secret": SECRET})
    assert await service.introspect(token, "service") == {"active": False}


async def test_unregistered_client_is_rejected(provider: RunningProvider) -> None:
    await assert_refused(await provider.token(grant_type="client_credentials"), "unauthorized_client")


@pytest.mark.spec("RFC 6749 §4.4.2")
async def test_unauthenticated_client_is_rejected(service: RunningProvider) -> None:
    """§4.4.2."""
    await assert_refused(await request_token(service, client_secret="wrong"), "invalid_client", 401)


@pytest.mark.spec("RFC 9068 §2.2, §5")
async def test_client_named_like_a_user_is_rejected(provider: RunningProvider) -> None:
    """RFC 9068 §5: A client whose client_id is the name of a user gets no token: the resource server would take
    it for that user.
    """
    await provider.op.clients.save(client_of(CLIENT | {"client_id": "user0"}))
    await assert_refused(await request_token(provider, "user0"), "unauthorized_client")
