"""OpenID Connect Core §12.2: the id_token that comes with a refresh is of the same login, or is refused."""

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
    assert "User <Zero>" in page, "the page shows the id_token of the sign-in"
    assert len(provider.requests("/token")) == 2


async def test_the_first_nonce_may_come_again(browser, provider):
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
async def test_refused_refreshed_id_token_names_the_check(signed_in, provider, check, changes):
    """The `iat` of an id_token of a refresh is new, its `auth_time` is that of the login, and its `nonce` is
    absent or that of the first one.
    """
    provider.refreshed = changes
    page = await signed_in.see("/profile")
    assert f"The check “{check}” of OIDC Core" in page
    assert "user0@example.com" not in page


async def test_a_signature_that_is_not_the_providers(signed_in, provider, other_signer):
    provider.tokens = {"id_token": other_signer.sign({"iss": provider.url})}
    assert "The check “signature”" in await signed_in.see("/profile")


@pytest.mark.spec("OpenID Connect Core §12.2")
async def test_after_a_refusal_nothing_of_the_refresh_is_used(signed_in, provider):
    """If the id_token of a refresh is rejected, nothing of that refresh is used, and there is no further refresh.

    The new refresh token is revoked, and the old one is not sent again.
    """
    provider.refreshed = {"sub": "user1"}
    await signed_in.see("/profile")
    assert [form["token"] for form, _ in provider.requests("/revoke")] == [provider.refresh_token]
    asked = [headers["Authorization"] for _, headers in provider.requests("/userinfo")]
    assert f"Bearer {provider.access_token}" not in asked
    page = await signed_in.see("/profile")
    assert "The sign-in has ended at the provider" in page
    assert len(provider.requests("/token")) == 2


@pytest.mark.spec("OpenID Connect Core §12.2")
async def test_without_the_providers_keys_the_next_try_has_the_newest_refresh_token(signed_in, environment, provider):
    """While the keys cannot be fetched, nothing of the refresh is shown, and the newest refresh token is kept for the
    next attempt.

    A replica has not seen the keys yet and cannot fetch them; the refresh has happened all the same.
    """
    provider.refreshed = {}
    provider.refusals["/jwks"] = {"status": 503}
    async with create_app(read(Settings, environment)).test_app() as replica:
        browser = Browser(replica.test_client(), provider)
        browser.client.set_cookie("localhost", "rp_session", signed_in.cookie("rp_session"))
        assert "The provider does not answer" in await browser.see("/profile")
        del provider.refusals["/jwks"]
    assert "user0@example.com" in await signed_in.see("/profile")


class SlowProvider:
    """Of every issuer: answers a refresh when it is told to."""

    def __init__(self):
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()
        self.presented = []

    def of(self, _issuer):
        return self

    async def refresh(self, refresh_token):
        self.presented.append(refresh_token)
        self.asked.set()
        await self.go_on.wait()
        return TokenResponse("the-new-token", "the-new-refresh-token", None, None, None)


@pytest.mark.spec("RFC 6749 §6")
@pytest.mark.spec("RFC 9700 §4.14.2")
async def test_a_browser_that_goes_away_during_a_refresh_costs_no_refresh_token(redis):
    """The relying party keeps the refresh token that the provider has rotated, even if the browser disconnects or Redis
    is unavailable for some seconds.

    The provider has rotated the token, and only the relying party knows the new one.
    """
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
    await provider.asked.wait()
    request.cancel()
    await asyncio.wait({request})
    provider.go_on.set()
    renewed = await refreshing.renew("a-cookie", session.access_token)
    assert (renewed.access_token, renewed.refresh_token) == ("the-new-token", "the-new-refresh-token")
    assert provider.presented == ["the-old-refresh-token"]
