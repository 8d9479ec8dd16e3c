"""POST /backchannel-logout: the logout token is verified, and its sessions end."""

import asyncio
import time
from typing import Any

import pytest
from rp_testing import CLIENT_ID, refused

from rp.app import create_app
from rp.settings import Settings
from servicekit.settings import read

EVENTS: dict[str, dict[str, Any]] = {"http://schemas.openid.net/event/backchannel-logout": {}}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def logout_claims(provider, **changes):
    now = int(time.time())
    claims = {
        "iss": provider.url,
        "aud": CLIENT_ID,
        "iat": now,
        "exp": now + 120,
        "jti": f"token-{time.perf_counter_ns()}",
        "events": EVENTS,
        "sid": "session-1",
        "sub": "user0",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not ...}


def logout_token(provider, **changes):
    return provider.signer.sign(logout_claims(provider, **changes), typ="logout+jwt")


async def post(browser, token):
    return await browser.client.post("/backchannel-logout", form={"logout_token": token})


async def rejection(response, status=400):
    """Check the status and the headers of a JSON error. Returns its description."""
    body = await response.get_json()
    assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store"), body
    assert response.headers["Content-Type"] == "application/json"
    assert body["error"] == "invalid_request"
    return body["error_description"]


async def is_signed_in(browser):
    return (await browser.get("/profile")).status_code == 200


@pytest.fixture
async def signed_in(browser, provider):
    provider.claims = {"sid": "session-1"}
    await browser.sign_in()
    return browser


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        pytest.param({}, [False, True, True], id="§2.7: a sid ends only its session"),
        pytest.param({"sub": ...}, [False, True, True], id="§2.7: a sid without sub"),
        pytest.param({"sid": ...}, [False, False, True], id="§2.7: a sub ends all sessions of the user"),
        pytest.param({"sid": "unknown"}, [True, True, True], id="§2.7: an unknown sid ends no session"),
        pytest.param({"sid": ..., "sub": "unknown"}, [True, True, True], id="§2.7: an unknown sub ends no session"),
    ],
)
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7, §2.8")
async def test_logout_token_ends_exactly_its_sessions(open_browser, provider, changes, left):
    """OpenID Connect Back-Channel Logout §2.8: The response is 200 with no-store. An error is 400 with JSON that
    names the check.
    """
    browsers = [await open_browser() for _ in range(3)]
    for browser, sid, sub in zip(
        browsers, ("session-1", "session-2", "session-3"), ("user0", "user0", "user1"), strict=True
    ):
        provider.claims = {"sid": sid, "sub": sub}
        await browser.sign_in()
    response = await post(await open_browser(), logout_token(provider, **changes))
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    assert await response.get_data() == b""
    assert [await is_signed_in(browser) for browser in browsers] == left


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_session_without_sid_is_ended_by_sub(open_browser, provider):
    """A session whose id_token had no `sid` ends with every logout token of its user."""
    browser = await open_browser()
    await browser.sign_in()
    assert (await post(browser, logout_token(provider, sid=...))).status_code == 200
    assert not await is_signed_in(browser)


@pytest.mark.parametrize(("sub", "left"), [("user0", False), ("user1", True)])
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_session_without_sid_ends_with_any_of_the_user(open_browser, provider, sub, left):
    """§2.7: it could be any of them."""
    browser = await open_browser()
    await browser.sign_in()
    assert (await post(browser, logout_token(provider, sub=sub))).status_code == 200
    assert await is_signed_in(browser) is left


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.8")
async def test_token_may_be_resent_after_a_failure_of_redis(signed_in, provider, redis):
    """§2.8: Redis failed, the response was 503, and the provider retries."""
    token = logout_token(provider)
    names = await redis.keys("rp:sessions:*")
    for name in names:
        await redis.rename(name, f"kept:{name}")
        await redis.set(name, "not a sorted set")
    assert (await post(signed_in, token)).status_code == 503
    for name in names:
        await redis.rename(f"kept:{name}", name)
    assert (await post(signed_in, token)).status_code == 200
    assert not await is_signed_in(signed_in)


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.8")
async def test_retry_ends_a_session_that_could_not_be_deleted(signed_in, provider, redis):
    """A session is found again after Redis failed between the index and the session."""
    kinds = " ".join(f"~rp:{kind}:*" for kind in ("sessions", "ended", "logout"))
    await redis.execute_command(f"ACL SETUSER default resetkeys {kinds}")
    try:
        assert (await post(signed_in, logout_token(provider))).status_code == 503
    finally:
        await redis.execute_command("ACL SETUSER default allkeys")
    assert await is_signed_in(signed_in)
    assert (await post(signed_in, logout_token(provider))).status_code == 200
    assert not await is_signed_in(signed_in)


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (8), §2.8")
async def test_interrupted_logout_token_may_be_resent(signed_in, provider, redis):
    """§2.6 (8), §2.8: the token must not count as used if Redis fails before the session is deleted."""
    token = logout_token(provider)
    await redis.execute_command("ACL SETUSER default -del")
    try:
        assert (await post(signed_in, token)).status_code == 503
    finally:
        await redis.execute_command("ACL SETUSER default +del")
    assert (await post(signed_in, token)).status_code == 200
    assert not await is_signed_in(signed_in)


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_more_sessions_than_connections_are_ended(signed_in, provider, redis):
    """§2.7: all sessions of a user with many of them."""
    later = int(time.time()) + 600
    for name in await redis.keys("rp:sessions:*"):
        await redis.zadd(name, {f"rp:session:{number}": later for number in range(700)})
    assert (await post(signed_in, logout_token(provider, sid=...))).status_code == 200
    assert not await is_signed_in(signed_in)


