"""Consent and the account page in a real browser: what a person allows, takes back and ends."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.consent_client import ConsentClient

OpenPage = Callable[..., Page]


@pytest.fixture
def logged_in(page: Page, consent_client: ConsentClient, log_in) -> Page:
    """Ada at the provider, who has allowed the client nothing."""
    page.goto(consent_client.authorization_url(prompt="login"))
    log_in(page, "ada", "password-of-ada")
    page.goto(f"{consent_client.stack.op_url}/account")
    remove_access = page.get_by_role("button", name="Remove access")
    while remove_access.count():
        remove_access.first.click()
    return page


def expect_to_be_asked(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Allow access?")


def allow(page: Page, consent_client: ConsentClient) -> None:
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{consent_client.site.url}/callback?*")


def test_the_page_names_who_asks_for_what_and_for_how_long(logged_in: Page, consent_client: ConsentClient) -> None:
    """OpenID Connect Core §3.1.2.4."""
    logged_in.goto(consent_client.authorization_url())
    expect_to_be_asked(logged_in)
    main = logged_in.get_by_role("main")
    expect(main).to_contain_text("Example Store requests access to your account")
    expect(main).to_contain_text("Signed in as ada")
    expect(main.get_by_role("listitem")).to_have_text(["know who you are", "see your email address"])
    expect(main).to_contain_text("Access ends after 5 minutes.")
    expect(main).to_contain_text("Your decision is remembered for 365 days.")
    main.get_by_role("link", name="your account").click()
    logged_in.wait_for_url(f"{consent_client.stack.op_url}/account")


def test_allowed_once_it_is_asked_again_for_more_or_on_demand_alone(
    logged_in: Page, consent_client: ConsentClient
) -> None:
    page = logged_in
    page.goto(consent_client.authorization_url())
    allow(page, consent_client)
    assert consent_client.answer().keys() == {"code", "state", "iss"}
    assert consent_client.tokens()["scope"] == "openid email"
    page.goto(consent_client.authorization_url())
    page.wait_for_url(f"{consent_client.site.url}/callback?*")
    page.goto(consent_client.authorization_url(scope="openid email address"))
    expect_to_be_asked(page)
    expect(page.get_by_role("listitem")).to_contain_text(["see your postal address"])
    allow(page, consent_client)
    page.goto(consent_client.authorization_url(scope="openid address"))
    page.wait_for_url(f"{consent_client.site.url}/callback?*")
    page.goto(consent_client.authorization_url(prompt="consent"))
    expect_to_be_asked(page)


def test_a_refusal_is_access_denied_at_the_client_and_nothing_is_allowed(
    logged_in: Page, consent_client: ConsentClient
) -> None:
    logged_in.goto(consent_client.authorization_url())
    logged_in.get_by_role("button", name="Deny").click()
    logged_in.wait_for_url(f"{consent_client.site.url}/callback?*")
    answer = consent_client.answer()
    assert (answer["error"], answer["state"], answer["iss"]) == (
        "access_denied",
        "of-the-client",
        consent_client.stack.op_url,
    )
    assert "code" not in answer
    logged_in.goto(consent_client.authorization_url())
    expect_to_be_asked(logged_in)


def test_access_is_removed_on_the_account_page(logged_in: Page, consent_client: ConsentClient) -> None:
    """With it the refresh token is dead, and the person is asked again."""
    page = logged_in
    page.goto(consent_client.authorization_url(scope="openid profile offline_access", prompt="consent"))
    expect(page.get_by_role("listitem")).to_contain_text(["keep its access while you are not signed in"])
    expect(page.get_by_role("main")).to_contain_text(
        "Access is renewed with each use and otherwise ends after 14 days."
    )
    allow(page, consent_client)
    renewed = consent_client.refresh(consent_client.tokens()["refresh_token"])
    assert renewed.status_code == 200
    page.goto(f"{consent_client.stack.op_url}/account")
    granted = page.get_by_role("region", name="Applications with access to your account")
    expect(granted.get_by_role("heading", level=3)).to_have_text(["Example Store"])
    expect(granted.get_by_role("listitem").nth(1)).to_contain_text("see your profile")
    granted.get_by_role("button", name="Remove access: Example Store").click()
    expect(granted).to_contain_text("No application has access.")
    refused = consent_client.refresh(renewed.json()["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    page.goto(consent_client.authorization_url())
    expect_to_be_asked(page)


def test_another_browsers_session_is_ended_on_the_account_page(
    open_page: OpenPage, consent_client: ConsentClient, log_in
) -> None:
    page, other = open_page(user_agent="Ada's desk"), open_page(user_agent="Ada's telephone")
    for browser in (other, page):
        browser.goto(consent_client.authorization_url(prompt="consent"))
        log_in(browser, "ada", "password-of-ada")
        expect_to_be_asked(browser)
    page.goto(f"{consent_client.stack.op_url}/account")
    sessions = page.get_by_role("region", name="Where you are signed in")
    expect(sessions.get_by_role("heading", level=3, name="this browser")).to_have_count(1)
    expect(sessions.get_by_role("heading", level=3, name="this browser")).to_contain_text("Ada's desk")
    sessions.get_by_role("button", name="Sign out: Ada's telephone").click()
    expect(sessions.get_by_role("button", name="Sign out: Ada's telephone")).to_have_count(0)
    other.goto(consent_client.authorization_url())
    expect(other.get_by_label("Password")).to_be_visible()
    page.goto(consent_client.authorization_url(prompt="consent"))
    expect_to_be_asked(page)
    page.goto(f"{consent_client.stack.op_url}/account")
    sessions.get_by_role("button", name="Sign out: Ada's desk").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    response = page.goto(f"{consent_client.stack.op_url}/account")
    assert response is not None
    assert response.status == 401
