"""One language from the relying party to the provider and back, by the browser's setting or by the user's choice."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from stack import Stack

OpenPage = Callable[..., Page]


@pytest.mark.parametrize(
    ("setting", "language"),
    [
        pytest.param(("de-DE", ""), "de", id="browser in German"),
        pytest.param(("en-US", "?ui_locales=de"), "de", id="German chosen"),
        pytest.param(("de-DE", "?ui_locales=en"), "en", id="English chosen"),
    ],
)
def test_language_is_kept_from_service_to_service(
    open_page: OpenPage, stack_a: Stack, log_in, setting: tuple[str, str], language: str
) -> None:
    locale, query = setting
    start, log_in_title, profile, sign_out, notice = {
        "en": ("Start authorization", "Sign in", "Your profile", "Sign out", "You are signed out, here and at"),
        "de": ("Anmeldung starten", "Anmelden", "Ihr Profil", "Abmelden", "Sie sind abgemeldet, hier und beim"),
    }[language]
    page = open_page(locale=locale)
    html, heading = page.locator("html"), page.get_by_role("heading", level=1)
    page.goto(f"{stack_a.rp_url}/{query}")
    page.get_by_role("link", name=start).first.click()
    expect(heading).to_have_text(log_in_title)
    expect(html).to_have_attribute("lang", language)
    log_in(page)
    page.wait_for_url(f"{stack_a.rp_url}/profile")
    expect(heading).to_have_text(profile)
    expect(html).to_have_attribute("lang", language)
    page.get_by_role("button", name=sign_out).click()
    expect(page.get_by_role("status")).to_contain_text(notice)
    expect(html).to_have_attribute("lang", language)