async def test_replaced_session_is_removed_from_the_index(signed_in, redis):
    await signed_in.sign_in()
    assert [await redis.zcard(name) for name in await redis.keys("rp:sessions:*")] == [1, 1]


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_older_logout_that_arrives_later_changes_nothing(browser, provider):
    """§2.7: an ID token issued in the same second counts as older than the logout."""
    now = int(time.time())
    provider.claims = {"sid": "session-1", "iat": now - 5}
    address = provider.authorize(await browser.start())
    for issued_at in (now - 5, now - 60):
        assert (await post(browser, logout_token(provider, iat=issued_at))).status_code == 200
    await refused(await browser.get(address), says="ended your session while you were signing in")
    assert provider.revoked == [provider.refresh_token]


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_logout_token_at_another_replica_ends_the_session(signed_in, environment, provider):
    """The sessions of the `sid` end, or without one those of the `sub`, on all replicas; other sessions stay."""
    async with create_app(read(Settings, environment)).test_app() as replica:
        response = await replica.test_client().post(
            "/backchannel-logout", form={"logout_token": logout_token(provider)}
        )
    assert response.status_code == 200
    assert not await is_signed_in(signed_in)


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        pytest.param("iss", {"iss": "http://evil.example"}, id="§2.6 (4) an unknown provider"),
        pytest.param("aud", {"aud": "another-client"}, id="§2.6 (4) as in an ID token"),
        pytest.param("exp", {"exp": 1_000_000_000}, id="§2.6 (4) expired"),
        pytest.param("nonce", {"nonce": "n"}, id="§2.6 (7) only in a logout token"),
    ],
)
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (4), §2.8")
async def test_rejected_logout_token_names_the_check(signed_in, provider, check, changes):
    """OpenID Connect Back-Channel Logout §2.6 (4): `iss`, `aud`, `iat` and `exp` are checked like those of an
    id_token.
    """
    description = await rejection(await post(signed_in, logout_token(provider, **changes)))
    assert description.startswith(f"{check}: expected ")
    assert await is_signed_in(signed_in)


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (2)")
async def test_logout_token_with_another_key_is_rejected(signed_in, provider, other_signer):
    """The signature is verified like that of an id_token."""
    token = other_signer.sign(logout_claims(provider), typ="logout+jwt")
    assert (await rejection(await post(signed_in, token))).startswith("signature: ")
    assert await is_signed_in(signed_in)


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (3)")
async def test_unsigned_logout_token_is_rejected_despite_alg_none(environment, open_browser, provider):
    """§2.6 (3)."""
    environment["ID_TOKEN_ALG"] = provider.algorithm = "none"
    provider.claims = {"sid": "session-1"}
    browser = await open_browser()
    await browser.sign_in()
    token = provider.signer.unsigned(logout_claims(provider), typ="logout+jwt")
    assert (await rejection(await post(browser, token))).startswith("alg: ")
    assert await is_signed_in(browser)


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (8)")
async def test_logout_token_is_accepted_once(signed_in, provider, redis):
    """§2.6 (8): one of fifty concurrent requests succeeds."""
    token = logout_token(provider)
    responses = await asyncio.gather(*(post(signed_in, token) for _ in range(50)))
    assert sorted(response.status_code for response in responses) == [200] + [400] * 49
    assert (await rejection(await post(signed_in, token))).startswith("jti: ")
    [key] = await redis.keys("rp:logout:*")
    assert 600 < await redis.ttl(key) <= 670


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param({"form": {}}, "missing", id="no logout_token"),
        pytest.param({"form": {"logout_token": "x"}}, "form: ", id="not a token"),
        pytest.param(
            {"data": b"logout_token=a&logout_token=b", "headers": FORM},
            "Duplicate parameter: logout_token.",
            id="duplicate",
        ),
        pytest.param({"data": b"logout_token=%ff", "headers": FORM}, "cannot be read", id="not UTF-8"),
        pytest.param({"data": b"{}", "headers": {"Content-Type": "application/json"}}, "urlencoded", id="JSON"),
    ],
)
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.2, §2.5")
async def test_request_without_a_logout_token_is_rejected(browser, options, says):
    """§2.5."""
    assert says in await rejection(await browser.client.post("/backchannel-logout", **options))


