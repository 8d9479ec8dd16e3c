"""The records on a real server: round trip, TTL, absence, single use, and encryption."""

import asyncio
import dataclasses

import pytest

from rp.check import Check
from rp.errors import ForeignBrowser, UnknownSignIn
from rp.message import Message
from rp.records import NonceBinding, Session
from rp.stores.nonce_binding import NonceBindingStore
from rp.stores.refresh_lock import RefreshLockStore
from rp.stores.session import SessionStore, key_of
from rp.stores.session_index import SessionIndexStore

NOW = 1_800_000_000
BINDING = NonceBinding("the-state", "the-nonce", "the-verifier", "/profile?a=ö", "http://localhost:25000", "de")
ABSENT_ALLOWED = Message("check", "%(value)s, or absent", value="client")
SESSION = Session(
    access_token="the-access-token",
    refresh_token="the-refresh-token",
    id_token="the.id.token",
    header={"alg": "RS256"},
    claims={"sub": "user0", "name": "Zerö", "exp": 1.5},
    checks=(Check("iss", "§2", "a", "b"), Check("azp", "§2", ABSENT_ALLOWED, Message("check", "absent"))),
    nonce="the-nonce",
    scope="openid",
    expires_at=1_800_000_000,
    csrf_token="the-csrf-token",
    ui_locales="de",
)
SECRETS = (
    "the-nonce",
    "the-verifier",
    "access-token",
    "refresh-token",
    "the.id.token",
    "csrf",
    "user0",
    "Zer",
    "cookie",
)


@pytest.fixture
def bindings(redis):
    return NonceBindingStore(redis)


@pytest.fixture
def sessions(redis):
    return SessionStore(redis, 1000)


async def everything(redis):
    return {key: await redis.get(key) for key in await redis.keys("*")}


async def test_binding_is_taken_once(bindings):
    await bindings.save("cookie", BINDING)
    assert await bindings.take("cookie", "the-state") == BINDING
    with pytest.raises(UnknownSignIn):
        await bindings.take("cookie", "the-state")


async def test_binding_expires_after_ten_minutes(bindings, redis):
    await bindings.save("cookie", BINDING)
    assert 595 <= await redis.ttl("rp:nonce:the-state") <= 600


async def test_unknown_state_has_no_binding(bindings):
    with pytest.raises(UnknownSignIn):
        await bindings.take("cookie", "never-saved")


@pytest.mark.parametrize("other", [None, "another cookie"])
async def test_binding_cannot_be_taken_by_another_browser(bindings, other):
    await bindings.save("cookie", BINDING)
    with pytest.raises(ForeignBrowser):
        await bindings.take(other, "the-state")
    assert await bindings.take("cookie", "the-state") == BINDING


async def test_binding_moved_to_another_key_is_rejected(bindings, redis):
    await bindings.save("cookie", BINDING)
    await redis.rename("rp:nonce:the-state", "rp:nonce:another")
    with pytest.raises(UnknownSignIn):
        await bindings.take("cookie", "another")


async def test_fifty_parallel_takes_have_one_winner(bindings, redis):
    await asyncio.gather(*(redis.ping() for _ in range(50)))  # connect first, so that the requests really compete
    for _ in range(5):
        await bindings.save("cookie", BINDING)
        takes = (bindings.take("cookie", "the-state") for _ in range(50))
        outcomes = await asyncio.gather(*takes, return_exceptions=True)
        assert [outcome for outcome in outcomes if outcome == BINDING] == [BINDING]
        assert sum(isinstance(outcome, UnknownSignIn) for outcome in outcomes) == 49


async def test_a_session_is_found_replaced_and_ended(sessions):
    await sessions.save("cookie", SESSION)
    found = await sessions.find("cookie")
    assert found == SESSION
    assert [found.checks[1].expected.source, found.checks[1].found.source] == ["%(value)s, or absent", "absent"]
    changed = dataclasses.replace(SESSION, access_token="another", refresh_token=None, expires_at=None)
    assert await sessions.replace("cookie", changed)
    assert await sessions.find("cookie") == changed
    await sessions.end("cookie")
    assert await sessions.find("cookie") is None


async def test_a_session_keeps_its_ttl_when_it_is_replaced(sessions, redis):
    await sessions.save("cookie", SESSION)
    [key] = await redis.keys("rp:session:*")
    assert 995 <= await redis.ttl(key) <= 1000
    await redis.expire(key, 100)
    await sessions.replace("cookie", SESSION)
    assert 95 <= await redis.ttl(key) <= 100


