"""POST /logout and /logout/callback: the session ends here first, then at the provider."""

from urllib.parse import parse_qs, urlsplit

import pytest


@pytest.fixture
async def signed_in(browser):
    await browser.sign_in()
    return browser


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2", "RFC 9110 §15.4.4")
async def test_sign_out_deletes_the_session_and_redirects(signed_in, provider, redis):
    """OpenID Connect RP-Initiated Logout §2."""
    old = signed_in.cookie("rp_session")
    response = await signed_in.sign_out(headers={"Origin": "http://localhost:25001"})
    address = urlsplit(response.headers["Location"])
    request = {name: value for name, [value] in parse_qs(address.query).items()}
    assert (response.status_code, f"{address.scheme}://{address.netloc}{address.path}") == (
        303,
        f"{provider.url}/logout",
    )
    assert request["id_token_hint"].count(".") == 2
    assert request["client_id"] == "demo-client"
    assert request["post_logout_redirect_uri"] == "http://localhost:25001/logout/callback"
    assert await redis.keys("rp:*") == []
    assert signed_in.cookie("rp_session") is None
    signed_in.client.set_cookie("localhost", "rp_session", old)
    assert (await signed_in.get("/profile")).status_code == 303


@pytest.mark.spec("RFC 7009 §2.1")
async def test_sign_out_revokes_the_refresh_token(signed_in, provider):
    """RFC 7009 §2.1."""
    await signed_in.sign_out()
    [(form, headers)] = provider.requests("/revoke")
    assert form == {"token": provider.refresh_token, "token_type_hint": "refresh_token"}
    assert headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({"revocation_endpoint": 7}, id="not a URL"),
        pytest.param({"revocation_endpoint_auth_methods_supported": ["private_key_jwt"]}, id="no common method"),
    ],
)
@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
async def test_unusable_revocation_endpoint_does_not_stop_sign_out(environment, open_browser, provider, metadata):
    """If the tokens cannot be revoked, the session at the provider ends as well."""
    provider.metadata = metadata
    browser = await open_browser()
    await browser.sign_in()
    assert (await browser.sign_out()).headers["Location"].startswith(f"{provider.url}/logout?")


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
async def test_remaining_index_entry_does_not_stop_the_sign_out(signed_in, provider, redis):
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
async def test_id_token_hint_is_the_latest_id_token(signed_in, provider):
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
async def test_logout_response_is_accepted_once(signed_in):
    """The relying party accepts a return with a state that it gave this browser, once."""
    response = await signed_in.sign_out()
    state = parse_qs(urlsplit(response.headers["Location"]).query)["state"][0]
    back = await signed_in.get(f"/logout/callback?state={state}")
    assert (back.status_code, back.headers["Location"]) == (303, "/?notice=signed-out")
    assert "You are signed out, here and at the provider." in await signed_in.see("/?notice=signed-out")
    assert (await signed_in.get(f"/logout/callback?state={state}")).status_code == 400


async def test_logout_response_with_two_states_is_rejected(signed_in):
    response = await signed_in.sign_out()
    state = parse_qs(urlsplit(response.headers["Location"]).query)["state"][0]
    assert (await signed_in.get(f"/logout/callback?state={state}&state={state}")).status_code == 400


@pytest.mark.parametrize("query", ["", "?state=", "?state=x", "?state=%C3%B6", "?state=%ff"])
@pytest.mark.spec("OpenID Connect RP-Initiated Logout §3")
async def test_logout_response_with_another_state_is_rejected(signed_in, query):
    await signed_in.sign_out()
    assert (await signed_in.get(f"/logout/callback{query}")).status_code == 400


async def test_notice_is_predefined_and_only_shown_if_true(signed_in):
    assert "You are signed out" not in await signed_in.see("/?notice=signed-out")
    assert "evil" not in await signed_in.see("/?notice=evil")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"form": {}}, id="no token"),
        pytest.param({"form": {"csrf_token": "wrong"}}, id="a wrong token"),
        pytest.param({"form": {"csrf_token": "ö"}}, id="a token that is not ASCII"),
        pytest.param({"headers": {"Origin": "http://evil.example"}}, id="another origin, even with the token"),
        pytest.param({"headers": {"Origin": "null"}}, id="an opaque origin"),
        pytest.param({"headers": {"Origin": "http://localhost:25000"}}, id="the same host, another port"),
    ],
)
async def test_sign_out_form_of_another_site_is_rejected(signed_in, redis, options):
    response = await signed_in.sign_out(**options)
    assert response.status_code == 403
    assert "Set-Cookie" not in response.headers
    assert len(await redis.keys("rp:session:*")) == 1
    assert "Signed in as" in await signed_in.see("/profile")


async def test_cross_site_form_does_not_clear_the_cookie(open_browser):
    """The form is sent without the cookie (SameSite=Lax). Deleting the cookie would sign the user out."""
    response = await (await open_browser()).client.post("/logout", form={})
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert "Set-Cookie" not in response.headers


async def test_sign_out_by_get_is_rejected(signed_in):
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
async def test_unreadable_sign_out_form_is_rejected(signed_in, options, status):
    assert (await signed_in.client.post("/logout", **options)).status_code == status
    assert "Signed in as" in await signed_in.see("/profile")


async def test_sign_out_without_a_logout_endpoint_is_local(environment, open_browser, provider, redis):
    provider.metadata = {"end_session_endpoint": None, "revocation_endpoint": None}
    browser = await open_browser()
    await browser.sign_in()
    response = await browser.sign_out()
    assert response.headers["Location"] == "/?notice=signed-out-here"
    assert "You are signed out here." in await browser.see("/?notice=signed-out-here")
    assert await redis.keys("rp:session:*") == []


async def test_unavailable_provider_does_not_prevent_sign_out(signed_in, provider, redis):
    page = await signed_in.see("/profile")
    await provider.stop()
    token = page.partition('name="csrf_token" value="')[2][:43]
    response = await signed_in.client.post("/logout", form={"csrf_token": token})
    assert response.headers["Location"] == "/?notice=signed-out-here"
    assert await redis.keys("rp:session:*") == []
    assert signed_in.cookie("rp_session") is None


@pytest.mark.spec("RFC 7009 §2.1")
async def test_rejected_revocation_does_not_prevent_sign_out(signed_in, provider):
    provider.refusals["/revoke"] = {"status": 400}
    response = await signed_in.sign_out()
    assert response.headers["Location"].startswith(f"{provider.url}/logout?")
