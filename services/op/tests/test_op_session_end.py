"""What ends with a session, and who is told."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from jose import jwt
from logout_testing import Clients, delivered, register, sign_in, sign_out
from op_testing import ISSUER, SECRET, ProviderFactory, RunningProvider, hidden_fields, query_of

from op.records import SessionGrant
from redis_server import RedisServer
from servicekit.redis import Database


@pytest.mark.parametrize(
    ("rule", "online", "offline"), [("online", False, True), ("all", False, False), ("none", True, True)]
)
async def test_grants_end_with_the_session_as_configured(
    provider_with: ProviderFactory, rule: str, online: bool, offline: bool
) -> None:
    """Back-Channel Logout §2.7: tokens of both kinds; what has offline_access goes on, unless it is configured so."""
    provider = await provider_with(logout_ends_grants=rule)
    await register(provider, "web2")
    tokens = await sign_in(provider, "web2")
    without, with_offline = jwt.get_unverified_claims(tokens["id_token"])["sid"], await sign_in(provider, "web2")
    noted = await provider.op.session_grants.take(without)
    last = [replace(grant, offline=grant.gid == with_offline["refresh_token"].split(".")[0]) for grant in noted]
    await provider.op.session_grants.add(without, *last)
    await sign_out(provider, tokens)
    for one, lives in ((tokens, online), (with_offline, offline)):
        status = (await provider.userinfo(one["access_token"])).status_code
        assert status == (200 if lives else 401)
        again = await provider.refresh(one["refresh_token"], client_id="web2", client_secret=SECRET)
        assert again.status_code == (200 if lives else 400)


async def by_logout(provider: RunningProvider, tokens: dict[str, Any]) -> Any:
    return await sign_out(provider, tokens)


async def by_account(provider: RunningProvider, tokens: dict[str, Any]) -> Any:
    fields = hidden_fields(await (await provider.client.get("/account")).get_data(as_text=True))
    sid = jwt.get_unverified_claims(tokens["id_token"])["sid"]
    return await provider.client.post("/account", form={"csrf_token": fields["csrf_token"], "sid": sid})


async def by_another_login(provider: RunningProvider, _: dict[str, Any]) -> Any:
    return await provider.login("ada", "password-of-ada", prompt="login")


Refuse = Callable[..., Awaitable[None]]
_WRITTEN = ("session-", "sessions:", "client:", "consent:", "login:", "attempts:", "user", "{")
READ_ONLY = ("resetkeys", "%R~op:session:*", *(f"~op:{kind}*" for kind in _WRITTEN))
BROKEN_OFF = pytest.mark.parametrize(
    "refused",
    [
        pytest.param(("-hvals",), id="the grants are not found"),
        pytest.param(("-del",), id="they do not end"),
        pytest.param(READ_ONLY, id="the session does not end"),
    ],
)


@pytest.fixture
async def faulty(
    provider_with: ProviderFactory, clients: Clients, redis: Database, redis_server: RedisServer
) -> tuple[RunningProvider, Refuse]:
    """A provider with a client that wants to be told, and what makes Redis refuse it something until the next call."""

    async def refuse(*rules: str) -> None:
        await redis.execute_command("ACL", "SETUSER", "provider", "reset", "on", "nopass", "allkeys", "+@all", *rules)

    await refuse()
    provider = await provider_with(redis_url=redis_server.url.replace("//", "//provider:any@"))
    await register(provider, "told", backchannel_logout_uri=f"{clients.url}/told")
    return provider, refuse


@BROKEN_OFF
@pytest.mark.parametrize("way", [by_logout, by_account, by_another_login])
async def test_a_session_whose_end_redis_broke_off_ends_at_the_second_try(
    faulty: tuple[RunningProvider, Refuse],
    clients: Clients,
    way: Callable[[RunningProvider, dict[str, Any]], Awaitable[Any]],
    refused: tuple[str, ...],
) -> None:
    """With its grants, and every client is told, once."""
    provider, refuse = faulty
    tokens = await sign_in(provider, "told")
    await refuse(*refused)
    assert (await way(provider, tokens)).status_code == 503
    await refuse()
    assert (await way(provider, tokens)).status_code in (200, 303)
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401
    assert await provider.op.sessions.all("user0") == []
    await delivered(provider.op.back_channel)
    assert len(clients.tokens_of("told")) == 1


@BROKEN_OFF
async def test_a_login_anew_that_redis_broke_off_keeps_the_sessions_clients(
    faulty: tuple[RunningProvider, Refuse], clients: Clients, refused: tuple[str, ...]
) -> None:
    provider, refuse = faulty
    await sign_in(provider, "told")
    await refuse(*refused)
    assert (await provider.login(prompt="login")).status_code == 503
    await refuse()
    code = query_of((await provider.login(prompt="login")).location)["code"]
    await sign_out(provider, await (await provider.redeem(code)).get_json())
    await delivered(provider.op.back_channel)
    assert len(clients.tokens_of("told")) == 1


async def test_a_session_that_gave_more_than_there_are_connections_ends(provider: RunningProvider) -> None:
    """A page that renews silently every half minute does."""
    tokens = await provider.tokens()
    (session,) = await provider.op.sessions.all("user0")
    more = [SessionGrant(gid=f"gid-{number}", client_id="web", sid=session.sid) for number in range(700)]
    await provider.op.session_grants.add(session.sid, *more)
    assert (await sign_out(provider, tokens)).status_code == 200
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401


async def test_what_is_given_in_a_session_while_it_ends_ends_with_it(provider: RunningProvider) -> None:
    await provider.login()
    (session,) = await provider.op.sessions.all("user0")
    late: list[str] = []

    async def end() -> None:
        late.append(await provider.code())

    await provider.op.termination.end_session(session, end)
    assert (await provider.redeem(late[0])).status_code == 400


async def test_a_code_of_an_ended_session_is_worth_nothing(provider: RunningProvider) -> None:
    tokens = await provider.tokens()
    code = await provider.code()
    await sign_out(provider, tokens)
    assert (await provider.redeem(code)).status_code == 400


async def test_after_a_new_login_of_the_same_person_all_clients_are_told_by_the_sid_that_they_know(
    provider: RunningProvider, clients: Clients
) -> None:
    for name in ("first", "second"):
        await register(provider, name, backchannel_logout_uri=f"{clients.url}/{name}")
    first = await sign_in(provider, "first")
    second = await sign_in(provider, "second", prompt="login")
    assert (await provider.userinfo(first["access_token"])).status_code == 200
    await sign_out(provider, second)
    await delivered(provider.op.back_channel)
    for name, tokens in (("first", first), ("second", second)):
        (told,) = clients.tokens_of(name)
        assert jwt.get_unverified_claims(told)["sid"] == jwt.get_unverified_claims(tokens["id_token"])["sid"]


async def test_what_is_noted_with_a_session_has_a_ttl(provider: RunningProvider) -> None:
    sid = jwt.get_unverified_claims((await provider.tokens())["id_token"])["sid"]
    key = f"op:session-grants:{sid}"
    assert 0 < await provider.op.clients._redis.ttl(key) <= provider.op.settings.session_ttl


async def test_a_session_that_ends_from_the_account_page_is_told_too(
    provider: RunningProvider, clients: Clients
) -> None:
    await register(provider, "first", backchannel_logout_uri=f"{clients.url}/first")
    tokens = await sign_in(provider, "first")
    sid = jwt.get_unverified_claims(tokens["id_token"])["sid"]
    page = await provider.client.get("/account")
    fields = hidden_fields(await page.get_data(as_text=True))
    response = await provider.client.post("/account", form={"csrf_token": fields["csrf_token"], "sid": sid})
    assert response.status_code == 200
    await delivered(provider.op.back_channel)
    (told,) = clients.tokens_of("first")
    assert jwt.get_unverified_claims(told)["sid"] == sid


@pytest.mark.parametrize(("scope", "status"), [("openid", 400), ("openid offline_access", 200)])
async def test_offline_access_outlives_its_session(provider: RunningProvider, scope: str, status: int) -> None:
    """Back-Channel Logout §2.7, OpenID Connect Core §11."""
    known = {"first_party": True, "scope": "openid offline_access" if "offline" in scope else "openid"}
    await register(provider, "app", **known)
    code = await provider.code(client_id="app", scope=scope)
    tokens = await (await provider.redeem(code, client_id="app", client_secret=SECRET)).get_json()
    await sign_out(provider, tokens)
    again = await provider.refresh(tokens["refresh_token"], client_id="app", client_secret=SECRET)
    assert again.status_code == status


async def test_another_persons_login_ends_the_session_before_it(provider: RunningProvider, clients: Clients) -> None:
    """Back-Channel Logout §2.5: in the same browser there is one session."""
    await register(provider, "app", backchannel_logout_uri=f"{clients.url}/app")
    tokens = await sign_in(provider, "app")
    await provider.login("ada", "password-of-ada", prompt="login")
    await delivered(provider.op.back_channel)
    assert len(clients.tokens_of("app")) == 1
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401


async def test_a_login_at_the_consent_page_keeps_what_the_session_before_gave(
    provider: RunningProvider, clients: Clients
) -> None:
    """The session became too old for max_age while the person looked at the page; it ends with the new one."""
    await register(provider, "app", first_party=True, backchannel_logout_uri=f"{clients.url}/app")
    await register(provider, "asks", backchannel_logout_uri=f"{clients.url}/asks")
    tokens = await sign_in(provider, "app")
    waiting = await provider.authorize(client_id="asks", scope="openid", max_age="3")
    assert "/consent" in waiting.location
    provider.clock.pass_seconds(4)
    to_login = await provider.client.get(waiting.location.removeprefix(ISSUER))
    assert "/login" in to_login.location
    await provider.submit_login(to_login.location)
    html = await (await provider.client.get("/logout")).get_data(as_text=True)
    assert (await provider.client.post("/logout", form=hidden_fields(html))).status_code == 200
    await delivered(provider.op.back_channel)
    assert len(clients.tokens_of("app")) == 1
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401
