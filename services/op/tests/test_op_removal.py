"""The effects of the removal of a user or a client by an administrator."""

import asyncio
from dataclasses import replace
from typing import Any, Literal

import pytest
from jose import jwt
from logout_testing import Clients, register, sign_in
from op_testing import ISSUER, SECRET, Clock, ProviderFactory, RunningProvider, administrate, assert_refused, query_of

from op.stores.clients.client import CACHE_SECONDS, ClientStore
from redis_server import RedisClient


async def remove_user(provider: RunningProvider) -> None:
    user = await provider.op.users.find("user0")
    assert user is not None
    await provider.op.users.remove(user)


@pytest.mark.spec("OpenID Connect Core §3.1.2.3, §3.1.2.6")
async def test_session_of_a_removed_user_is_not_a_login(provider: RunningProvider) -> None:
    """OpenID Connect Core §3.1.2.3: The session of a deleted user does not count as a login."""
    await provider.login()
    await remove_user(provider)
    response = await provider.authorize()
    assert response.location.startswith(f"{ISSUER}/login?login=")
    page: Any = await provider.client.get(response.location.removeprefix(ISSUER))
    assert (page.status_code, page.location) == (200, None)
    silent = query_of((await provider.authorize(prompt="none")).location)
    assert silent["error"] == "login_required"


@pytest.mark.spec("OpenID Connect Core §3.1.2.3")
async def test_pending_tab_stays_pending_when_the_user_is_removed(provider: RunningProvider) -> None:
    second = (await provider.authorize()).location.removeprefix(ISSUER)
    await provider.login()
    await remove_user(provider)
    for _ in range(2):
        assert (await provider.client.get(second)).status_code == 200


