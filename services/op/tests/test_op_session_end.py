"""What ends with a session, and who is told (Back-Channel Logout 1.0, Front-Channel Logout 1.0)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from jose import jwt
from op_testing import ISSUER, REDIRECT_URI, SECRET, ProviderFactory, RunningProvider, hidden_fields, query_of, until

from op.back_channel import BackChannel
from op.protocol.client_metadata import client_of
from op.session_end import end_session
from redis_server import RedisServer, free_port
from servicekit.redis import Database

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Clients:
    """Clients' own servers in one: what they were sent, and what they answer, 200 unless it is said."""

    url: str
    received: list[tuple[str, str]] = field(default_factory=list)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.received.append((name, str((await request.post())["logout_token"])))
        if name == "slow":
            await self.gate.wait()
        statuses = self.statuses.get(name, [])
        return web.Response(status=statuses.pop(0) if statuses else 200)

    def tokens_of(self, name: str) -> list[str]:
        return [token for client, token in self.received if client == name]


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    port = free_port()
    served = Clients(f"http://127.0.0.1:{port}")
    application = web.Application()
    application.router.add_post("/{name}", served.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield served
    served.gate.set()
    await runner.cleanup()


async def delivered(channel: BackChannel) -> None:
    async def nothing_is_on_its_way() -> bool:
        return not channel._tasks

    await until(nothing_is_on_its_way)


async def register(provider: RunningProvider, client_id: str, **metadata: Any) -> None:
    known = {"client_id": client_id, "client_secret": SECRET, "redirect_uris": [REDIRECT_URI], "scope": "openid email"}
    await provider.op.clients.save(client_of(known | metadata))


async def sign_in(provider: RunningProvider, client_id: str, **changes: str) -> dict[str, Any]:
    code = await provider.code(client_id=client_id, scope="openid", **changes)
    return await (await provider.redeem(code, client_id=client_id, client_secret=SECRET)).get_json()


async def sign_out(provider: RunningProvider, tokens: dict[str, Any], **parameters: str) -> Any:
    return await provider.client.get("/logout", query_string={"id_token_hint": tokens["id_token"], **parameters})


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "HS256"])
async def test_every_client_of_the_session_gets_a_logout_token(
    provider: RunningProvider, clients: Clients, algorithm: str
) -> None:
    """Back-Channel Logout §2.4, §2.5."""
    for name in ("first", "second", "uninvolved"):
        uri = f"{clients.url}/{name}"
        await register(provider, name, backchannel_logout_uri=uri, id_token_signed_response_alg=algorithm)
    first = await sign_in(provider, "first")
    await sign_in(provider, "second")
    await sign_in(provider, "second")
    assert (await sign_out(provider, first)).status_code == 200
    await delivered(provider.op.back_channel)
    assert sorted(name for name, _ in clients.received) == ["first", "second"]
    (token,) = clients.tokens_of("first")
    header, claims = jwt.get_unverified_header(token), jwt.get_unverified_claims(token)
    assert header["typ"] == "logout+jwt"
    assert header["alg"] == algorithm
    await provider.op.keys.verify(token, algorithm, typ="logout+jwt", secret=SECRET)
    now = int(provider.clock())
    assert claims.pop("jti")
    assert claims == {
        "iss": ISSUER,
        "aud": "first",
        "sub": "user0",
        "sid": jwt.get_unverified_claims(first["id_token"])["sid"],
        "iat": now,
        "exp": now + 120,
        "events": {EVENT: {}},
    }


async def test_the_person_does_not_wait_for_a_slow_client(provider: RunningProvider, clients: Clients) -> None:
    """Back-Channel Logout §2.5: and the others do not wait for it either."""
    for name in ("slow", "quick"):
        await register(provider, name, backchannel_logout_uri=f"{clients.url}/{name}")
    tokens = await sign_in(provider, "slow")
    await sign_in(provider, "quick")
    assert (await sign_out(provider, tokens)).status_code == 200
    assert not clients.gate.is_set()

    async def both_were_sent() -> bool:
        return {name for name, _ in clients.received} == {"slow", "quick"}

    await until(both_were_sent)
    assert provider.op.back_channel._tasks, "the slow one has not answered yet"
    clients.gate.set()
    await provider.op.back_channel.drain()
    assert not provider.op.back_channel._tasks


