"""/profile: three sources that fail independently, and an access token that is refreshed once."""

import asyncio
import re
import time
from datetime import datetime

import pytest


def panel(page, name):
    """The text of one section of the profile page."""
    found = re.search(rf'<section class="card" id="{name}".*?</section>', page, re.DOTALL)
    assert found
    return found[0]


@pytest.fixture
async def signed_in(browser):
    assert (await browser.sign_in()).status_code == 303
    return browser


async def test_profile_without_a_session_starts_a_sign_in(browser):
    response = await browser.get("/profile")
    assert (response.status_code, response.headers["Location"]) == (303, "/login?return_to=/profile")


@pytest.mark.spec("OpenID Connect Core §5.3.1", "RFC 6750 §2.1")
async def test_profile_shows_all_three_sources(signed_in):
    """RFC 6750 §2.1: The relying party sends the token only in the header."""
    page = await signed_in.see("/profile")
    identity, userinfo, api = panel(page, "id-token"), panel(page, "userinfo"), panel(page, "api-me")
    for name in ("iss", "aud", "exp", "iat", "nonce", "at_hash", "signature", "§3.1.3.7", "RS256"):
        assert name in identity
    assert "user0@example.com" in userinfo
    assert "§5.3.2" in userinfo
    assert '"plan": "demo"' in api
    headings = re.findall(r"<h2[^>]*>([^<]*)</h2>", page)
    assert headings == ["ID token", "UserInfo", "GET /api/me", "Access"]


async def test_profile_shows_no_tokens_or_secrets(signed_in, provider):
    page = await signed_in.see("/profile")
    [(form, _)] = provider.requests("/token")
    hidden = (provider.access_token, provider.refresh_token, form["code_verifier"], form["code"])
    for secret in (*hidden, signed_in.cookie("rp_session"), signed_in.cookie("rp_login")):
        assert secret not in page
    assert not re.search(r"eyJ[\w-]+\.eyJ", page)
    assert re.search(r'"nonce": "[\w-]{6}…"', page)


async def test_claims_are_escaped(browser, provider):
    provider.claims = {"name": "<script>alert(1)</script>"}
    await browser.sign_in()
    page = await (await browser.get("/profile")).get_data(as_text=True)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.spec("RFC 6750 §3.1")
async def test_two_401_responses_cause_one_refresh(signed_in, provider):
    """After a 401 the relying party tries once more with a new token, and then stops."""
    provider.expire()
    page = await signed_in.see("/profile")
    assert "user0@example.com" in panel(page, "userinfo")
    assert "plan" in panel(page, "api-me")
    assert [form["grant_type"] for form, _ in provider.requests("/token")] == ["authorization_code", "refresh_token"]


@pytest.mark.spec("RFC 6749 §6")
async def test_refreshed_tokens_are_used_from_then_on(signed_in, provider):
    for _ in range(3):
        provider.expire()
        assert "user0@example.com" in await signed_in.see("/profile")
    refreshes = [form["refresh_token"] for form, _ in provider.requests("/token")[1:]]
    assert len(set(refreshes)) == 3
    before = len(provider.requests("/userinfo"))
    await signed_in.see("/profile")
    assert len(provider.requests("/userinfo")) == before + 1


@pytest.mark.spec("RFC 6749 §5.1")
async def test_expired_access_token_is_refreshed_before_use(browser, provider):
    """RFC 6749 §5.1: some servers respond with 403 instead of 401."""
    provider.tokens = {"expires_in": 0}
    await browser.sign_in()
    provider.tokens = {"expires_in": 300}
    old = provider.access_token
    for _ in range(2):
        assert "user0@example.com" in panel(await browser.see("/profile"), "userinfo")
    assert [form["grant_type"] for form, _ in provider.requests("/token")] == ["authorization_code", "refresh_token"]
    used = {headers["Authorization"] for _, headers in provider.requests("/userinfo")}
    assert used == {f"Bearer {provider.access_token}"} != {f"Bearer {old}"}


