"""/profile: three surfaces that fail by themselves, and an access token that is renewed once."""

import asyncio
import re
import time

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


async def test_without_a_session_a_sign_in_starts_and_leads_back(browser):
    response = await browser.get("/profile")
    assert (response.status_code, response.headers["Location"]) == (303, "/login?return_to=/profile")


@pytest.mark.spec("OpenID Connect Core §5.3.1")
@pytest.mark.spec("RFC 6750 §2.1")
async def test_the_three_surfaces(signed_in):
    """RFC 6750 §2.1: The relying party sends the token only in the header."""
    page = await signed_in.see("/profile")
    identity, userinfo, api = panel(page, "id-token"), panel(page, "userinfo"), panel(page, "api-me")
    for name in ("iss", "aud", "exp", "iat", "nonce", "at_hash", "signature", "§3.1.3.7", "RS256"):
        assert name in identity
    assert "user0@example.com" in userinfo
    assert "§5.3.2" in userinfo
    assert '"plan": "demo"' in api
    headings = re.findall(r"<h2[^>]*>([^<]*)</h2>", page)
    assert headings == ["id_token", "UserInfo", "GET /api/me", "Access"]


async def test_the_page_shows_no_token_and_no_secret(signed_in, provider):
    page = await signed_in.see("/profile")
    [(form, _)] = provider.requests("/token")
    hidden = (provider.access_token, provider.refresh_token, form["code_verifier"], form["code"])
    for secret in (*hidden, signed_in.cookie("rp_session"), signed_in.cookie("rp_login")):
        assert secret not in page
    assert not re.search(r"eyJ[\w-]+\.eyJ", page)
    assert re.search(r'"nonce": "[\w-]{6}…"', page)


async def test_a_claim_is_text_and_not_markup(browser, provider):
    provider.claims = {"name": "<script>alert(1)</script>"}
    await browser.sign_in()
    page = await (await browser.get("/profile")).get_data(as_text=True)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.spec("RFC 6750 §3.1")
async def test_a_401_is_answered_by_one_refresh_for_both_surfaces(signed_in, provider):
    """After a 401 the relying party tries once more with a new token, and then stops."""
    provider.expire()
    page = await signed_in.see("/profile")
    assert "user0@example.com" in panel(page, "userinfo")
    assert "plan" in panel(page, "api-me")
    assert [form["grant_type"] for form, _ in provider.requests("/token")] == ["authorization_code", "refresh_token"]


@pytest.mark.spec("RFC 6749 §6")
async def test_after_a_refresh_the_new_tokens_are_used_for_everything(signed_in, provider):
    for _ in range(3):
        provider.expire()
        assert "user0@example.com" in await signed_in.see("/profile")
    refreshes = [form["refresh_token"] for form, _ in provider.requests("/token")[1:]]
    assert len(set(refreshes)) == 3
    asked = len(provider.requests("/userinfo"))
    await signed_in.see("/profile")
    assert len(provider.requests("/userinfo")) == asked + 1


@pytest.mark.spec("RFC 6749 §5.1")
async def test_a_token_whose_time_is_over_is_renewed_before_it_is_used(browser, provider):
    """Some servers reject an expired token with 403, not with 401."""
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
async def test_without_a_refresh_token_it_is_used_whatever_its_time(browser, provider):
    """The relying party refreshes an expired access token before it uses it, if it has a refresh token."""
    provider.tokens = {"expires_in": 0, "refresh_token": None}
    await browser.sign_in()
    assert "user0@example.com" in panel(await browser.see("/profile"), "userinfo")


@pytest.mark.spec("RFC 6749 §6")
async def test_two_tabs_refresh_once(signed_in, provider):
    """The relying party refreshes once per session, however many requests need it, and uses the new tokens from
    then on.
    """
    provider.expire()
    pages = await asyncio.gather(*(signed_in.see("/profile") for _ in range(4)))
    assert all("user0@example.com" in page and "plan" in page for page in pages)
    assert [form["grant_type"] for form, _ in provider.requests("/token")] == ["authorization_code", "refresh_token"]


@pytest.mark.spec("RFC 6750 §3.1")
async def test_a_token_that_is_refused_after_the_refresh_is_not_refreshed_again(signed_in, provider, resource_server):
    resource_server.reply = {"status": 401, "headers": {"WWW-Authenticate": 'Bearer error="invalid_token"'}}
    page = await signed_in.see("/profile")
    assert "The resource server does not accept the access token (401, invalid_token)" in panel(page, "api-me")
    assert len(provider.requests("/token")) == 2


async def test_a_sign_in_that_ended_at_the_provider(signed_in, provider):
    provider.expire()
    provider.refresh_token = "revoked"
    for _ in range(2):
        page = await signed_in.see("/profile")
        for name in ("userinfo", "api-me"):
            assert "The sign-in has ended at the provider" in panel(page, name)
            assert '<a href="/login?return_to=/profile">Sign in again</a>' in panel(page, name)
        assert "verified" in panel(page, "id-token")
    assert len(provider.requests("/token")) == 2  # a refresh token that was refused is not tried again


async def test_a_refresh_that_is_refused_otherwise_can_be_tried_again(signed_in, provider):
    provider.expire()
    provider.refusals["/token"] = {"status": 400, "text": '{"error":"invalid_scope"}'}
    assert "token endpoint refused" in panel(await signed_in.see("/profile"), "userinfo")
    provider.refusals.clear()
    assert "user0@example.com" in panel(await signed_in.see("/profile"), "userinfo")


