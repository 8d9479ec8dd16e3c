"""axe-core finds nothing on any page, and no page is wider than a telephone (WCAG 2.2 §1.4.10)."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from support.consent_client import ConsentClient

OpenPage = Callable[..., Page]

NARROW = {"width": 390, "height": 844}
LOOKS = [
    pytest.param({"locale": "en-GB"}, id="english"),
    pytest.param({"locale": "de-DE", "viewport": NARROW}, id="german, 390 px"),
]
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}


def check(page: Page) -> None:
    """Every rule of axe-core, with its best practices; in the dark, the rules about colours."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert violations(page) == [], page.url
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert violations(page, COLOURS) == [], f"{page.url} in the dark"
    width, visible = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width <= visible, f"{page.url} is {width} px wide"


def violations(page: Page, options: dict[str, Any] | None = None) -> list[tuple[str, str, str]]:
    """Rule, element and summary of each fault that axe-core finds."""
    found = Axe().run(page, options=options).response["violations"]
    return [(rule["id"], node["html"], node["failureSummary"]) for rule in found for node in rule["nodes"]]


def submit(page: Page, value: str | None = None) -> None:
    page.locator(f"form button[value={value}]" if value else "main form button:not([type=button])").first.click()


@pytest.mark.parametrize("look", LOOKS)
def test_pages_of_the_provider_are_accessible(
    open_page: OpenPage, consent_client: ConsentClient, look: dict[str, Any]
) -> None:
    page, op = open_page(**look), consent_client.stack.op_url
    for path in ("/", "/account", "/device", "/device?user_code=BCDF-GHJK", "/authorize?client_id=nobody", "/nowhere"):
        page.goto(op + path)
        check(page)
    page.goto(consent_client.authorization_url(prompt="login consent", scope="openid email profile offline_access"))
    check(page)
    page.locator("#username").fill("ada")
    page.locator("#password").fill("wrong")
    submit(page)
    check(page)
    page.locator("#password").fill("password-of-ada")
    submit(page)
    check(page)
    submit(page, "allow")
    page.wait_for_url(f"{consent_client.site.url}/callback*")
    for path in ("/account?notice=password-changed", "/account/password", "/logout"):
        page.goto(op + path)
        check(page)
    submit(page)
    check(page)


@pytest.mark.parametrize("look", LOOKS)
def test_device_pages_are_accessible(
    open_page: OpenPage, consent_client: ConsentClient, device: dict[str, Any], look: dict[str, Any]
) -> None:
    page = open_page(**look)
    page.goto(device["verification_uri_complete"])
    check(page)
    submit(page, "refuse")
    check(page)


@pytest.mark.parametrize("look", LOOKS)
def test_pages_of_a_sign_in_are_accessible(
    open_page: OpenPage, consent_client: ConsentClient, log_in: Callable[..., None], look: dict[str, Any]
) -> None:
    """The user has no profile at the resource server, which is not an error."""
    page, rp = open_page(**look), consent_client.stack.rp_url
    for path in ("/", "/callback?state=unknown&code=x", "/callback", "/logout/callback?state=another", "/nowhere"):
        page.goto(rp + path)
        check(page)
    page.goto(f"{rp}/login")
    log_in(page, "ada", "password-of-ada")
    page.wait_for_url(f"{rp}/profile")
    check(page)
    expect(page.locator("#api-me .empty")).to_be_visible()
    assert page.locator(".bad").count() == 0
    for summary in page.locator("summary:visible").all():
        summary.click()
    check(page)
    page.locator(".account button").click()
    page.wait_for_url(f"{rp}/?notice=signed-out*")
    check(page)


@pytest.mark.parametrize("look", LOOKS)
def test_start_page_of_the_resource_server_is_accessible(
    open_page: OpenPage, consent_client: ConsentClient, look: dict[str, Any]
) -> None:
    page = open_page(**look)
    page.goto(consent_client.stack.rs_url)
    check(page)
