"""POST /token with a refresh token (RFC 6749 §6, RFC 9700 §4.14)."""

import asyncio
from dataclasses import replace

import pytest
from jose import jwt
from op_testing import REDIRECT_URI, SECRET, ProviderFactory, RunningProvider, assert_refused

from op.handle import Handle
from op.protocol.clients.metadata import client_of
from op.protocol.tokens.claims import at_hash
from op.stores.tokens.grant import AlreadySpent


@pytest.mark.spec("OpenID Connect Core §12.2", "RFC 6749 §6")
async def test_refresh_returns_new_tokens_without_id_token(provider: RunningProvider) -> None:
    """RFC 6749 §6: A refresh token gives a new access token and a new refresh token.

    OpenID Connect Core §12.2: Any other client gets no id_token on refresh, which the specification allows.
    """
    first = await provider.tokens()
    response = await provider.refresh(first["refresh_token"])
    second = await response.get_json()
    assert response.status_code == 200
    assert second.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert (await provider.userinfo(second["access_token"])).status_code == 200


async def with_id_token(provider: RunningProvider) -> dict[str, str]:
    """A client that is registered for an ID token on refresh, and its credentials."""
    metadata = {"client_id": "again", "client_secret": SECRET, "redirect_uris": [REDIRECT_URI]}
    await provider.op.clients.save(client_of(metadata | {"id_token_on_refresh": True}))
    return {"client_id": "again", "client_secret": SECRET}


@pytest.mark.spec("OpenID Connect Core §12.2")
async def test_id_token_on_refresh_can_be_registered(provider: RunningProvider) -> None:
    """A client that registered for it gets an id_token on refresh: with the same user, client, session and
    auth_time, new times and no nonce, and only if the scope still has `openid`.
    """
    credentials = await with_id_token(provider)
    code = await provider.code(client_id="again")
    first = await (await provider.redeem(code, **credentials)).get_json()
    provider.clock.pass_seconds(100)
    second = await (await provider.refresh(first["refresh_token"], **credentials)).get_json()
    before, after = (jwt.get_unverified_claims(tokens["id_token"]) for tokens in (first, second))
    assert before.pop("nonce") == "nonce-of-the-test"
    assert "nonce" not in after
    assert after.pop("iat") == before.pop("iat") + 100
    assert after.pop("exp") == before.pop("exp") + 100
    assert after.pop("at_hash") == at_hash(second["access_token"]) != before.pop("at_hash")
    assert after == before, "iss, sub, aud, auth_time, sid"


@pytest.mark.spec("OpenID Connect Core §12.2")
async def test_refresh_without_openid_returns_no_id_token(provider: RunningProvider) -> None:
    credentials = await with_id_token(provider)
    code = await provider.code(client_id="again")
    first = await (await provider.redeem(code, **credentials)).get_json()
    narrowed = await provider.refresh(first["refresh_token"], scope="email", **credentials)
    assert "id_token" not in await narrowed.get_json()


@pytest.mark.spec("RFC 9700 §4.14.2")
async def test_reused_refresh_token_ends_the_grant(provider: RunningProvider) -> None:
    """After the reuse of a refresh token, neither the thief nor the victim can continue."""
    first = await provider.tokens()
    second = await (await provider.refresh(first["refresh_token"])).get_json()
    await assert_refused(await provider.refresh(first["refresh_token"]), "invalid_grant")
    await assert_refused(await provider.refresh(second["refresh_token"]), "invalid_grant")
    assert (await provider.userinfo(second["access_token"])).status_code == 401


@pytest.mark.spec("RFC 9700 §4.14.2")
async def test_rotated_token_is_accepted_within_the_grace(provider_with: ProviderFactory) -> None:
    """A client that lost the response can repeat the request within the grace period; after it, that ends the grant."""
    provider = await provider_with(refresh_token_grace=10)
    first = await provider.tokens()
    await provider.refresh(first["refresh_token"])
    provider.clock.pass_seconds(9)
    again = await provider.refresh(first["refresh_token"])
    assert again.status_code == 200
    latest = (await again.get_json())["refresh_token"]
    provider.clock.pass_seconds(1)
    await assert_refused(await provider.refresh(first["refresh_token"]), "invalid_grant")
    await assert_refused(await provider.refresh(latest), "invalid_grant")


@pytest.mark.spec("RFC 9700 §4.14.2")
async def test_one_of_fifty_parallel_refreshes_succeeds(provider: RunningProvider) -> None:
    """Refresh tokens are rotated. One that is used again revokes its grant."""
    await asyncio.gather(*(provider.redis.ping() for _ in range(50)))
    tokens = await provider.tokens()
    responses = await asyncio.gather(*(provider.refresh(tokens["refresh_token"]) for _ in range(50)))
    assert sorted(response.status_code for response in responses) == [200] + [400] * 49


async def test_slow_clock_of_a_replica_does_not_allow_reuse(provider: RunningProvider) -> None:
    """Single use does not depend on the time, neither for a refresh token nor for a code in parallel requests."""
    tokens = await provider.tokens()
    assert (await provider.refresh(tokens["refresh_token"])).status_code == 200
    provider.clock.pass_seconds(-5)
    await assert_refused(await provider.refresh(tokens["refresh_token"]), "invalid_grant")