async def test_ended_session_cannot_be_replaced(sessions):
    await sessions.save("cookie", SESSION)
    await sessions.end("cookie")
    assert not await sessions.replace("cookie", SESSION)
    assert await sessions.find("cookie") is None


@pytest.fixture
def index(redis):
    return SessionIndexStore(redis, 1000, lambda: NOW)


IN_PROVIDER = dataclasses.replace(SESSION, claims={"iss": "http://op", "sub": "user0", "sid": "s1", "iat": NOW - 60})


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_session_is_indexed_by_sid_and_sub(index, redis):
    """A session is indexed by the digests of sid and sub."""
    await index.add("cookie", IN_PROVIDER)
    keys = await redis.keys("rp:sessions:*")
    assert {len(key) for key in keys} == {len("rp:sessions:") + 64}
    assert [995 <= await redis.ttl(key) <= 1000 for key in keys] == [True, True]
    for key in keys:
        assert await redis.zrange(key, 0, -1) == [key_of("cookie")]
    await index.remove("cookie", IN_PROVIDER)
    assert await redis.keys("*") == []


async def test_expired_index_entries_are_removed(index, redis):
    await SessionIndexStore(redis, 1000, lambda: NOW - 1000).add("old", IN_PROVIDER)
    await index.add("new", IN_PROVIDER)
    for key in await redis.keys("rp:sessions:*"):
        assert await redis.zrange(key, 0, -1) == [key_of("new")]


@pytest.mark.parametrize("named", [{"sid": "s1", "sub": None}, {"sid": None, "sub": "user0"}])
async def test_ended_sessions_are_deleted_and_marked(index, sessions, redis, named):
    for cookie in ("one", "two"):
        await sessions.save(cookie, IN_PROVIDER)
        await index.add(cookie, IN_PROVIDER)
    assert await index.end("http://op", issued_at=NOW, **named) == 2
    assert [await sessions.find(cookie) for cookie in ("one", "two")] == [None, None]
    [mark] = await redis.keys("rp:ended:*")
    assert 600 < await redis.ttl(mark) <= 670
    assert await index.has_ended(IN_PROVIDER)
    later = dataclasses.replace(IN_PROVIDER, claims={**IN_PROVIDER.claims, "iat": NOW + 1})
    assert not await index.has_ended(later)


@pytest.mark.parametrize("named", [{"sid": "s2", "sub": None}, {"sid": None, "sub": "user1"}])
async def test_other_sessions_are_not_ended(index, sessions, named):
    await sessions.save("cookie", IN_PROVIDER)
    await index.add("cookie", IN_PROVIDER)
    assert await index.end("http://op", issued_at=NOW, **named) == 0
    assert await index.end("http://another", issued_at=NOW, sid="s1", sub=None) == 0
    assert await sessions.find("cookie") == IN_PROVIDER
    assert not await index.has_ended(IN_PROVIDER)


async def test_an_unknown_cookie_has_no_session(sessions):
    assert await sessions.find("never-saved") is None


@pytest.mark.parametrize("record", ["", "rubbish", "ö", "AAAA" * 20])
async def test_modified_session_record_is_ignored(sessions, redis, record):
    await sessions.save("cookie", SESSION)
    [key] = await redis.keys("*")
    await redis.set(key, record)
    assert await sessions.find("cookie") is None


async def test_stored_records_are_encrypted(bindings, sessions, redis):
    await bindings.save("cookie", BINDING)
    await sessions.save("cookie", SESSION)
    kept = await everything(redis)
    assert sorted(key[:11] for key in kept) == ["rp:nonce:th", "rp:session:"]
    for secret in SECRETS:
        assert secret not in str(kept)


def test_repr_of_records_shows_no_secret():
    for secret in ("the-nonce", "the-verifier", "the-access-token", "the-refresh-token", "the.id.token", "the-csrf"):
        assert secret not in repr(BINDING) + repr(SESSION)


async def test_refresh_lock_is_exclusive(redis):
    lock, inside, most = RefreshLockStore(redis, 10), 0, 0

    async def enter():
        nonlocal inside, most
        async with lock.hold("cookie"):
            inside += 1
            most = max(most, inside)
            await redis.ping()
            inside -= 1

    await asyncio.gather(*(enter() for _ in range(5)))
    assert most == 1
    assert await everything(redis) == {}


async def test_refresh_lock_is_released_only_by_its_holder(redis):
    async with RefreshLockStore(redis, 10).hold("cookie"):
        [key] = await redis.keys("rp:refresh:*")
        assert 5 <= await redis.ttl(key) <= 10
        await redis.set(key, "another holder, after ours expired", ex=10)
    assert await redis.get(key) == "another holder, after ours expired"
