"""GET /frontchannel-logout, which the provider's page loads in a frame, without our cookies."""

import time
from urllib.parse import urlencode

import pytest
from rp_testing import refused


def address(provider, **changes):
    query = {"iss": provider.url, "sid": "session-1", **changes}
    return f"/frontchannel-logout?{urlencode({name: value for name, value in query.items() if value is not None})}"


@pytest.fixture
async def signed_in(browser, provider):
    provider.claims = {"sid": "session-1"}
    await browser.sign_in()
    return browser


async def is_signed_in(browser):
    return (await browser.get("/profile")).status_code == 200


@pytest.mark.spec("OpenID Connect Front-Channel Logout §2")
async def test_only_the_session_of_the_sid_ends(signed_in, open_browser, provider):
    """Front-channel logout ends the session of the `sid` and no other; the frame carries no cookie."""
    other = await open_browser()
    provider.claims = {"sid": "session-2"}
    await other.sign_in()
    assert (await (await open_browser()).get(address(provider))).status_code == 200
    assert (await is_signed_in(signed_in), await is_signed_in(other)) == (False, True)


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.7", "OpenID Connect Front-Channel Logout §2")
async def test_frame_during_a_sign_in_prevents_the_session(browser, provider):
    """OpenID Connect Front-Channel Logout §2: A sign-in opens no session if the logout comes after the code was
    redeemed and before the session exists.
    """
    provider.claims = {"sid": "session-1", "iat": int(time.time()) + 20}
    callback = provider.authorize(await browser.start())
    assert (await browser.get(address(provider))).status_code == 200
    await refused(await browser.get(callback), says="ended your session while you were signing in")


@pytest.mark.spec("OpenID Connect Front-Channel Logout §2")
async def test_only_the_provider_may_frame_the_logout_page(browser, provider):
    """The page is not cached, and only the provider's pages may frame it. No other page of the relying party can
    be framed.
    """
    provider.metadata = {"end_session_endpoint": "https://logout.example:443/end"}
    headers = (await browser.get(address(provider))).headers
    assert headers["Cache-Control"] == "no-cache, no-store"
    assert headers["Content-Security-Policy"] == (
        f"default-src 'none'; frame-ancestors {provider.url} https://logout.example"
    )
    assert "X-Frame-Options" not in headers
    assert headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("host", ["a;script-src", "'unsafe-inline'", "*", "\xe9.example", "x" * 4000])
@pytest.mark.spec("OpenID Connect Discovery §3", "RFC 3986 §3.2.2")
async def test_invalid_host_is_left_out_of_the_policy(browser, provider, host):
    provider.metadata = {"end_session_endpoint": f"https://{host}/end"}
    response = await browser.get(address(provider))
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"] == f"default-src 'none'; frame-ancestors {provider.url}"


async def test_frontchannel_logout_works_without_the_provider(signed_in, provider):
    await provider.stop()
    response = await signed_in.get(address(provider))
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"].endswith(f"frame-ancestors {provider.url}")


@pytest.mark.spec("OpenID Connect Front-Channel Logout §2")
async def test_no_other_page_can_be_framed(browser):
    for path in ("/", "/callback", "/login"):
        headers = (await browser.get(path)).headers
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"iss": None}, "iss and sid", id="§2: sid without iss"),
        pytest.param({"sid": None}, "iss and sid", id="§2: iss without sid"),
        pytest.param({"iss": None, "sid": None}, "iss and sid", id="§2: neither"),
        pytest.param({"iss": "http://evil.example"}, "does not name a provider", id="§3: another iss"),
        pytest.param({"sid": "a\0"}, "control", id="a control character"),
    ],
)
@pytest.mark.spec("OpenID Connect Front-Channel Logout §2")
async def test_invalid_frontchannel_request_is_rejected(signed_in, provider, changes, says):
    """GET with `iss` and `sid` ends the sessions of that `sid`, without a cookie. Both are required, and `iss`
    must be that of a provider.
    """
    response = await signed_in.get(address(provider, **changes))
    body = await response.get_json()
    assert (response.status_code, body["error"], says in body["error_description"]) == (
        400,
        "invalid_request",
        True,
    )
    assert await is_signed_in(signed_in)


async def test_duplicate_parameter_of_frontchannel_is_rejected(signed_in, provider):
    response = await signed_in.get(f"{address(provider)}&sid=session-1")
    assert response.status_code == 400
    assert await is_signed_in(signed_in)