@pytest.mark.spec("RFC 6749 §6")
@pytest.mark.spec("RFC 9700 §4.14.2")
async def test_redis_away_during_a_refresh_costs_no_refresh_token(signed_in, provider, redis):
    """RFC 9700 §4.14.2: The rotated refresh token is stored as soon as Redis is available again."""

    async def back():
        while not await redis.acl_log():  # noqa: ASYNC110 - it is a state of Redis
            await asyncio.sleep(0)
        await redis.execute_command("ACL SETUSER default +set")

    async def away():
        await redis.acl_log_reset()
        await redis.execute_command("ACL SETUSER default -set")
        returns.append(asyncio.create_task(back()))

    returns: list[asyncio.Task[None]] = []
    provider.expire()
    provider.before_refresh = away
    assert "user0@example.com" in panel(await signed_in.see("/profile"), "userinfo")
    await returns[0]
    provider.before_refresh = None
    provider.expire()
    assert "user0@example.com" in panel(await signed_in.see("/profile"), "userinfo")


async def test_the_new_tokens_time_is_shown(signed_in, provider):
    provider.expire()
    provider.tokens = {"expires_in": 777}
    found = re.search(r"Access token expires.*?(\d{10}) ", await signed_in.see("/profile"), re.DOTALL)
    assert found is not None
    assert 770 < int(found[1]) - time.time() < 780


async def test_a_panel_that_is_not_shown_is_in_the_log(signed_in, provider, caplog):
    provider.refusals["/userinfo"] = {"status": 404, "text": ""}
    await signed_in.see("/profile")
    assert "panel not shown" in caplog.text


@pytest.mark.parametrize("name", ["sid", "jti"])
async def test_what_others_must_not_learn_shows_its_beginning(browser, provider, name):
    provider.claims = {name: "a-value-of-many-characters"}
    await browser.sign_in()
    page = await browser.see("/profile")
    assert "a-valu…" in page
    assert "a-value-of" not in page


async def test_a_claim_of_any_name_has_its_value_alone(browser, provider):
    """A name that a dictionary has a method of, for one."""
    provider.claims = {"items": "three"}
    await browser.sign_in()
    page = await browser.see("/profile")
    assert "three" in page
    assert "built-in" not in page


async def test_a_sign_out_during_a_refresh_is_not_undone(signed_in, provider, redis):
    async def sign_out_meanwhile():
        await redis.flushdb()

    provider.expire()
    provider.before_refresh = sign_out_meanwhile
    assert "The sign-in has ended" in await signed_in.see("/profile")
    assert await redis.keys("rp:session:*") == []
    assert [form["token"] for form, _ in provider.requests("/revoke")] == [provider.refresh_token]


async def test_a_provider_that_stopped_leaves_the_person_signed_in(signed_in, provider):
    assert "user0@example.com" in await signed_in.see("/profile")
    await provider.stop()
    response = await signed_in.get("/profile")
    page = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert "The provider does not answer" in panel(page, "userinfo")
    assert "user0" in panel(page, "id-token")
    assert "plan" in panel(page, "api-me")
    assert "Signed in as" in page


async def test_a_provider_that_stopped_when_a_token_must_be_renewed(signed_in, provider):
    provider.expire()
    await provider.stop()
    page = await signed_in.see("/profile")
    assert "The provider does not answer" in panel(page, "api-me")
    assert "Sign in again" not in page


async def test_a_resource_server_that_stopped(signed_in, resource_server):
    await resource_server.stop()
    page = await signed_in.see("/profile")
    assert "The resource server does not answer" in panel(page, "api-me")
    assert "user0@example.com" in panel(page, "userinfo")


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ({"status": 503}, "The resource server cannot answer right now (503)"),
        ({"status": 302, "headers": {"Location": "http://evil.example"}}, "gave an unexpected answer (302)"),
        ({"status": 200, "content_type": "application/jwt", "text": "e.y.z"}, "answered with a JWT"),
        ({"status": 200, "body": b'{"a":"\\ud800"}'}, "text that is not Unicode"),
        ({"status": 200, "body": b"x" * 2_000_000}, "does not answer"),
    ],
)
async def test_a_resource_server_that_gives_no_profile(signed_in, resource_server, reply, says):
    resource_server.reply = reply
    page = await signed_in.see("/profile")
    assert says in panel(page, "api-me")
    assert "user0@example.com" in panel(page, "userinfo")


@pytest.mark.spec("OpenID Connect Core §5.3.2")
async def test_userinfo_of_another_sub_is_not_shown(signed_in, provider):
    provider.userinfo = {"sub": "user1", "email": "somebody@else.example"}
    page = await signed_in.see("/profile")
    assert "The check “sub”" in panel(page, "userinfo")
    assert '<span class="tag bad">refused</span>' in panel(page, "userinfo")
    assert "somebody@else.example" not in page
    assert "plan" in panel(page, "api-me")


async def test_userinfo_that_refuses(signed_in, provider):
    provider.refusals["/userinfo"] = {"status": 403}
    page = await signed_in.see("/profile")
    assert "(403" in panel(page, "userinfo")
    assert "plan" in panel(page, "api-me")


@pytest.mark.parametrize("cookie", ["", "x", "x" * 43, "x" * 4000, '"quoted"', "a b", "%00"])
async def test_a_cookie_that_names_no_session(browser, cookie):
    browser.client.set_cookie("localhost", "rp_session", cookie)
    assert (await browser.get("/profile")).status_code == 303
    assert (await browser.get("/")).status_code == 200