async def test_logout_token_by_get_is_rejected(signed_in, provider):
    response = await signed_in.get(f"/backchannel-logout?logout_token={logout_token(provider)}")
    assert (response.status_code, "POST" in response.headers["Allow"]) == (405, True)
    assert await is_signed_in(signed_in)


async def test_unavailable_keys_are_a_503_response(browser, provider):
    token = logout_token(provider)
    await provider.stop()
    response = await post(browser, token)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert (await response.get_json())["error"] == "temporarily_unavailable"


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_unknown_keys_do_not_cause_many_requests_for_keys(signed_in, provider):
    """OpenID Connect Core §10.1.1: and a sign-in can still fetch a new key."""
    for number in range(4):
        token = provider.signer.sign(logout_claims(provider), typ="logout+jwt", kid=f"unknown-{number}")
        assert (await rejection(await post(signed_in, token))).startswith("key: ")
    assert len(provider.requests("/jwks")) == 2
    provider.rotate("new")
    assert (await signed_in.sign_in()).status_code == 303


@pytest.mark.parametrize("reply", [{"status": 500}, {"text": "<!doctype html>"}], ids=["500", "HTML"])
@pytest.mark.spec("OpenID Connect Core §10.1.1", "OpenID Connect Back-Channel Logout §2.8")
async def test_new_key_that_cannot_be_fetched_is_a_503_response(signed_in, provider, reply):
    """OpenID Connect Back-Channel Logout §2.8: A logout token with a new key that cannot be fetched is not
    rejected with 400, after which the provider would not try again; the known keys remain in use.
    """
    old, provider.refusals["/jwks"] = logout_token(provider, sid="another"), reply
    provider.rotate("new")
    token = provider.signer.sign(logout_claims(provider), typ="logout+jwt", kid="new")
    response = await post(signed_in, token)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert response.headers["Cache-Control"] == "no-store"
    assert (await response.get_json())["error"] == "temporarily_unavailable"
    assert (await post(signed_in, old)).status_code == 200
    assert await is_signed_in(signed_in)
    del provider.refusals["/jwks"]
    assert (await signed_in.sign_in()).status_code == 303
    assert (await post(signed_in, token)).status_code == 200


@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_failing_discovery_is_requested_once(browser, provider, monkeypatch):
    monkeypatch.setattr(
        "oidc_discovery.cached_document.FAILURE_AGE", 60.0
    )  # longer than this test takes on a busy machine
    provider.refusals["/.well-known/openid-configuration"] = {"status": 500}
    for number in range(30):
        token = provider.signer.sign(logout_claims(provider), typ="logout+jwt", kid=f"unknown-{number}")
        response = await post(browser, token)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert len(provider.seen) == 1


@pytest.mark.parametrize("named", [{}, {"sub": ...}, {"sid": ...}])
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_logout_during_a_sign_in_prevents_the_session(browser, provider, redis, named):
    """A sign-in opens no session if the logout comes after the code was redeemed and before the session exists."""
    provider.claims = {"sid": "session-1", "iat": int(time.time()) - 1}
    address = provider.authorize(await browser.start())
    assert (await post(browser, logout_token(provider, **named))).status_code == 200
    await refused(await browser.get(address), says="ended your session while you were signing in")
    assert not await is_signed_in(browser)
    assert await redis.keys("rp:session*") == []


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_sign_in_after_a_logout_opens_a_session(signed_in, provider):
    """A sign-in that is in progress while its session ends does not open one."""
    await post(signed_in, logout_token(provider, sid=..., iat=int(time.time()) - 5))
    assert not await is_signed_in(signed_in)
    await signed_in.sign_in()
    assert await is_signed_in(signed_in)
