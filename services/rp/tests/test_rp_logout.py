"""POST /logout and /logout/callback: all of it gone here first, and then at the provider."""

from urllib.parse import parse_qs, urlsplit

import pytest


@pytest.fixture
async def signed_in(browser):
    await browser.sign_in()
    return browser


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
@pytest.mark.spec("RFC 9110 §15.4.4")
async def test_sign_out_forgets_everything_and_goes_on_to_the_provider(signed_in, provider, redis):
    old = signed_in.cookie("rp_session")
    response = await signed_in.sign_out(headers={"Origin": "http://localhost:25001"})
    address = urlsplit(response.headers["Location"])
    asked = {name: value for name, [value] in parse_qs(address.query).items()}
    assert (response.status_code, f"{address.scheme}://{address.netloc}{address.path}") == (
        303,
        f"{provider.url}/logout",
    )
    assert asked["id_token_hint"].count(".") == 2
    assert asked["client_id"] == "demo-client"
    assert asked["post_logout_redirect_uri"] == "http://localhost:25001/logout/callback"
    assert await redis.keys("rp:*") == []
    assert signed_in.cookie("rp_session") is None
    signed_in.client.set_cookie("localhost", "rp_session", old)
    assert (await signed_in.get("/profile")).status_code == 303


@pytest.mark.spec("RFC 7009 §2.1")
async def test_the_refresh_token_is_revoked(signed_in, provider):
    """The relying party revokes its refresh token at sign-out. If the revocation is rejected, the sign-out still
    succeeds.
    """
    await signed_in.sign_out()
    [(form, headers)] = provider.requests("/revoke")
    assert form == {"token": provider.refresh_token, "token_type_hint": "refresh_token"}
    assert headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({"revocation_endpoint": 7}, id="no URL"),
        pytest.param({"revocation_endpoint_auth_methods_supported": ["private_key_jwt"]}, id="no method of ours"),
    ],
)
@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
async def test_a_revocation_endpoint_that_does_not_fit_keeps_nobody_signed_in(
    environment, open_browser, provider, metadata
):
    """If the tokens cannot be revoked, the session at the provider ends as well."""
    provider.metadata = metadata
    browser = await open_browser()
    await browser.sign_in()
    assert (await browser.sign_out()).headers["Location"].startswith(f"{provider.url}/logout?")


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
async def test_a_name_that_redis_keeps_does_not_stop_the_sign_out(signed_in, provider, redis):
    """The relying party sends the browser to the provider with its latest id_token as the hint, even if the
    tokens could not be revoked.
    """
    await redis.execute_command("ACL SETUSER default -zrem")
    try:
        response = await signed_in.sign_out()
    finally:
        await redis.execute_command("ACL SETUSER default +zrem")
    assert response.headers["Location"].startswith(f"{provider.url}/logout?")
    assert provider.revoked == [provider.refresh_token]


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
async def test_the_hint_is_the_latest_id_token(signed_in, provider):
    """The hint is the latest id_token: the provider may no longer have the key of the first one."""
    provider.expire()
    provider.refreshed = {}
    await signed_in.see("/profile")
    provider.expire()
    provider.refreshed = None  # a later refresh without one
    await signed_in.see("/profile")
    response = await signed_in.sign_out()
    hint = parse_qs(urlsplit(response.headers["Location"]).query)["id_token_hint"][0]
    assert hint == provider.id_tokens[-1] != provider.id_tokens[0]


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §3")
async def test_the_way_back_says_signed_out_once(signed_in):
    """The relying party accepts a return with a state that it gave this browser, once."""
    response = await signed_in.sign_out()
    state = parse_qs(urlsplit(response.headers["Location"]).query)["state"][0]
    back = await signed_in.get(f"/logout/callback?state={state}")
    assert (back.status_code, back.headers["Location"]) == (303, "/?notice=signed-out")
    assert "You are signed out, here and at the provider." in await signed_in.see("/?notice=signed-out")
    assert (await signed_in.get(f"/logout/callback?state={state}")).status_code == 400


