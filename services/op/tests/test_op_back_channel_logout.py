"""The delivery of logout tokens to clients (OpenID Connect Back-Channel Logout 1.0)."""

import asyncio
from dataclasses import replace

import pytest
from jose import jwt
from logout_testing import Clients, delivered, register, sign_in, sign_out
from op_testing import ISSUER, REDIRECT_URI, SECRET, ProviderFactory, RunningProvider, until

from op.protocol.clients.metadata import client_of
from op.sessions.back_channel import BackChannel
from redis_server import free_port

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "HS256"])
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.4, §2.5")
async def test_clients_of_the_session_get_a_logout_token(
    provider: RunningProvider, clients: Clients, algorithm: str
) -> None:
    """OpenID Connect Back-Channel Logout §2.4: A logout token has issuer, subject, audience, times, jti, sid and
    the event, and no nonce. It has its own type and is signed like the client's id_tokens.
    """
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


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5")
async def test_user_does_not_wait_for_a_slow_client(provider: RunningProvider, clients: Clients) -> None:
    """Neither the user nor the other clients wait for a slow client."""
    for name in ("slow", "quick"):
        await register(provider, name, backchannel_logout_uri=f"{clients.url}/{name}")
    tokens = await sign_in(provider, "slow")
    await sign_in(provider, "quick")
    assert (await sign_out(provider, tokens)).status_code == 200
    assert not clients.gate.is_set()

    async def both_were_sent() -> bool:
        return {name for name, _ in clients.received} == {"slow", "quick"}

    await until(both_were_sent)
    assert provider.op.back_channel._tasks, "the slow client has not responded yet"
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
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5, §2.8")
async def test_logout_token_is_resent_after_a_temporary_failure(
    provider: RunningProvider, clients: Clients, statuses: list[int], tries: int
) -> None:
    """OpenID Connect Back-Channel Logout §2.8: 200 means that the logout token was accepted, and 400 that it was
    rejected for good.
    """
    clients.statuses["client"] = list(statuses)
    client = client_of({"client_id": "client", "client_secret": SECRET, "redirect_uris": [REDIRECT_URI]})
    channel = BackChannel(pauses=(0.0, 0.0))
    mint = provider.op.tokens

    async def logout_token() -> str:
        return await mint.logout_token(client, "user0", "sid", provider.op.now)

    channel.send(provider.op.http.trusted, "client", f"{clients.url}/client", logout_token)
    await delivered(channel)
    tokens = clients.tokens_of("client")
    assert len(tokens) == tries
    assert len({jwt.get_unverified_claims(token)["jti"] for token in tokens}) == tries, "each has its own jti"


async def test_unreachable_client_does_not_prevent_logout(provider: RunningProvider) -> None:
    provider.op.back_channel._pauses = ()
    await register(provider, "away", backchannel_logout_uri=f"http://127.0.0.1:{free_port()}/logout")
    assert (await sign_out(provider, await sign_in(provider, "away"))).status_code == 200


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.spec("RFC 6890")
@pytest.mark.spec("RFC 7591 §5")
async def test_logout_token_for_a_self_registered_client_stays_public(
    provider_with: ProviderFactory, clients: Clients, allowed: bool
) -> None:
    """A logout token cannot be sent to a private network either, nor to a host name of which one address is private,
    nor to an IPv6 address that stands for a private IPv4 address.

    Its URL was not chosen by an administrator; those of the directory may be anywhere.
    """
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


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5")
async def test_parallel_logouts_notify_each_client_once(provider: RunningProvider) -> None:
    """Every client that the session signed in to is notified separately. The user waits for none of them, and an
    unavailable client is tried again.
    """
    sid = jwt.get_unverified_claims((await provider.tokens())["id_token"])["sid"]
    taken = await asyncio.gather(*(provider.op.session_grants.take(sid) for _ in range(20)))
    assert sorted(len(grants) for grants in taken) == [0] * 19 + [1]


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.1", "OpenID Connect Front-Channel Logout §3")
async def test_discovery_advertises_back_channel_logout(provider: RunningProvider) -> None:
    """OpenID Connect Back-Channel Logout §2.1: Discovery says that logout tokens are sent, with `sid`."""
    document = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    for name in ("backchannel", "frontchannel"):
        assert document[f"{name}_logout_supported"] is True
        assert document[f"{name}_logout_session_supported"] is True


@pytest.mark.spec("OpenID Connect Core §8", "OpenID Connect Back-Channel Logout §2.4")
async def test_pairwise_client_gets_its_own_sub(provider: RunningProvider, clients: Clients) -> None:
    """A logout token for a pairwise client has the `sub` that the client knows."""
    await register(provider, "paired", backchannel_logout_uri=f"{clients.url}/paired", subject_type="pairwise")
    tokens = await sign_in(provider, "paired")
    await sign_out(provider, tokens)
    await delivered(provider.op.back_channel)
    (told,) = clients.tokens_of("paired")
    sub = jwt.get_unverified_claims(told)["sub"]
    assert sub == jwt.get_unverified_claims(tokens["id_token"])["sub"] != "user0"