@pytest.mark.spec("RFC 6749 §5.1")
async def test_expired_token_is_used_without_a_refresh_token(browser, provider):
    """The relying party refreshes an expired access token before it uses it, if it has a refresh token."""
    provider.tokens = {"expires_in": 0, "refresh_token": None}
    await browser.sign_in()
    assert "user0@example.com" in panel(await browser.see("/profile"), "userinfo")


@pytest.mark.spec("RFC 6749 §6")
async def test_concurrent_requests_refresh_once(signed_in, provider):
    """The relying party refreshes once per session, however many requests need it, and uses the new tokens from
    then on.
    """
    provider.expire()
    pages = await asyncio.gather(*(signed_in.see("/profile") for _ in range(4)))
    assert all("user0@example.com" in page and "plan" in page for page in pages)
    assert [form["grant_type"] for form, _ in provider.requests("/token")] == ["authorization_code", "refresh_token"]


@pytest.mark.spec("RFC 6750 §3.1")
async def test_token_rejected_after_a_refresh_is_not_refreshed(signed_in, provider, resource_server):
    resource_server.reply = {"status": 401, "headers": {"WWW-Authenticate": 'Bearer error="invalid_token"'}}
    page = await signed_in.see("/profile")
    assert "The resource server responded with 401 invalid_token. The access token was" in panel(page, "api-me")
    assert len(provider.requests("/token")) == 2


async def test_ended_sign_in_offers_a_new_one(signed_in, provider):
    provider.expire()
    provider.refresh_token = "revoked"
    for _ in range(2):
        page = await signed_in.see("/profile")
        for name in ("userinfo", "api-me"):
            assert "The provider has ended this sign-in" in panel(page, name)
            assert '<a href="/login?return_to=/profile">Sign in again</a>' in panel(page, name)
        assert "verified" in panel(page, "id-token")
    assert len(provider.requests("/token")) == 2  # a rejected refresh token is not sent again


async def test_refresh_can_be_retried_after_another_error(signed_in, provider):
    provider.expire()
    provider.refusals["/token"] = {"status": 400, "text": '{"error":"invalid_scope"}'}
    assert "token endpoint rejected" in panel(await signed_in.see("/profile"), "userinfo")
    provider.refusals.clear()
    assert "user0@example.com" in panel(await signed_in.see("/profile"), "userinfo")


@pytest.mark.spec("RFC 6749 §6", "RFC 9700 §4.14.2")
async def test_redis_failure_during_a_refresh_loses_no_token(signed_in, provider, redis):
    """RFC 9700 §4.14.2: the rotated tokens are saved when Redis is available again."""

    async def recover():
        while not await redis.acl_log():  # noqa: ASYNC110 - a state of Redis
            await asyncio.sleep(0)
        await redis.execute_command("ACL SETUSER default +set")

    async def fail():
        await redis.acl_log_reset()
        await redis.execute_command("ACL SETUSER default -set")
        recoveries.append(asyncio.create_task(recover()))

    recoveries: list[asyncio.Task[None]] = []
    provider.expire()
    provider.before_refresh = fail
    assert "user0@example.com" in panel(await signed_in.see("/profile"), "userinfo")
    await recoveries[0]
    provider.before_refresh = None
    provider.expire()
    assert "user0@example.com" in panel(await signed_in.see("/profile"), "userinfo")


async def test_expiry_of_the_refreshed_token_is_shown(signed_in, provider):
    provider.expire()
    provider.tokens = {"expires_in": 777}
    found = re.search(r"Access token expires.*?(\d{4}-\S+ \S+) UTC", await signed_in.see("/profile"), re.DOTALL)
    assert found is not None
    expires = datetime.fromisoformat(f"{found[1]}+00:00").timestamp()
    assert 770 < expires - time.time() < 780


async def test_unavailable_panel_is_logged(signed_in, provider, caplog):
    provider.refusals["/userinfo"] = {"status": 404, "text": ""}
    await signed_in.see("/profile")
    assert "panel not available" in caplog.text


@pytest.mark.parametrize("name", ["sid", "jti"])
async def test_secret_claims_are_masked(browser, provider, name):
    provider.claims = {name: "a-value-of-many-characters"}
    await browser.sign_in()
    page = await browser.see("/profile")
    assert "a-valu…" in page
    assert "a-value-of" not in page