async def test_a_way_back_with_the_state_twice_is_refused(signed_in):
    response = await signed_in.sign_out()
    state = parse_qs(urlsplit(response.headers["Location"]).query)["state"][0]
    assert (await signed_in.get(f"/logout/callback?state={state}&state={state}")).status_code == 400


@pytest.mark.parametrize("query", ["", "?state=", "?state=x", "?state=%C3%B6", "?state=%ff"])
@pytest.mark.spec("OpenID Connect RP-Initiated Logout §3")
async def test_a_way_back_that_does_not_belong_to_this_browser(signed_in, query):
    await signed_in.sign_out()
    assert (await signed_in.get(f"/logout/callback{query}")).status_code == 400


async def test_a_notice_is_one_of_ours_and_only_true_ones(signed_in):
    assert "You are signed out" not in await signed_in.see("/?notice=signed-out")
    assert "evil" not in await signed_in.see("/?notice=evil")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"form": {}}, id="no token"),
        pytest.param({"form": {"csrf_token": "wrong"}}, id="a wrong token"),
        pytest.param({"form": {"csrf_token": "ö"}}, id="a token that is not ASCII"),
        pytest.param({"headers": {"Origin": "http://evil.example"}}, id="another origin, even with the token"),
        pytest.param({"headers": {"Origin": "null"}}, id="no origin of its own"),
        pytest.param({"headers": {"Origin": "http://localhost:25000"}}, id="the same host, another port"),
    ],
)
async def test_a_form_that_none_of_our_pages_sent(signed_in, redis, options):
    response = await signed_in.sign_out(**options)
    assert response.status_code == 403
    assert "Set-Cookie" not in response.headers
    assert len(await redis.keys("rp:session:*")) == 1
    assert "Signed in as" in await signed_in.see("/profile")


async def test_another_sites_form_without_our_cookie_clears_nothing(open_browser):
    """Without the cookie (SameSite=Lax) there is nothing to end; a clearing Set-Cookie would sign the person out."""
    response = await (await open_browser()).client.post("/logout", form={})
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert "Set-Cookie" not in response.headers


async def test_a_link_cannot_sign_out(signed_in):
    response = await signed_in.get("/logout")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]
    assert "Signed in as" in await signed_in.see("/profile")


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": b"x" * 10_000_000, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 413),
        ({"data": b"{}", "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b"csrf_token=x"}, 400),
        ({"data": b"csrf_token=%ff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
        ({"data": b"csrf_token=\xff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
        ({"data": b"csrf_token=%00", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
        (
            {"data": b"csrf_token=" + b"x" * 50_000, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            400,
        ),
    ],
)
async def test_a_body_that_cannot_be_read(signed_in, options, status):
    assert (await signed_in.client.post("/logout", **options)).status_code == status
    assert "Signed in as" in await signed_in.see("/profile")


async def test_without_the_providers_page_the_person_is_signed_out_here(environment, open_browser, provider, redis):
    provider.metadata = {"end_session_endpoint": None, "revocation_endpoint": None}
    browser = await open_browser()
    await browser.sign_in()
    response = await browser.sign_out()
    assert response.headers["Location"] == "/?notice=signed-out-here"
    assert "You are signed out here." in await browser.see("/?notice=signed-out-here")
    assert await redis.keys("rp:session:*") == []


async def test_a_provider_that_is_away_does_not_prevent_it(signed_in, provider, redis):
    page = await signed_in.see("/profile")
    await provider.stop()
    token = page.partition('name="csrf_token" value="')[2][:43]
    response = await signed_in.client.post("/logout", form={"csrf_token": token})
    assert response.headers["Location"] == "/?notice=signed-out-here"
    assert await redis.keys("rp:session:*") == []
    assert signed_in.cookie("rp_session") is None


@pytest.mark.spec("RFC 7009 §2.1")
async def test_a_revocation_that_is_refused_does_not_prevent_it(signed_in, provider):
    provider.refusals["/revoke"] = {"status": 400}
    response = await signed_in.sign_out()
    assert response.headers["Location"].startswith(f"{provider.url}/logout?")
