"""What the pages show of the client (OpenID Connect Dynamic Client Registration 1.0 §2, §9.1)."""

import re
from typing import Any

import pytest
from op_testing import ISSUER, REDIRECT_URI, SECRET, RunningProvider

from op.protocol.clients.metadata import client_of

LOGO = "https://client.test/logo.png"
ABOUT = {"logo_uri": LOGO, "policy_uri": "https://client.test/policy", "tos_uri": "https://elsewhere.test/terms"}


async def pages_of(provider: RunningProvider, **metadata: Any) -> tuple[Any, Any]:
    """The login page and the consent page of a client."""
    client = {"client_id": "about", "client_secret": SECRET, "redirect_uris": [REDIRECT_URI], **metadata}
    await provider.op.clients.save(client_of(client))
    location = (await provider.authorize(client_id="about")).location
    login = await provider.client.get(location.removeprefix(ISSUER))
    consent = (await provider.submit_login(location)).location
    return login, await provider.client.get(consent.removeprefix(ISSUER))


@pytest.mark.spec("OpenID Connect Dynamic Client Registration §9.1", "RFC 7591 §2")
async def test_logo_policy_and_terms_are_shown_on_both_pages(provider: RunningProvider) -> None:
    """Login and consent show a client's logo and link to its policy and terms. For a client that registered
    itself, no logo of another host is shown.
    """
    for page in await pages_of(provider, **ABOUT):
        html = await page.get_data(as_text=True)
        assert f'<img class="logo" src="{LOGO}" alt="">' in html
        for uri in (ABOUT["policy_uri"], ABOUT["tos_uri"]):
            assert re.search(rf'<a href="{uri}"[^>]* rel="noopener noreferrer"', html)
        assert "img-src 'self' https://client.test;" in page.headers["Content-Security-Policy"]


async def test_pages_without_logo_load_nothing_from_other_hosts(provider: RunningProvider) -> None:
    for page in await pages_of(provider):
        html = await page.get_data(as_text=True)
        assert 'class="logo"' not in html
        assert "Privacy policy" not in html
        assert "img-src 'self';" in page.headers["Content-Security-Policy"]
