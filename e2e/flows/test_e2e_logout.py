"""Logout in real browsers: asked for at the provider, told in frames, and told behind the browser's back."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, Response, expect

from stack import Stack
from support.consent_client import ConsentClient
from support.rp_sessions import end_from_another_browser, is_signed_in
from waiting import wait_until

OpenPage = Callable[..., Page]


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2, §3")
def test_logout_without_a_hint_must_be_confirmed(page: Page, consent_client: ConsentClient, sign_in) -> None:
    """The client_id is enough for the return to the client."""
    sign_in(page, consent_client.stack)
    bye = {
        "client_id": "consent-client",
        "post_logout_redirect_uri": f"{consent_client.site.url}/bye",
        "state": "s",
        "ui_locales": "de",
    }
    page.goto(f"{consent_client.stack.op_url}/logout?{urlencode(bye)}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Abmelden?")
    expect(page.get_by_role("main")).to_contain_text("angefordert von Example Store")
    assert is_signed_in(page, consent_client.stack), "nothing has happened yet"
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url(f"{consent_client.site.url}/bye?state=s")
    assert not is_signed_in(page, consent_client.stack)
    assert "op_session" not in {cookie["name"] for cookie in page.context.cookies()}


@pytest.mark.spec("OpenID Connect Front-Channel Logout §2")
def test_frames_end_the_session_at_the_relying_party(
    page: Page, open_page: OpenPage, consent_client: ConsentClient, sign_in, log_in
) -> None:
    """The frames end the session at the relying party; the demo's client has no other channel here. Another
    browser stays signed in.
    """
    elsewhere = open_page()
    for browser in (page, elsewhere):
        sign_in(browser, consent_client.stack)
    page.goto(consent_client.authorization_url(prompt="consent"))
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{consent_client.site.url}/callback?*")
    framed: list[Response] = []
    page.on("response", lambda response: framed.append(response) if response.frame.parent_frame else None)
    page.goto(f"{consent_client.stack.op_url}/logout")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    page.wait_for_load_state()
    places = {f"{consent_client.stack.rp_url}/frontchannel-logout", f"{consent_client.site.url}/frontchannel-logout"}
    assert {response.url.partition("?")[0]: response.status for response in framed} == dict.fromkeys(places, 200)
    assert len(page.frames) == 3, "a frame that its policy had refused would hold an error page"
    assert consent_client.site.last("/frontchannel-logout").values["iss"] == consent_client.stack.op_url
    assert not is_signed_in(page, consent_client.stack)
    assert is_signed_in(elsewhere, consent_client.stack)


@pytest.mark.spec("OpenID Connect Front-Channel Logout §2")
def test_a_frame_that_does_not_load_keeps_nobody(page: Page, consent_client: ConsentClient, sign_in) -> None:
    """If a frame does not load, the browser continues after at most three seconds."""
    sign_in(page, consent_client.stack)
    page.route("**/frontchannel-logout?*", lambda _: None)
    page.get_by_role("button", name="Sign out").click(no_wait_after=True)
    page.wait_for_url(f"{consent_client.stack.rp_url}/?notice=signed-out")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_sign_out_returns_to_the_relying_party_after_the_frames(
    open_page: OpenPage, consent_client: ConsentClient, sign_in, scripts: bool
) -> None:
    page = open_page(java_script_enabled=scripts)
    sign_in(page, consent_client.stack)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{consent_client.stack.rp_url}/?notice=signed-out")
    expect(page.get_by_role("status")).to_have_text("You are signed out, here and at the provider.")


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5")
def test_session_ended_in_another_browser_ends_everywhere(
    page: Page, open_page: OpenPage, stack_a: Stack, sign_in
) -> None:
    """A session that is ended from another browser ends at the relying party, with images as with processes."""
    third = open_page()
    sign_in(third, stack_a)
    other = end_from_another_browser(page, open_page, sign_in, stack_a)
    assert is_signed_in(third, stack_a)
    other.goto(f"{stack_a.rp_url}/profile")
    expect(other.get_by_label("Password")).to_be_visible()


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5")
def test_every_session_that_came_of_one_login_ends_with_it(
    page: Page, open_page: OpenPage, stack_a: Stack, sign_in
) -> None:
    """A logout ends both sign-ins at the relying party within one session of the provider, even if its frames do
    not load.
    """
    sign_in(page, stack_a)
    second = open_page()
    cookies: Any = [cookie for cookie in page.context.cookies() if cookie["name"].startswith("op_")]
    second.context.add_cookies(cookies)
    second.goto(f"{stack_a.rp_url}/login")
    second.wait_for_url(f"{stack_a.rp_url}/profile")
    page.route("**/frontchannel-logout?*", lambda route: route.abort())
    page.goto(f"{stack_a.op_url}/logout")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    wait_until(lambda: not is_signed_in(page, stack_a) and not is_signed_in(second, stack_a))
