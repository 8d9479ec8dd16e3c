"""The account pages in a real browser: what scripts improve, and what works without them."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.consent_client import ConsentClient

OpenPage = Callable[..., Page]
LogIn = Callable[..., None]

PASSWORD, CHANGED = "password-of-ada", "another-password-of-ada"


def test_password_can_be_shown_and_is_hidden_again(page: Page, consent_client: ConsentClient) -> None:
    page.goto(consent_client.authorization_url(prompt="login"))
    page.get_by_label("Username").fill("ada")
    password = page.locator("#password")
    password.fill("wrong")
    page.get_by_role("button", name="Show password").click()
    expect(password).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide password").click()
    expect(password).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show password").click()
    page.evaluate("document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_role("button", name="Sign in").click()
    expect(password).to_have_attribute("type", "password")


def test_times_are_in_the_time_zone_of_the_reader(
    open_page: OpenPage, consent_client: ConsentClient, log_in: LogIn
) -> None:
    page = open_page(locale="de-DE", timezone_id="Asia/Kathmandu")
    page.goto(consent_client.authorization_url(prompt="login consent"))
    log_in(page, "ada", PASSWORD)
    page.goto(f"{consent_client.stack.op_url}/account")
    time = page.locator("time").first
    moment = time.get_attribute("datetime")
    expected = page.evaluate(
        "(moment) => new Date(moment).toLocaleString('de-DE', {dateStyle: 'medium', timeStyle: 'short'})", moment
    )
    expect(time).to_have_text(expected)
    expect(time).to_have_attribute("title", re.compile(" UTC$"))


def test_without_scripts_times_name_utc_and_nothing_is_missing(
    open_page: OpenPage, consent_client: ConsentClient, log_in: LogIn
) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(consent_client.authorization_url(prompt="login consent"))
    expect(page.get_by_role("button")).to_have_text(["Sign in"])
    log_in(page, "ada", PASSWORD)
    page.goto(f"{consent_client.stack.op_url}/account")
    expect(page.locator("time").first).to_have_text(re.compile(" UTC$"))


def test_consent_of_another_user(page: Page, consent_client: ConsentClient, log_in: LogIn) -> None:
    page.goto(consent_client.authorization_url(prompt="login consent"))
    log_in(page)
    expect(page.get_by_role("main")).to_contain_text("Signed in as user0")
    page.get_by_role("link", name="Not you?").click()
    expect(page.locator("#username")).to_be_focused()
    log_in(page, "ada", PASSWORD)
    expect(page.get_by_role("main")).to_contain_text("Signed in as ada")
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{consent_client.site.url}/callback*")
    assert consent_client.tokens()["id_token"]


def test_changed_password_signs_out_other_browsers(
    page: Page, open_page: OpenPage, consent_client: ConsentClient, log_in: LogIn
) -> None:
    elsewhere, account = open_page(), f"{consent_client.stack.op_url}/account"
    for browser in (elsewhere, page):
        browser.goto(consent_client.authorization_url(prompt="login consent"))
        log_in(browser, "ada", PASSWORD)
    for old, new in ((PASSWORD, CHANGED), (CHANGED, PASSWORD)):  # the next test finds the old one
        page.goto(account)
        page.get_by_role("link", name="Change password").click()
        page.get_by_label("Current password").fill(old)
        page.get_by_label("New password", exact=True).fill(new)
        page.get_by_label("Repeat the new password").fill(new)
        page.get_by_role("button", name="Change password").click()
        expect(page.get_by_role("status")).to_have_text("Your password was changed, and all other sessions were ended.")
    elsewhere.goto(account)
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("You are not signed in")


@pytest.mark.parametrize("java_script_enabled", [True, False], ids=["scripts", "no scripts"])
def test_sign_out_everywhere(
    open_page: OpenPage, consent_client: ConsentClient, log_in: LogIn, *, java_script_enabled: bool
) -> None:
    pages = [open_page(java_script_enabled=java_script_enabled) for _ in range(2)]
    account = f"{consent_client.stack.op_url}/account"
    for page in pages:
        page.goto(consent_client.authorization_url(prompt="login consent"))
        log_in(page, "ada", PASSWORD)
        page.goto(account)
    pages[1].get_by_role("button", name="Sign out everywhere").click()
    expect(pages[1].get_by_role("heading", level=1)).to_have_text("You are signed out")
    pages[0].reload()
    expect(pages[0].get_by_role("heading", level=1)).to_have_text("You are not signed in")
