"""The complete sign-in in a real browser, with running services."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from stack import PATIENT, Stack
from support.scripted_login import log_in

Platform = Callable[..., Stack]


def test_profile_shows_three_sources_of_user_data(page: Page, stack: Stack, sign_in) -> None:
    """The main purpose of the relying party, in Mode A and Mode B."""
    sign_in(page, stack)
    id_token, userinfo, me = (page.locator(f"#{name}") for name in ("id-token", "userinfo", "api-me"))
    for claim in ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "email", "name"):
        expect(id_token.locator("dt", has_text=re.compile(rf"^{claim}$")).first).to_be_visible()
    expect(id_token).to_contain_text(stack.op_url)
    expect(id_token).to_contain_text("verified · 13 checks")
    expect(userinfo).to_contain_text("user0@example.com")
    expect(userinfo).to_contain_text("same sub")
    expect(me).to_contain_text("metadata")
    expect(me).to_contain_text("Prefers tea")
    expect(id_token.get_by_role("rowheader", name="nonce")).to_be_hidden()
    id_token.get_by_text("Checks that passed").click()
    expect(id_token.get_by_role("rowheader", name="nonce")).to_be_visible()


@pytest.mark.spec("RFC 6265bis §4.1.2.6, §4.1.2.7")
def test_no_token_and_no_secret_reaches_the_browser(page: Page, stack: Stack, sign_in) -> None:
    """The tokens stay in Redis; the browser has random cookies that no script can read."""
    sign_in(page, stack)
    html = page.content()
    assert "eyJ" not in html, "the beginning of a JWT"
    for cookie in page.context.cookies():
        assert cookie["httpOnly"], cookie["name"]
        assert cookie["sameSite"] == "Lax", cookie["name"]
        assert "eyJ" not in cookie["value"]
    assert page.evaluate("document.cookie") == ""


@pytest.mark.spec("RFC 6750 §2.1", "RFC 7636 §4.5")
def test_callback_url_contains_neither_nonce_nor_token(page: Page, stack: Stack, sign_in) -> None:
    """The nonce is sent to the provider in the query, as OpenID Connect requires, and returns only in the ID token.

    RFC 7636 §4.5.
    """
    visited: list[str] = []
    page.on("request", lambda request: visited.append(request.url))
    sign_in(page, stack)
    callbacks = [url for url in visited if urlsplit(url).path == "/callback"]
    assert len(callbacks) == 1
    assert parse_qs(urlsplit(callbacks[0]).query).keys() == {"code", "state", "iss"}
    assert not [url for url in visited if "token=" in url or "verifier" in url]


def test_second_sign_in_needs_no_password(page: Page, stack_a: Stack, sign_in) -> None:
    """The session at the provider is used for the next application."""
    sign_in(page, stack_a)
    page.context.clear_cookies(name="rp_session")
    page.goto(f"{stack_a.rp_url}/")
    page.get_by_role("link", name="Start authorization").first.click()
    page.wait_for_url(f"{stack_a.rp_url}/profile")


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
def test_signing_out_ends_both_sessions(page: Page, stack: Stack, sign_in) -> None:
    sign_in(page, stack)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{stack.rp_url}/**")
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert not {"rp_session", "op_session"} & names
    page.goto(f"{stack.rp_url}/")
    page.get_by_role("link", name="Start authorization").first.click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_wrong_password_can_be_corrected(page: Page, stack_a: Stack) -> None:
    page.goto(f"{stack_a.rp_url}/login")
    page.get_by_label("Username").fill("user0")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("incorrect")
    expect(page.get_by_label("Username")).to_have_value("user0")
    page.get_by_label("Password").fill("password0")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stack_a.rp_url}/profile")


def test_login_works_with_the_keyboard_only(page: Page, stack_a: Stack) -> None:
    page.goto(f"{stack_a.rp_url}/login")
    for _ in range(5):  # unless the browser has focused it already
        if page.evaluate("document.activeElement.id") == "username":
            break
        page.keyboard.press("Tab")
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type("user0")
    page.keyboard.press("Tab")
    page.keyboard.type("password0")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{stack_a.rp_url}/profile")


@pytest.mark.spec("RFC 6749 §3.1.2.4")
def test_unregistered_redirect_uri_is_an_error_page(page: Page, stack_a: Stack) -> None:
    query = urlencode({"client_id": "demo-client", "redirect_uri": f"{stack_a.rp_url}/callback/"})
    response = page.goto(f"{stack_a.op_url}/authorize?{query}")
    assert response is not None
    assert response.status == 400
    assert page.url.startswith(stack_a.op_url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("not registered")


@pytest.mark.spec("RFC 6749 §10.12")
def test_callback_of_another_browser_is_rejected(page: Page, stack_a: Stack) -> None:
    """Login CSRF: the attacker's callback URL does not sign the victim in."""
    with requests.Session() as attacker:
        callback = log_in(attacker, f"{stack_a.rp_url}/login")
        response = page.goto(callback)
        assert response is not None
        assert response.status == 400
        assert "rp_session" not in {cookie["name"] for cookie in page.context.cookies()}
        own = attacker.get(callback, allow_redirects=False, timeout=10)
        assert own.status_code == 303, "the victim's visit did not invalidate it"


