"""Checks of sessions at the relying party, and their end from another browser."""

from collections.abc import Callable
from typing import Protocol

from playwright.sync_api import Page, expect

from waiting import wait_until

TO_BE_ENDED = "A browser to be ended"


class Addresses(Protocol):
    """The URLs of the provider and the relying party."""

    @property
    def op_url(self) -> str: ...

    @property
    def rp_url(self) -> str: ...


def is_signed_in(page: Page, stack: Addresses) -> bool:
    """Whether the relying party has a session for this browser; it does not follow a redirect to the provider."""
    response = page.request.get(f"{stack.rp_url}/profile", max_redirects=0)
    assert response.status in (200, 303), response.status
    return response.status == 200


def end_from_another_browser(
    page: Page, open_page: Callable[..., Page], sign_in: Callable[..., None], stack: Addresses
) -> Page:
    """Sign in with two browsers, and end the other session on the account page: it ends at the relying party too.

    No frame is loaded in that browser, so the logout token must have ended it (Back-Channel Logout 1.0 §2.5).
    """
    other = open_page(user_agent=TO_BE_ENDED)
    for browser in (page, other):
        sign_in(browser, stack)
    page.goto(f"{stack.op_url}/account")
    button = page.get_by_role("button", name=f"Sign out: {TO_BE_ENDED}")
    button.click()
    expect(button).to_have_count(0)
    wait_until(lambda: not is_signed_in(other, stack))
    assert is_signed_in(page, stack)
    return other
