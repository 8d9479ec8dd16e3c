"""What ends with a session, and which clients are notified."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from jose import jwt
from logout_testing import Clients, delivered, register, sign_in, sign_out
from op_testing import ISSUER, SECRET, ProviderFactory, RunningProvider, hidden_fields, query_of

from op.records import SessionGrant
from redis_server import RedisClient, RedisServer


@pytest.mark.parametrize(
    ("rule", "scope", "survives"),
    [
        ("online", "openid", False),
        ("online", "openid offline_access", True),
        ("all", "openid offline_access", False),
        ("none", "openid", True),
    ],
)
@pytest.mark.spec("OpenID Connect Core §11")
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_grants_end_with_their_session_as_configured(
    provider_with: ProviderFactory, rule: str, scope: str, survives: bool
) -> None:
    """OpenID Connect Back-Channel Logout §2.7: Tokens end with their session, except those with offline_access, unless
    configured otherwise.

    This applies to access and refresh tokens.
    """
    provider = await provider_with(logout_ends_grants=rule)
    await register(provider, "app", first_party=True, scope=scope)
    code = await provider.code(client_id="app", scope=scope)
    tokens = await (await provider.redeem(code, client_id="app", client_secret=SECRET)).get_json()
    await sign_out(provider, tokens)
    assert (await provider.userinfo(tokens["access_token"])).status_code == (200 if survives else 401)
    again = await provider.refresh(tokens["refresh_token"], client_id="app", client_secret=SECRET)
    assert again.status_code == (200 if survives else 400)


async def by_logout(provider: RunningProvider, tokens: dict[str, Any]) -> Any:
    return await sign_out(provider, tokens)


async def by_account(provider: RunningProvider, tokens: dict[str, Any]) -> Any:
    fields = hidden_fields(await (await provider.client.get("/account")).get_data(as_text=True))
    sid = jwt.get_unverified_claims(tokens["id_token"])["sid"]
    return await provider.client.post("/account", form={"csrf_token": fields["csrf_token"], "sid": sid})


async def by_another_login(provider: RunningProvider, _: dict[str, Any]) -> Any:
    return await provider.login("ada", "password-of-ada", prompt="login")


WAYS = pytest.mark.parametrize("way", [by_logout, by_account, by_another_login])
Way = Callable[[RunningProvider, dict[str, Any]], Awaitable[Any]]


@WAYS
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5, §2.7")
async def test_session_end_revokes_grants_and_notifies_clients(
    provider: RunningProvider, clients: Clients, way: Way
) -> None:
    """The end of a session revokes its tokens and an unredeemed code, and notifies every client."""
    await register(provider, "told", first_party=True, backchannel_logout_uri=f"{clients.url}/told")
    tokens = await sign_in(provider, "told")
    code = await provider.code()
    assert (await way(provider, tokens)).status_code in (200, 303)
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401
    assert (await provider.redeem(code)).status_code == 400
    await delivered(provider.op.back_channel)
    (told,) = clients.tokens_of("told")
    assert jwt.get_unverified_claims(told)["sid"] == jwt.get_unverified_claims(tokens["id_token"])["sid"]


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
    provider_with: ProviderFactory, clients: Clients, redis: RedisClient, redis_server: RedisServer
) -> tuple[RunningProvider, Refuse]:
    """A provider with a client that is notified, and a function that makes Redis reject some commands."""

    async def refuse(*rules: str) -> None:
        await redis.execute_command("ACL", "SETUSER", "provider", "reset", "on", "nopass", "allkeys", "+@all", *rules)

    await refuse()
    provider = await provider_with(redis_url=redis_server.url.replace("//", "//provider:any@"))
    await register(provider, "told", backchannel_logout_uri=f"{clients.url}/told")
    return provider, refuse


@BROKEN_OFF
@WAYS
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5, §2.7")
async def test_session_end_interrupted_by_redis_can_be_repeated(
    faulty: tuple[RunningProvider, Refuse],
    clients: Clients,
    way: Way,
    refused: tuple[str, ...],
) -> None:
    """If Redis fails while a session ends, the next attempt ends the grants and notifies every client once."""
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
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5, §2.7")
async def test_login_interrupted_by_redis_keeps_the_clients(
    faulty: tuple[RunningProvider, Refuse], clients: Clients, refused: tuple[str, ...]
) -> None:
    """If Redis fails while a session ends, the next attempt completes it, with everything that was issued in it,
    even during the attempt; each client is notified.
    """
    provider, refuse = faulty
    await sign_in(provider, "told")
    await refuse(*refused)
    assert (await provider.login(prompt="login")).status_code == 503
    await refuse()
    code = query_of((await provider.login(prompt="login")).location)["code"]
    await sign_out(provider, await (await provider.redeem(code)).get_json())
    await delivered(provider.op.back_channel)
    assert len(clients.tokens_of("told")) == 1


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_session_with_more_grants_than_connections_is_ended(provider: RunningProvider) -> None:
    """A page that renews silently every half minute has that many grants."""
    tokens = await provider.tokens()
    (session,) = await provider.op.sessions.all("user0")
    more = [SessionGrant(gid=f"gid-{number}", client_id="web", sid=session.sid) for number in range(700)]
    await provider.op.session_grants.add(session.sid, *more)
    assert (await sign_out(provider, tokens)).status_code == 200
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5, §2.7")
async def test_grant_issued_during_the_end_of_a_session_ends_too(provider: RunningProvider) -> None:
    await provider.login()
    (session,) = await provider.op.sessions.all("user0")
    late: list[str] = []

    async def end() -> None:
        late.append(await provider.code())

    await provider.op.termination.end_session(session, end)
    assert (await provider.redeem(late[0])).status_code == 400


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5")
async def test_clients_keep_their_sid_after_a_second_login(provider: RunningProvider, clients: Clients) -> None:
    """A new login of the same user in the same browser keeps its clients, with the `sid` that each of them knows."""
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


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5")
async def test_login_at_the_consent_page_keeps_earlier_grants(provider: RunningProvider, clients: Clients) -> None:
    """A session that another login in its browser replaces is ended like any other; that of the same user is continued.

    The session became too old for max_age while the user read the page; its grants end with the new one.
    """
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
