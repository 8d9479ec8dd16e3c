"""`make screenshots`: the pictures of the README, taken in a browser with running services."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from prerequisites.browser import LAUNCH_FLAGS, chromium_program
from stack import ROOT, Addresses, Stack, StackError, demo_values

IMAGES = ROOT / "docs" / "images"
_WIDTH, _HEIGHT = 1100, 760


def take(page: Page, stack: Stack) -> None:
    """One sign-in, from the home page to the profile, and an error page."""
    page.goto(f"{stack.rp_url}/")
    page.screenshot(path=IMAGES / "home.png")
    page.get_by_role("link", name="Start authorization").first.click()
    page.get_by_label("Username").fill("user0")
    page.get_by_label("Password").fill("password0")
    page.screenshot(path=IMAGES / "login.png")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stack.rp_url}/profile")
    page.set_viewport_size({"width": _WIDTH, "height": 2 * _HEIGHT})
    page.screenshot(path=IMAGES / "profile.png")
    page.set_viewport_size({"width": _WIDTH, "height": _HEIGHT})
    page.goto(f"{stack.op_url}/authorize?client_id=demo-client&redirect_uri={stack.rp_url}/callback/")
    page.screenshot(path=IMAGES / "error.png")


def main() -> int:
    program = chromium_program()
    if program is None:
        print("screenshots: no chromium or google-chrome on PATH", file=sys.stderr)
        return 1
    addresses = Addresses.of(demo_values())
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            Stack(Path(folder), addresses=addresses) as stack,
            sync_playwright() as playwright,
            playwright.chromium.launch(executable_path=program, args=list(LAUNCH_FLAGS)) as browser,
        ):
            take(browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}), stack)
    except StackError as fault:
        print(f"screenshots: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
