"""The modules that depend on a real browser, in Chromium: policies, frames, forms and cookies."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from support.certification.browser import Browser as ScriptlessBrowser
from support.certification.client import CertificationClient, Op
from support.certification.logout import logout_state
from support.certification.provider import PASSWORD, USERNAME
from support.certification.registration import register
from support.certification.suite import SuiteServer

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><rect width="120" height="40"/></svg>'


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A private window that accepts this machine's certificate; a violation of a policy fails the test."""
    forbidden: list[str] = []
    with browser.new_context(ignore_https_errors=True, locale="en-US") as context:
        page = context.new_page()
        page.on("console", lambda said: forbidden.append(said.text) if "Content Security Policy" in said.text else None)
        yield page
    assert forbidden == []


def log_in_and_allow(window: Page) -> None:
    """The actions of the user on the provider's two pages."""
    window.get_by_label("Username").fill(USERNAME)
    window.get_by_label("Password").fill(PASSWORD)
    window.get_by_role("button", name="Sign in").click()
    expect(window.get_by_label("Password")).to_have_count(0)
    if window.url.partition("?")[0].endswith("/consent"):
        window.get_by_role("button", name="Allow").click()


@pytest.fixture
def client(client_named: Callable[[str], CertificationClient]) -> CertificationClient:
    return client_named("certification-front-channel")


def test_logo_is_shown_on_the_login_page(
    window: Page, certified_op: Op, scripted_browser: ScriptlessBrowser, suite: SuiteServer
) -> None:
    """oidcc-registration-logo-uri, -policy-uri, -tos-uri: the screenshots that the suite requires."""
    logo = suite.serve("logo.svg", LOGO, "image/svg+xml")
    terms: dict[str, Any] = {"policy_uri": f"{suite.origin}/policy", "tos_uri": "https://openid.net"}
    client = register(certified_op, scripted_browser, suite, logo_uri=logo, **terms)
    window.goto(client.request().url)
    picture = window.locator("img.logo")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") == 120, "it was allowed"
    expect(window.get_by_role("link", name="Privacy policy")).to_be_visible()
    expect(window.get_by_role("link", name="Terms of service")).to_be_visible()
    client.unregister()


def test_form_post_is_submitted_automatically(window: Page, client: CertificationClient, suite: SuiteServer) -> None:
    """The Form Post plan: the form is submitted without a click."""
    client.response_mode = "form_post"
    request = client.request()
    window.goto(request.url)
    log_in_and_allow(window)
    received = suite.received("callback")
    assert (received.method, received.content_type) == ("POST", "application/x-www-form-urlencoded")
    code = client.code(received.form, request)
    assert received.query == {}
    client.tokens(client.redeem(code), request, code)


def test_form_of_another_site_is_accepted(window: Page, client: CertificationClient, suite: SuiteServer) -> None:
    """oidcc-ensure-post-request-succeeds: first without cookies, and then with the existing session."""
    window.goto(client.request().url)
    log_in_and_allow(window)
    suite.received("callback")
    request = client.request()
    fields = "".join(f'<input name="{name}" value="{value}">' for name, value in request.parameters.items())
    form = f'<form method="post" action="{request.endpoint}">{fields}<button>Go</button></form>'
    page = suite.serve("post.html", form, "text/html")
    window.goto(page.replace("localhost", "127.0.0.1"))  # another site, unlike another port of localhost
    window.get_by_role("button", name="Go").click()
    received = suite.received("callback")
    assert received.method == "GET"
    code = client.code(received.query, request)
    client.tokens(client.redeem(code), request, code)


def test_front_channel_logout_notifies_the_client(
    window: Page, client: CertificationClient, suite: SuiteServer
) -> None:
    """oidcc-frontchannel-rp-initiated-logout: the frame is loaded, and then the browser is redirected automatically."""
    request, state = client.request(), logout_state()
    window.goto(request.url)
    log_in_and_allow(window)
    code = client.code(suite.received("callback").query, request)
    identity = client.tokens(client.redeem(code), request, code).identity
    goodbye = f"{suite.base_url}/post_logout_redirect"
    query = {"id_token_hint": identity.value, "post_logout_redirect_uri": goodbye, "state": state}
    window.goto(f"{client.op.metadata['end_session_endpoint']}?{urlencode(query)}")
    assert suite.received("frontchannel_logout").query == {"iss": client.op.issuer, "sid": identity.claims["sid"]}
    assert suite.received("post_logout_redirect").query == {"state": state}