@pytest.mark.parametrize(
    ("statuses", "tries"),
    [
        pytest.param([200], 1, id="§2.8 taken"),
        pytest.param([204], 1, id="taken with nothing to say"),
        pytest.param([503, 200], 2, id="§2.5 away for a moment"),
        pytest.param([500, 502, 503], 3, id="away for longer"),
        pytest.param([302, 302, 302], 3, id="a redirect is not followed"),
        pytest.param([400], 1, id="§2.8 refused"),
    ],
)
async def test_a_token_is_sent_again_where_that_may_help(
    provider: RunningProvider, clients: Clients, statuses: list[int], tries: int
) -> None:
    clients.statuses["client"] = list(statuses)
    client = client_of({"client_id": "client", "client_secret": SECRET, "redirect_uris": [REDIRECT_URI]})
    channel = BackChannel(pauses=(0.0, 0.0))
    mint = provider.op.mint

    async def logout_token() -> str:
        return await mint.logout_token(client, "user0", "sid", provider.op.now)

    channel.send(provider.op.http.trusted, "client", f"{clients.url}/client", logout_token)
    await delivered(channel)
    tokens = clients.tokens_of("client")
    assert len(tokens) == tries
    assert len({jwt.get_unverified_claims(token)["jti"] for token in tokens}) == tries, "each has a jti of its own"


async def test_a_client_that_is_away_breaks_nothing(provider: RunningProvider) -> None:
    await register(provider, "away", backchannel_logout_uri=f"http://127.0.0.1:{free_port()}/logout")
    assert (await sign_out(provider, await sign_in(provider, "away"))).status_code == 200


@pytest.mark.parametrize("allowed", [False, True])
async def test_a_logout_token_of_a_client_that_registered_itself_stays_out_of_private_networks(
    provider_with: ProviderFactory, clients: Clients, allowed: bool
) -> None:
    """RFC 7591 §5: its URL is a stranger's; those of the directory may lead anywhere."""
    provider = await provider_with(registration_private_addresses=allowed)
    provider.op.back_channel._pauses = ()
    for name in ("itself", "known"):
        await register(provider, name, backchannel_logout_uri=f"{clients.url}/{name}")
    itself = await provider.op.clients.read("itself")
    assert itself is not None
    await provider.op.clients.save(replace(itself, registered_at=provider.op.now()))
    await sign_in(provider, "itself")
    await sign_out(provider, await sign_in(provider, "known"))
    await delivered(provider.op.back_channel)
    assert {name for name, _ in clients.received} == ({"itself", "known"} if allowed else {"known"})


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


async def test_what_is_given_in_a_session_while_it_ends_ends_with_it(provider: RunningProvider) -> None:
    await provider.login()
    (session,) = await provider.op.sessions.all("user0")
    late: list[str] = []

    async def end() -> None:
        late.append(await provider.code())

    await end_session(provider.op, session, end)
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


async def test_parallel_logouts_tell_each_client_once(provider: RunningProvider) -> None:
    sid = jwt.get_unverified_claims((await provider.tokens())["id_token"])["sid"]
    taken = await asyncio.gather(*(provider.op.session_grants.take(sid) for _ in range(20)))
    assert sorted(len(grants) for grants in taken) == [0] * 19 + [1]


@pytest.mark.parametrize(
    ("metadata", "fault"),
    [
        pytest.param({"backchannel_logout_uri": "http://a.test/x#y"}, "backchannel_logout_uri", id="a fragment"),
        pytest.param({"backchannel_logout_uri": "ftp://a.test/x"}, "backchannel_logout_uri", id="another scheme"),
        pytest.param({"backchannel_logout_uri": "http://a.test:x/"}, "backchannel_logout_uri", id="no port"),
        pytest.param({"frontchannel_logout_uri": "http://client.test;x/y"}, "frontchannel", id="ends a directive"),
        pytest.param({"frontchannel_logout_uri": "http://a.test/x"}, "scheme, host and port", id="another origin"),
        pytest.param({"backchannel_logout_session_required": "yes"}, "true or false", id="no flag"),
    ],
)
async def test_logout_metadata_that_makes_no_client(metadata: dict[str, Any], fault: str) -> None:
    """Back-Channel Logout §2.2, Front-Channel Logout §2."""
    with pytest.raises(ValueError, match=fault):
        client_of({"client_id": "c", "client_secret": SECRET, "redirect_uris": [REDIRECT_URI], **metadata})


async def test_discovery_says_so(provider: RunningProvider) -> None:
    """Back-Channel Logout §2.1, Front-Channel Logout §3."""
    document = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    for name in ("backchannel", "frontchannel"):
        assert document[f"{name}_logout_supported"] is True
        assert document[f"{name}_logout_session_supported"] is True


async def test_a_pairwise_client_is_told_by_the_sub_that_it_knows(provider: RunningProvider, clients: Clients) -> None:
    """OpenID Connect Core §8 beside Back-Channel Logout §2.4."""
    await register(provider, "paired", backchannel_logout_uri=f"{clients.url}/paired", subject_type="pairwise")
    tokens = await sign_in(provider, "paired")
    await sign_out(provider, tokens)
    await delivered(provider.op.back_channel)
    (told,) = clients.tokens_of("paired")
    sub = jwt.get_unverified_claims(told)["sub"]
    assert sub == jwt.get_unverified_claims(tokens["id_token"])["sub"] != "user0"


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
