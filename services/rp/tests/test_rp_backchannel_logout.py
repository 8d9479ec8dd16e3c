"""POST /backchannel-logout: every check of the logout token, and the right sessions ended."""

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


async def refusal(response, status=400):
    """What the JSON of a refusal says, after its status and headers were checked."""
    answer = await response.get_json()
    assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store"), answer
    assert response.headers["Content-Type"] == "application/json"
    assert answer["error"] == "invalid_request"
    return answer["error_description"]


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
        pytest.param({}, [False, True, True], id="§2.7: a sid ends its own session alone"),
        pytest.param({"sub": ...}, [False, True, True], id="§2.7: also without sub"),
        pytest.param({"sid": ...}, [False, False, True], id="§2.7: a sub ends all of the person's"),
        pytest.param({"sid": "unknown"}, [True, True, True], id="§2.7: an unknown sid ends none"),
        pytest.param({"sid": ..., "sub": "unknown"}, [True, True, True], id="§2.7: an unknown sub ends none"),
    ],
)
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7, §2.8")
async def test_the_right_sessions_end(open_browser, provider, changes, left):
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
async def test_a_session_whose_id_token_has_no_sid_ends_by_sub(open_browser, provider):
    """A session whose id_token had no `sid` ends with every logout token of its user."""
    browser = await open_browser()
    await browser.sign_in()
    assert (await post(browser, logout_token(provider, sid=...))).status_code == 200
    assert not await is_signed_in(browser)


@pytest.mark.parametrize(("sub", "left"), [("user0", False), ("user1", True)])
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_a_session_whose_id_token_has_no_sid_ends_with_any_of_the_persons(open_browser, provider, sub, left):
    """A logout token does not say which session of its user it means if the id_token had no `sid`."""
    browser = await open_browser()
    await browser.sign_in()
    assert (await post(browser, logout_token(provider, sub=sub))).status_code == 200
    assert await is_signed_in(browser) is left


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.8")
async def test_a_token_whose_sessions_could_not_be_ended_may_come_again(signed_in, provider, redis):
    """A logout that Redis prevented is a 503. The token may be sent again whenever Redis failed, and the remaining
    sessions are found.

    Redis failed, the response was 503, and the provider tries again.
    """
    token = logout_token(provider)
    names = await redis.keys("rp:sessions:*")
    for name in names:
        await redis.rename(name, f"kept:{name}")
        await redis.set(name, "no sorted set")
    assert (await post(signed_in, token)).status_code == 503
    for name in names:
        await redis.rename(f"kept:{name}", name)
    assert (await post(signed_in, token)).status_code == 200
    assert not await is_signed_in(signed_in)


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.8")
async def test_a_session_that_could_not_be_ended_is_found_again(signed_in, provider, redis):
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
async def test_a_token_whose_redemption_redis_broke_off_may_come_again(signed_in, provider, redis):
    """While Redis is unavailable, the record of the `jti` cannot be removed."""
    token = logout_token(provider)
    await redis.execute_command("ACL SETUSER default -del")
    try:
        assert (await post(signed_in, token)).status_code == 503
    finally:
        await redis.execute_command("ACL SETUSER default +del")
    assert (await post(signed_in, token)).status_code == 200
    assert not await is_signed_in(signed_in)


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_more_sessions_than_connections_end(signed_in, provider, redis):
    """A user who signs in all day has that many sessions."""
    later = int(time.time()) + 600
    for name in await redis.keys("rp:sessions:*"):
        await redis.zadd(name, {f"rp:session:{number}": later for number in range(700)})
    assert (await post(signed_in, logout_token(provider, sid=...))).status_code == 200
    assert not await is_signed_in(signed_in)


