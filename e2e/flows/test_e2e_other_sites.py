"""The relying party and the provider as sites of their own, so that a browser keeps the cookies of each from the other.

To a browser `localhost` and `127.0.0.1` are two sites. These tests cover what happens only between sites: a
response that is posted, a sign-in that a third party starts, and the ways in which a provider ends a session.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from stack import PATIENT, ROOT, Addresses, Stack

DIRECTORY = (ROOT / "deploy/demo/directory.yaml").read_text()
CHANNELS = {
    "back channel": "backchannel_logout_uri: ${RP_BASE_URL}/backchannel-logout",
    "front channel": "frontchannel_logout_uri: ${RP_BASE_URL}/frontchannel-logout",
}

StackOf = Callable[..., Stack]


@pytest.fixture
def stack_of(tmp_path: Path) -> Iterator[StackOf]:
    """`stack_of(channel, **settings)`: a running stack of two sites, whose provider ends sessions by that channel."""
    running: list[Stack] = []

    def start(channel: str = "back channel", **settings: str) -> Stack:
        directory = tmp_path / "directory.yaml"
        place = "    grant_types: [authorization_code, refresh_token]"
        directory.write_text(DIRECTORY.replace(place, f"{place}\n    {CHANNELS[channel]}"))
        addresses = Addresses.on_free_ports()
        addresses = replace(addresses, op=addresses.op.replace("localhost", "127.0.0.1"))
        stack = Stack(tmp_path, addresses=addresses, extra={**PATIENT, "OP_DIRECTORY_FILE": str(directory), **settings})
        running.append(stack.start())
        return stack

    yield start
    for stack in running:
        stack.stop()


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
def test_response_posted_from_another_site_signs_in(page: Page, stack_of: StackOf, sign_in) -> None:
    """The form of `form_post` carries no cookie, but the GET that follows it does."""
    stack = stack_of(RP_RESPONSE_MODE="form_post")
    sign_in(page, stack)
    expect(page.locator("#userinfo")).to_contain_text("user0@example.com")


@pytest.mark.spec("OpenID Connect Core §4")
def test_another_site_starts_a_sign_in_by_a_form(page: Page, stack_of: StackOf) -> None:
    stack = stack_of()
    fields = {"iss": stack.op_url, "login_hint": "user0", "target_link_uri": f"{stack.rp_url}/profile#userinfo"}
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    page.set_content(f'<form method="post" action="{stack.rp_url}/login">{inputs}<button>Go</button></form>')
    page.get_by_role("button").click()
    expect(page.get_by_label("Username")).to_have_value("user0")
    page.get_by_label("Password").fill("password0")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stack.rp_url}/profile#userinfo")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.5, §2.7")
@pytest.mark.spec("OpenID Connect Front-Channel Logout §2")
def test_a_sign_out_at_the_provider_ends_the_session_here(page: Page, stack_of: StackOf, sign_in, channel) -> None:
    stack = stack_of(channel)
    sign_in(page, stack)
    page.goto(f"{stack.op_url}/logout")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading")).to_contain_text("signed out")

    def ended() -> bool:
        page.goto(f"{stack.rp_url}/")
        return page.get_by_text("Signed in as").count() == 0

    for _ in range(100):
        if ended():
            break
        page.wait_for_timeout(50)
    assert ended()