def test_pages_fit_a_narrow_dark_screen(browser: Browser, stack_a: Stack, sign_in) -> None:
    """No horizontal scrolling at 360 px."""
    with browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark") as context:
        page = context.new_page()
        page.goto(f"{stack_a.rp_url}/login")
        fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert page.evaluate(fits), "login"
        sign_in(page, stack_a)
        assert page.evaluate(fits), "profile"


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_profile_is_short_on_a_phone(open_page, stack_a: Stack, log_in, locale: str) -> None:
    """At most 3,000 px at a width of 390 px: lists instead of tables, and details are folded."""
    page = open_page(locale=locale, viewport={"width": 390, "height": 844})
    page.goto(f"{stack_a.rp_url}/login")
    log_in(page)
    page.wait_for_url(f"{stack_a.rp_url}/profile")
    assert page.evaluate("document.documentElement.scrollHeight") <= 3000
    assert page.evaluate("document.documentElement.scrollWidth") == 390


# --- Other signatures, faults ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["ES256", "HS256"])
def stack_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, str]]:
    """A stack whose ID tokens have another signature algorithm."""
    with Stack(tmp_path_factory.mktemp(request.param), id_token_alg=request.param, extra=PATIENT) as stack:
        yield stack, request.param


def test_sign_in_with_other_id_token_algorithms(page: Page, stack_of: tuple[Stack, str], sign_in) -> None:
    stack, algorithm = stack_of
    sign_in(page, stack)
    row = page.locator("#id-token .checks tbody tr").first
    expect(row).to_contain_text(algorithm)
    expect(page.locator("#userinfo")).to_contain_text("user0@example.com")


@pytest.fixture(scope="module")
def breakable_stack(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose Redis a test can kill and start, with access tokens that expire after two seconds."""
    with platform(tmp_path_factory.mktemp("breakable"), extra={**PATIENT, "ACCESS_TOKEN_TTL": "2"}) as stack:
        yield stack


def test_user_stays_signed_in_while_the_provider_is_down(page: Page, stack_a: Stack, sign_in) -> None:
    """The sections that need the provider say so, and work again when it is back."""
    sign_in(page, stack_a)
    stack_a.stop_service("op")
    try:
        page.reload()
        assert page.url == f"{stack_a.rp_url}/profile"
        expect(page.locator("#id-token")).to_contain_text("verified")
        expect(page.locator("#userinfo")).to_contain_text("not available")
        expect(page.locator("#api-me")).to_contain_text("not available")
    finally:
        stack_a.start_service("op")
    page.reload()
    expect(page.locator("#userinfo")).to_contain_text("user0@example.com")
    expect(page.locator("#api-me")).to_contain_text("Prefers tea")


def test_expired_access_token_is_refreshed_automatically(page: Page, breakable_stack: Stack, sign_in) -> None:
    """Refresh after a 401, then use the new token."""
    sign_in(page, breakable_stack)
    expires = page.locator("#access .mono").first.inner_text()

    def refreshed() -> bool:
        page.reload()
        return page.locator("#access .mono").first.inner_text() != expires

    for _ in range(100):
        if refreshed():
            break
        page.wait_for_timeout(100)
    expect(page.locator("#userinfo")).to_contain_text("user0@example.com")
    expect(page.locator("#api-me")).to_contain_text("Prefers tea")
    assert page.locator("#access .mono").first.inner_text() != expires


def test_session_survives_a_crash_of_redis(page: Page, breakable_stack: Stack, sign_in) -> None:
    """Redis keeps everything that was acknowledged more than a second before (AOF)."""
    sign_in(page, breakable_stack)
    page.wait_for_timeout(1100)
    breakable_stack.redis.kill()
    response = page.reload()
    assert response is not None
    assert response.status == 503
    assert response.headers["retry-after"]
    login = page.goto(f"{breakable_stack.op_url}/login?login={'A' * 22}")
    assert login is not None
    assert login.status == 503
    breakable_stack.redis.start()
    response = page.goto(f"{breakable_stack.rp_url}/profile")
    assert response is not None
    assert response.status == 200
    expect(page.locator("#id-token")).to_contain_text("verified")
    expect(page.locator("#userinfo")).to_contain_text("user0@example.com")