async def test_claim_named_like_a_dict_method_is_shown(browser, provider):
    """A name that a dictionary has a method of, for one."""
    provider.claims = {"items": "three"}
    await browser.sign_in()
    page = await browser.see("/profile")
    assert "three" in page
    assert "built-in" not in page


async def test_refresh_does_not_restore_a_signed_out_session(signed_in, provider, redis):
    async def sign_out():
        await redis.flushdb()

    provider.expire()
    provider.before_refresh = sign_out
    assert "The provider has ended this sign-in" in await signed_in.see("/profile")
    assert await redis.keys("rp:session:*") == []
    assert [form["token"] for form, _ in provider.requests("/revoke")] == [provider.refresh_token]


async def test_user_stays_signed_in_while_the_provider_is_down(signed_in, provider):
    assert "user0@example.com" in await signed_in.see("/profile")
    await provider.stop()
    response = await signed_in.get("/profile")
    page = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert "The provider does not respond" in panel(page, "userinfo")
    assert "user0" in panel(page, "id-token")
    assert "plan" in panel(page, "api-me")
    assert "Signed in as" in page


async def test_unavailable_provider_during_a_refresh_is_reported(signed_in, provider):
    provider.expire()
    await provider.stop()
    page = await signed_in.see("/profile")
    assert "The provider does not respond" in panel(page, "api-me")
    assert "Sign in again" not in page


async def test_unavailable_resource_server_is_reported(signed_in, resource_server):
    await resource_server.stop()
    page = await signed_in.see("/profile")
    assert "The resource server does not respond" in panel(page, "api-me")
    assert "user0@example.com" in panel(page, "userinfo")


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ({"status": 503}, "responded with 503. The service is temporarily unavailable."),
        (
            {"status": 302, "headers": {"Location": "http://evil.example"}},
            "responded with 302. The response has an unexpected status.",
        ),
        ({"status": 200, "content_type": "application/jwt", "text": "e.y.z"}, "responded with a JWT"),
        ({"status": 200, "body": b'{"a":"\\ud800"}'}, "text that is not valid Unicode"),
        ({"status": 200, "body": b"x" * 2_000_000}, "does not respond"),
    ],
)
async def test_unusable_response_of_the_resource_server_is_reported(signed_in, resource_server, reply, says):
    resource_server.reply = reply
    page = await signed_in.see("/profile")
    assert says in panel(page, "api-me")
    assert "user0@example.com" in panel(page, "userinfo")


async def test_user_without_a_profile_sees_an_empty_state(signed_in, resource_server, caplog):
    resource_server.reply = {"status": 404, "text": '{"error":"not_found"}'}
    api = panel(await signed_in.see("/profile"), "api-me")
    assert '<span class="tag">no profile</span>' in api
    assert "The resource server has no profile for this user yet." in api
    assert "bad" not in api
    assert "panel not available" not in caplog.text


@pytest.mark.spec("OpenID Connect Core §5.3.2")
async def test_userinfo_of_another_sub_is_not_shown(signed_in, provider):
    provider.userinfo = {"sub": "user1", "email": "somebody@else.example"}
    page = await signed_in.see("/profile")
    assert "The check “sub”" in panel(page, "userinfo")
    assert '<span class="tag bad">rejected</span>' in panel(page, "userinfo")
    assert "somebody@else.example" not in page
    assert "plan" in panel(page, "api-me")


async def test_userinfo_error_is_reported(signed_in, provider):
    provider.refusals["/userinfo"] = {"status": 403}
    page = await signed_in.see("/profile")
    assert "The provider responded with 403" in panel(page, "userinfo")
    assert "plan" in panel(page, "api-me")


@pytest.mark.parametrize("cookie", ["", "x", "x" * 43, "x" * 4000, '"quoted"', "a b", "%00"])
async def test_unknown_session_cookie_is_ignored(browser, cookie):
    browser.client.set_cookie("localhost", "rp_session", cookie)
    assert (await browser.get("/profile")).status_code == 303
    assert (await browser.get("/")).status_code == 200