async def test_atomic_gate_does_not_use_the_clock(provider: RunningProvider) -> None:
    handle = Handle.parse(await provider.code())
    assert handle is not None
    await provider.op.codes.redeem(handle, [], now=100)
    with pytest.raises(AlreadySpent):
        await provider.op.codes.redeem(handle, [], now=99)
    assert await provider.op.codes.find(handle) is None, "and the grant has ended"


async def test_rotated_token_is_inactive_and_expires(provider: RunningProvider) -> None:
    first = await provider.tokens()
    await provider.refresh(first["refresh_token"])
    assert await provider.introspect(first["refresh_token"]) == {"active": False}
    redis = provider.redis
    assert all([await redis.ttl(key) > 0 async for key in redis.scan_iter(match="op:{*")])


@pytest.mark.spec("RFC 6749 §6")
async def test_refresh_token_of_another_client_is_rejected(provider: RunningProvider) -> None:
    """A refresh token is bound to its client and expires."""
    await provider.register("other")
    tokens = await provider.tokens()
    stranger = {"client_id": "other", "client_secret": SECRET + "2"}
    await assert_refused(await provider.refresh(tokens["refresh_token"], **stranger), "invalid_grant")
    assert (await provider.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.spec("RFC 6749 §6")
async def test_wider_scope_is_rejected_without_rotation(provider: RunningProvider) -> None:
    """RFC 6749 §6."""
    tokens = await provider.tokens(scope="openid email")
    wider = await provider.refresh(tokens["refresh_token"], scope="openid email profile")
    await assert_refused(wider, "invalid_scope")
    assert (await provider.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.spec("RFC 6749 §6")
async def test_narrower_scope_applies_only_to_the_access_token(provider: RunningProvider) -> None:
    tokens = await provider.tokens()
    narrow = await (await provider.refresh(tokens["refresh_token"], scope="openid")).get_json()
    assert narrow["scope"] == "openid"
    claims = await (await provider.userinfo(narrow["access_token"])).get_json()
    assert claims == {"sub": "user0"}
    full = await (await provider.refresh(narrow["refresh_token"])).get_json()
    assert full["scope"] == "openid email profile"


@pytest.mark.parametrize(
    ("token", "error"),
    [
        pytest.param(None, "invalid_request", id="missing"),
        pytest.param("nonsense", "invalid_grant", id="malformed"),
        pytest.param("A" * 22 + "." + "B" * 43, "invalid_grant", id="unknown"),
    ],
)
@pytest.mark.spec("RFC 6749 §6")
async def test_invalid_refresh_token_is_rejected(provider: RunningProvider, token: str | None, error: str) -> None:
    response = await provider.token(grant_type="refresh_token", refresh_token=token)
    await assert_refused(response, error)


async def test_access_token_is_not_a_refresh_token(provider: RunningProvider) -> None:
    tokens = await provider.tokens()
    await assert_refused(await provider.refresh(tokens["access_token"]), "invalid_grant")


@pytest.mark.spec("RFC 6749 §6")
async def test_refresh_token_expires(provider_with: ProviderFactory) -> None:
    provider = await provider_with(refresh_token_ttl=1000)
    tokens = await provider.tokens()
    provider.clock.pass_seconds(1000)
    await assert_refused(await provider.refresh(tokens["refresh_token"]), "invalid_grant")


async def test_grant_lasts_as_long_as_its_refresh_token(provider_with: ProviderFactory) -> None:
    provider = await provider_with(refresh_token_ttl=1000, access_token_ttl=50)
    await provider.tokens()
    redis = provider.redis
    ttls = {key.split(":")[2]: await redis.ttl(key) async for key in redis.scan_iter(match="op:{*")}
    assert 990 < ttls["grant"] <= 1000
    assert 990 < ttls["rt"] <= 1000
    assert 40 < ttls["at"] <= 50


async def test_removed_user_cannot_refresh(provider: RunningProvider) -> None:
    tokens = await provider.tokens()
    user = await provider.op.users.find("user0")
    assert user is not None
    await provider.op.users.remove(user)
    await assert_refused(await provider.refresh(tokens["refresh_token"]), "invalid_grant")


async def test_public_client_refreshes_without_a_secret(provider: RunningProvider) -> None:
    await provider.register("spa")
    code = await provider.code(client_id="spa")
    tokens = await (await provider.redeem(code, client_id="spa")).get_json()
    assert (await provider.refresh(tokens["refresh_token"], client_id="spa")).status_code == 200


@pytest.mark.spec("RFC 6749 §6")
async def test_refresh_drops_scopes_no_longer_registered(provider: RunningProvider) -> None:
    """What a client is no longer registered for ends with its current access token."""
    tokens = await provider.tokens(scope="openid email profile")
    client = await provider.op.clients.read("web")
    assert client is not None
    await provider.op.clients.save(replace(client, scope="openid profile"))
    refreshed = await (await provider.refresh(tokens["refresh_token"])).get_json()
    assert refreshed["scope"] == "openid profile"
    await provider.op.clients.save(replace(client, scope="api:read"))
    response = await provider.refresh(refreshed["refresh_token"])
    assert (await response.get_json())["error"] == "invalid_scope"