async def test_a_session_that_another_one_replaced_has_no_name_left(signed_in, redis):
    await signed_in.sign_in()
    assert [await redis.zcard(name) for name in await redis.keys("rp:sessions:*")] == [1, 1]


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_an_earlier_sign_out_that_comes_later_changes_nothing(browser, provider):
    """An id_token that was issued in the same second is treated as older than the sign-out."""
    now = int(time.time())
    provider.claims = {"sid": "session-1", "iat": now - 5}
    address = provider.authorize(await browser.start())
    for issued_at in (now - 5, now - 60):
        assert (await post(browser, logout_token(provider, iat=issued_at))).status_code == 200
    await refused(await browser.get(address), says="ended your session while you were signing in")
    assert provider.revoked == [provider.refresh_token]


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_another_replica_knows_it_at_once(signed_in, environment, provider):
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
        pytest.param("iss", {"iss": "http://evil.example"}, id="§2.6 (4) a provider that is not known"),
        pytest.param("aud", {"aud": "another-client"}, id="§2.6 (4) as in an id_token"),
        pytest.param("exp", {"exp": 1_000_000_000}, id="§2.6 (4) expired"),
        pytest.param("nonce", {"nonce": "n"}, id="§2.6 (7) of a logout token alone"),
    ],
)
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (4), §2.8")
async def test_refused_logout_token_names_the_check(signed_in, provider, check, changes):
    """OpenID Connect Back-Channel Logout §2.6 (4): `iss`, `aud`, `iat` and `exp` are checked like those of an
    id_token.
    """
    said = await refusal(await post(signed_in, logout_token(provider, **changes)))
    assert said.startswith(f"{check}: expected ")
    assert await is_signed_in(signed_in)


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (2)")
async def test_logout_token_by_another_key_is_refused(signed_in, provider, other_signer):
    """The signature is verified like that of an id_token."""
    token = other_signer.sign(logout_claims(provider), typ="logout+jwt")
    assert (await refusal(await post(signed_in, token))).startswith("signature: ")
    assert await is_signed_in(signed_in)


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (3)")
async def test_an_unsigned_one_is_refused_where_id_tokens_are_unsigned(environment, open_browser, provider):
    """The algorithm is that of this client's id_tokens, and never `none`."""
    environment["ID_TOKEN_ALG"] = provider.algorithm = "none"
    provider.claims = {"sid": "session-1"}
    browser = await open_browser()
    await browser.sign_in()
    token = provider.signer.unsigned(logout_claims(provider), typ="logout+jwt")
    assert (await refusal(await post(browser, token))).startswith("alg: ")
    assert await is_signed_in(browser)


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (8)")
async def test_a_token_counts_once(signed_in, provider, redis):
    """A `jti` is accepted once, even by parallel requests.

    Of fifty parallel requests, one succeeds.
    """
    token = logout_token(provider)
    answers = await asyncio.gather(*(post(signed_in, token) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert (await refusal(await post(signed_in, token))).startswith("jti: ")
    [key] = await redis.keys("rp:logout:*")
    assert 600 < await redis.ttl(key) <= 670


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param({"form": {}}, "missing", id="no logout_token"),
        pytest.param({"form": {"logout_token": "x"}}, "form: ", id="no token"),
        pytest.param({"data": b"logout_token=a&logout_token=b", "headers": FORM}, "more than once", id="twice"),
        pytest.param({"data": b"logout_token=%ff", "headers": FORM}, "cannot be read", id="no UTF-8"),
        pytest.param({"data": b"{}", "headers": {"Content-Type": "application/json"}}, "urlencoded", id="JSON"),
    ],
)
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.2, §2.5")
async def test_a_request_that_holds_no_logout_token(browser, options, says):
    """A logout is a POST of a form with one logout_token, to an endpoint that uses no cookie."""
    assert says in await refusal(await browser.client.post("/backchannel-logout", **options))


async def test_a_link_ends_nothing(signed_in, provider):
    response = await signed_in.get(f"/backchannel-logout?logout_token={logout_token(provider)}")
    assert (response.status_code, "POST" in response.headers["Allow"]) == (405, True)
    assert await is_signed_in(signed_in)


async def test_a_provider_whose_keys_cannot_be_had_is_asked_to_try_again(browser, provider):
    token = logout_token(provider)
    await provider.stop()
    response = await post(browser, token)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert (await response.get_json())["error"] == "temporarily_unavailable"


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_tokens_of_strangers_do_not_make_it_hammer_the_provider(signed_in, provider):
    """Forged tokens make the relying party fetch the set at most once in ten seconds, and do not keep a sign-in
    from a new key.
    """
    for number in range(4):
        token = provider.signer.sign(logout_claims(provider), typ="logout+jwt", kid=f"unknown-{number}")
        assert (await refusal(await post(signed_in, token))).startswith("key: ")
    assert len(provider.requests("/jwks")) == 2
    provider.rotate("new")
    assert (await signed_in.sign_in()).status_code == 303


@pytest.mark.parametrize("answer", [{"status": 500}, {"text": "<!doctype html>"}], ids=["500", "HTML"])
@pytest.mark.spec("OpenID Connect Core §10.1.1")
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.8")
async def test_a_new_key_that_cannot_be_fetched_refuses_no_token_for_good(signed_in, provider, answer):
    """OpenID Connect Back-Channel Logout §2.8: A logout token with a new key that cannot be fetched is not
    rejected with 400, after which the provider would not try again; the known keys remain in use.
    """
    old, provider.refusals["/jwks"] = logout_token(provider, sid="another"), answer
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
async def test_nor_a_provider_that_fails(browser, provider, monkeypatch):
    monkeypatch.setattr("oidc_discovery.cached_document.FAILURE_AGE", 60.0)  # a busy machine takes longer than a second
    provider.refusals["/.well-known/openid-configuration"] = {"status": 500}
    for number in range(30):
        token = provider.signer.sign(logout_claims(provider), typ="logout+jwt", kid=f"unknown-{number}")
        response = await post(browser, token)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert len(provider.seen) == 1


@pytest.mark.parametrize("named", [{}, {"sub": ...}, {"sid": ...}])
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_a_sign_in_that_is_on_its_way_opens_no_session(browser, provider, redis, named):
    """A sign-in opens no session if the logout comes after the code was redeemed and before the session exists."""
    provider.claims = {"sid": "session-1", "iat": int(time.time()) - 1}
    address = provider.authorize(await browser.start())
    assert (await post(browser, logout_token(provider, **named))).status_code == 200
    await refused(await browser.get(address), says="ended your session while you were signing in")
    assert not await is_signed_in(browser)
    assert await redis.keys("rp:session*") == []


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7")
async def test_a_later_sign_in_opens_a_session(signed_in, provider):
    """A sign-in that is in progress while its session ends does not open one."""
    await post(signed_in, logout_token(provider, sid=..., iat=int(time.time()) - 5))
    assert not await is_signed_in(signed_in)
    await signed_in.sign_in()
    assert await is_signed_in(signed_in)