async def test_user_removed_during_the_password_check_is_not_logged_in(
    provider: RunningProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches = provider.op.passwords.matches

    async def removed_meanwhile(password_hash: str | None, password: str) -> bool:
        await remove_user(provider)
        return await matches(password_hash, password)

    monkeypatch.setattr(provider.op.passwords, "matches", removed_meanwhile)
    response = await provider.login()
    assert response.status_code == 403
    assert "Set-Cookie" not in response.headers


async def test_removed_user_gets_no_tokens(provider: RunningProvider) -> None:
    code = await provider.code()
    await remove_user(provider)
    await assert_refused(await provider.redeem(code), "invalid_grant")


@pytest.mark.parametrize("redirect_uris", [None, ("http://client.test/elsewhere",)], ids=["client", "redirect_uri"])
@pytest.mark.spec("RFC 6749 §3.1.2.4")
async def test_client_removed_during_login_gets_no_code(
    provider: RunningProvider, redirect_uris: tuple[str, ...] | None
) -> None:
    """No code is issued for a user or client that was deleted during the login."""
    location = (await provider.authorize()).location
    client = await provider.op.clients.read("web")
    assert client is not None
    await provider.op.clients.remove("web")
    if redirect_uris:
        await provider.op.clients.save(replace(client, redirect_uris=redirect_uris))
    response = await provider.submit_login(location)
    assert (response.status_code, response.location) == (400, None)
    assert "The application was removed while you were signing in." in await response.get_data(as_text=True)
    assert "Set-Cookie" not in response.headers


@pytest.mark.spec("RFC 7592 §2.3", "RFC 7662 §2.2")
async def test_tokens_of_a_removed_client_are_rejected(provider: RunningProvider) -> None:
    """The access tokens of a deleted client are inactive and give no access."""
    token = (await provider.tokens())["access_token"]
    await provider.op.clients.remove("web")
    await assert_refused(await provider.userinfo(token), "invalid_token", 401)


@pytest.mark.parametrize("client_id", ["web", "jwt"])
@pytest.mark.spec("RFC 7592 §2.3", "RFC 7662 §2.2")
async def test_tokens_of_a_removed_client_are_inactive(provider: RunningProvider, client_id: str) -> None:
    """The tokens of a deleted client are inactive in both formats."""
    await provider.register(client_id, "resource-server")
    code = await provider.code(client_id=client_id)
    token = (await (await provider.redeem(code, client_id=client_id, client_secret=SECRET)).get_json())["access_token"]
    assert (await provider.introspect(token, "resource-server", SECRET + "3"))["active"] is True
    await provider.op.clients.remove(client_id)
    assert await provider.introspect(token, "resource-server", SECRET + "3") == {"active": False}


async def test_client_is_cached_for_five_seconds(provider: RunningProvider) -> None:
    store, clock = provider.op.clients, Clock()
    replica = ClientStore(store._redis, store._encryptor, clock)
    assert await replica.find("web") is not None
    await store.remove("web")
    clock.pass_seconds(CACHE_SECONDS - 0.1)
    assert await replica.find("web") is not None
    clock.pass_seconds(0.1)
    assert await replica.find("web") is None


OFFLINE: dict[str, Any] = {"client_id": "third", "scope": "openid offline_access", "prompt": "consent"}


@pytest.mark.parametrize("rule", ["all", "none"], ids="LOGOUT_ENDS_GRANTS={}".format)
@pytest.mark.parametrize("command", ["remove", "sign-out"])
@pytest.mark.spec("RFC 7009 §2.1", "RFC 7662 §2.2")
async def test_command_ends_all_sessions_and_grants_of_a_user(
    provider_with: ProviderFactory, command: str, rule: Literal["all", "none"]
) -> None:
    """The command ends sessions in two browsers, an opaque token, a JWT, offline access, a code and a consent,
    and nothing of other users.
    """
    provider = await provider_with(logout_ends_grants=rule)
    await provider.register("third", "jwt", "resource-server")
    third = {"client_id": "third", "client_secret": SECRET}
    offline = await (await provider.redeem(await provider.code(**OFFLINE), **third)).get_json()
    elsewhere = replace(provider, client=provider.new_client())
    opaque = await elsewhere.tokens()
    as_jwt = await (
        await elsewhere.redeem(await elsewhere.code(client_id="jwt"), client_id="jwt", client_secret=SECRET)
    ).get_json()
    code = await elsewhere.code()
    adas = replace(provider, client=provider.new_client())
    hers = await adas.tokens(username="ada", password="password-of-ada")

    async def is_active(tokens: dict[str, str]) -> bool:
        response = await provider.introspect(tokens["access_token"], "resource-server", SECRET + "3")
        return response["active"] is True

    assert all([await is_active(tokens) for tokens in (offline, opaque, as_jwt)])

    assert await asyncio.to_thread(administrate, provider.op.settings, ["users", command, "USER0"]) == 0

    for tokens in (offline, opaque, as_jwt):
        assert not await is_active(tokens)
        await assert_refused(await provider.userinfo(tokens["access_token"]), "invalid_token", 401)
    await assert_refused(await provider.refresh(offline["refresh_token"], **third), "invalid_grant")
    await assert_refused(await provider.redeem(code), "invalid_grant")
    for browser in (provider, elsewhere):
        assert query_of((await browser.authorize(prompt="none")).location)["error"] == "login_required"
    assert bool(await provider.op.consents.all("user0")) is (command == "sign-out")
    assert await is_active(hers)
    assert "code" in query_of((await adas.authorize(prompt="none")).location)


@pytest.mark.parametrize("command", ["remove", "sign-out"])
@pytest.mark.spec("RFC 7009 §2.1", "RFC 7662 §2.2")
async def test_command_interrupted_by_redis_can_be_repeated(
    provider: RunningProvider, redis: RedisClient, command: str
) -> None:
    """A user who was deleted, or signed out everywhere by command, has no active token of any kind and no code;
    the clients are notified.
    """
    tokens = await provider.tokens()
    arguments = ["users", command, "user0"]
    await redis.execute_command("ACL", "SETUSER", "default", "-zrange")
    try:
        assert await asyncio.to_thread(administrate, provider.op.settings, arguments) == 1
    finally:
        await redis.execute_command("ACL", "SETUSER", "default", "+zrange")
    assert await asyncio.to_thread(administrate, provider.op.settings, arguments) == 0
    assert await provider.introspect(tokens["access_token"]) == {"active": False}


@pytest.mark.parametrize("command", ["remove", "sign-out"])
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5", "RFC 7009 §2.1", "RFC 7662 §2.2")
async def test_command_waits_for_logout_notifications(
    provider: RunningProvider, clients: Clients, command: str
) -> None:
    """OpenID Connect Back-Channel Logout §2.5: Clients are notified before the command returns, even one that
    must be tried twice.
    """
    clients.statuses["told"] = [503]
    await register(provider, "told", backchannel_logout_uri=f"{clients.url}/told")
    tokens = await sign_in(provider, "told")
    assert await asyncio.to_thread(administrate, provider.op.settings, ["users", command, "user0"]) == 0
    _, token = clients.tokens_of("told")
    sid = jwt.get_unverified_claims(tokens["id_token"])["sid"]
    assert jwt.get_unverified_claims(token)["sid"] == sid
