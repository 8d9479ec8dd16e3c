"""What a client may ask of the login, in a real browser: who, again, in which language, and how it is answered."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from support.consent_client import ConsentClient

OpenPage = Callable[..., Page]


def claims_of(id_token: str) -> dict[str, Any]:
    payload = id_token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def allow_if_required(page: Page, consent_client: ConsentClient) -> None:
    """Continue to the client, past the consent page if it is shown."""
    button = page.get_by_role("button", name="Allow")
    expect(button.or_(page.get_by_role("heading", name="/callback"))).to_be_visible()
    if button.count():
        button.click()
    page.wait_for_url(f"{consent_client.site.url}/callback*")


@pytest.mark.parametrize(
    "demand", [{"prompt": "login"}, {"prompt": "select_account"}, {"max_age": "0"}], ids=["login", "select", "max_age"]
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_a_demand_for_a_login_is_met_within_a_session_too(
    page: Page, consent_client: ConsentClient, log_in, demand: dict[str, str]
) -> None:
    """The id_token says when the login was, and with select_account another user may log in."""
    page.goto(consent_client.authorization_url())
    log_in(page)
    allow_if_required(page, consent_client)
    before = claims_of(consent_client.tokens()["id_token"])
    page.goto(consent_client.authorization_url())
    page.wait_for_url(f"{consent_client.site.url}/callback?*")
    page.goto(consent_client.authorization_url(**demand))
    expect(page.get_by_label("Password")).to_be_visible()
    credentials = ("ada", "password-of-ada") if demand == {"prompt": "select_account"} else ("user0", "password0")
    log_in(page, *credentials)
    allow_if_required(page, consent_client)
    after = claims_of(consent_client.tokens()["id_token"])
    assert after["sub"] == credentials[0]
    assert after["auth_time"] >= before["auth_time"]
    assert after["sid"] != before["sid"]


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_login_hint_is_filled_in_and_the_password_is_focused(page: Page, consent_client: ConsentClient, log_in) -> None:
    """login_hint fills in the username."""
    page.goto(consent_client.authorization_url(login_hint="ada"))
    expect(page.get_by_label("Username")).to_have_value("ada")
    expect(page.get_by_label("Password")).to_be_focused()


# --- Languages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "language"),
    [(("de-AT", None), "de"), (("en-US", "de"), "de"), (("de-DE", "en"), "en"), (("fr-FR", None), "en")],
    ids=["browser", "ui_locales", "ui_locales first", "neither"],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_every_page_of_a_sign_in_is_in_one_language(
    open_page: OpenPage, consent_client: ConsentClient, log_in, wanted: tuple[str, str | None], language: str
) -> None:
    """ui_locales of the client takes precedence over the languages of the browser."""
    page = open_page(locale=wanted[0])
    page.goto(consent_client.authorization_url(ui_locales=wanted[1], prompt="login consent"))
    titles = {"en": ("Sign in", "Allow access?"), "de": ("Anmelden", "Zugriff erlauben?")}[language]
    expect(page.get_by_role("heading", level=1)).to_have_text(titles[0])
    expect(page.locator("html")).to_have_attribute("lang", language)
    log_in(page, password="wrong")
    expect(page.locator("html")).to_have_attribute("lang", language)
    log_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(titles[1])
    expect(page.locator("html")).to_have_attribute("lang", language)


# --- Form post -------------------------------------------------------------------------------------------------------


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
def test_form_post_response_submits_itself(page: Page, consent_client: ConsentClient, log_in) -> None:
    """The only script of the `form_post` page is allowed by its hash."""
    page.goto(consent_client.authorization_url(response_mode="form_post"))
    log_in(page)
    allow_if_required(page, consent_client)
    visit = consent_client.site.last("/callback")
    assert (visit.method, visit.origin) == ("POST", consent_client.stack.op_url)
    assert visit.values.keys() == {"code", "state", "iss"}
    assert urlsplit(page.url).query == ""
    assert claims_of(consent_client.tokens()["id_token"])["sub"] == "user0"


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
def test_without_scripts_a_button_sends_it(open_page: OpenPage, consent_client: ConsentClient, log_in) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(consent_client.authorization_url(response_mode="form_post", ui_locales="de", prompt="consent"))
    log_in(page)
    page.get_by_role("button", name="Erlauben").click()
    expect(page.get_by_role("main")).to_contain_text("Sie kehren zurück zu Example Store")
    before = len(consent_client.site.visits)
    page.get_by_role("button", name="Weiter").click()
    page.wait_for_url(f"{consent_client.site.url}/callback")
    assert [visit.method for visit in consent_client.site.visits[before:]] == ["POST"]
    assert consent_client.tokens()["scope"] == "openid email"
