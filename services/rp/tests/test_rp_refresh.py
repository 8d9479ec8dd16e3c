"""OpenID Connect Core §12.2: the ID token of a refresh response must belong to the same login."""

import asyncio
import time
from typing import cast

import pytest
from rp_testing import Browser

from rp.app import create_app
from rp.protocol.tokens.token_response import TokenResponse
from rp.providers import Providers
from rp.records import Session
from rp.settings import Settings
from rp.stores.refresh_lock import RefreshLockStore
from rp.stores.session import SessionStore
from rp.tokens.refreshing import Refreshing
from servicekit.settings import read

LOGIN = int(time.time()) - 30


@pytest.fixture
async def signed_in(browser, provider):
    provider.claims = {"auth_time": LOGIN}
    await browser.sign_in()
    provider.expire()
    return browser


async def test_refreshed_id_token_changes_nothing_on_the_page(signed_in, provider):
    provider.refreshed = {"name": "Another Name"}
    page = await signed_in.see("/profile")
    assert "user0@example.com" in page
    assert "User <Zero>" in page, "the page shows the ID token of the sign-in"
    assert len(provider.requests("/token")) == 2


async def test_refreshed_id_token_may_repeat_the_nonce(browser, provider):
    location = await browser.start()
    [nonce] = [part[6:] for part in location.split("&") if part.startswith("nonce=")]
    await browser.get(provider.authorize(location))
    provider.expire()
    provider.refreshed = {"nonce": nonce}
    assert "user0@example.com" in await browser.see("/profile")


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        pytest.param("sub", {"sub": "user1"}, id="§12.2 as in the id_token of the sign-in"),
        pytest.param("nonce", {"nonce": "another"}, id="§12.2 the nonce of the sign-in"),
        pytest.param("exp", {"exp": 1_000_000_000}, id="§3.1.3.7 (9) expired"),
        pytest.param("at_hash", {"at_hash": "bm90IHRoZSByaWdodCBvbmU"}, id="§3.1.3.6 the new access token"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §12.2")
async def test_rejected_refreshed_id_token_names_the_check(signed_in, provider, check, changes):
    """The `iat` of an id_token of a refresh is new, its `auth_time` is that of the login, and its `nonce` is
    absent or that of the first one.
    """
    provider.refreshed = changes
    page = await signed_in.see("/profile")
    assert f"The check “{check}” of OIDC Core" in page
    assert "user0@example.com" not in page


async def test_refreshed_id_token_with_another_key_is_rejected(signed_in, provider, other_signer):
    provider.tokens = {"id_token": other_signer.sign({"iss": provider.url})}
    assert "The check “signature”" in await signed_in.see("/profile")


@pytest.mark.spec("OpenID Connect Core §12.2")
async def test_rejected_refresh_response_is_not_used(signed_in, provider):
    """The new refresh token is revoked, and the old one is not sent again."""
    provider.refreshed = {"sub": "user1"}
    await signed_in.see("/profile")
    assert [form["token"] for form, _ in provider.requests("/revoke")] == [provider.refresh_token]
    used = [headers["Authorization"] for _, headers in provider.requests("/userinfo")]
    assert f"Bearer {provider.access_token}" not in used
    page = await signed_in.see("/profile")
    assert "The provider has ended this sign-in" in page
    assert len(provider.requests("/token")) == 2


@pytest.mark.spec("OpenID Connect Core §12.2")
async def test_refresh_token_is_kept_if_keys_are_unavailable(signed_in, environment, provider):
    """A replica without the keys refreshes while they cannot be fetched; the refresh token was rotated anyway."""
    provider.refreshed = {}
    provider.refusals["/jwks"] = {"status": 503}
    async with create_app(read(Settings, environment)).test_app() as replica:
        browser = Browser(replica.test_client(), provider)
        browser.client.set_cookie("localhost", "rp_session", signed_in.cookie("rp_session"))
        assert "The provider does not respond" in await browser.see("/profile")
        del provider.refusals["/jwks"]
    assert "user0@example.com" in await signed_in.see("/profile")


class SlowProvider:
    """The provider of every issuer, which responds to a refresh when the test says so."""

    def __init__(self):
        self.requested, self.proceed = asyncio.Event(), asyncio.Event()
        self.presented = []

    def of(self, _issuer):
        return self

    async def refresh(self, refresh_token):
        self.presented.append(refresh_token)
        self.requested.set()
        await self.proceed.wait()
        return TokenResponse("the-new-token", "the-new-refresh-token", None, None, None)


@pytest.mark.spec("RFC 6749 §6", "RFC 9700 §4.14.2")
async def test_disconnect_during_a_refresh_loses_no_token(redis):
    """RFC 9700 §4.14.2: the provider has rotated the refresh token, so the new one must be saved."""
    session = Session(
        access_token="the-old-token",
        refresh_token="the-old-refresh-token",
        id_token="an.id.token",
        header={},
        claims={"iss": "http://op.test", "sub": "user0"},
        checks=(),
        nonce="a-nonce",
        scope="openid",
        expires_at=None,
        csrf_token="a-csrf-token",
    )
    provider, sessions = SlowProvider(), SessionStore(redis, 60)
    await sessions.save("a-cookie", session)
    refreshing = Refreshing(cast(Providers, provider), sessions, RefreshLockStore(redis, 10), time.time)
    request = asyncio.create_task(refreshing.renew("a-cookie", session.access_token))
    await provider.requested.wait()
    request.cancel()
    await asyncio.wait({request})
    provider.proceed.set()
    renewed = await refreshing.renew("a-cookie", session.access_token)
    assert (renewed.access_token, renewed.refresh_token) == ("the-new-token", "the-new-refresh-token")
    assert provider.presented == ["the-old-refresh-token"]
