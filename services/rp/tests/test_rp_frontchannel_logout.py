"""GET /frontchannel-logout: the provider's page opens it in a frame, where no cookie of ours comes along."""

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


async def test_the_session_of_this_sid_ends(signed_in, open_browser, provider):
    """§2: and no other; the frame brings no cookie."""
    other = await open_browser()
    provider.claims = {"sid": "session-2"}
    await other.sign_in()
    assert (await (await open_browser()).get(address(provider))).status_code == 200
    assert (await is_signed_in(signed_in), await is_signed_in(other)) == (False, True)


async def test_a_sign_in_that_is_on_its_way_opens_no_session(browser, provider):
    """§2: also when the provider's clock is ahead of ours."""
    provider.claims = {"sid": "session-1", "iat": int(time.time()) + 20}
    callback = provider.authorize(await browser.start())
    assert (await browser.get(address(provider))).status_code == 200
    await refused(await browser.get(callback), says="ended your session while you were signing in")


async def test_the_page_is_not_stored_and_framed_by_the_provider_alone(browser, provider):
    provider.metadata = {"end_session_endpoint": "https://logout.example:443/end"}
    headers = (await browser.get(address(provider))).headers
    assert headers["Cache-Control"] == "no-cache, no-store"
    assert headers["Content-Security-Policy"] == (
        f"default-src 'none'; frame-ancestors {provider.url} https://logout.example"
    )
    assert "X-Frame-Options" not in headers
    assert headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("host", ["a;script-src", "'unsafe-inline'", "*", "\xe9.example", "x" * 4000])
async def test_a_strange_host_stands_in_no_policy(browser, provider, host):
    provider.metadata = {"end_session_endpoint": f"https://{host}/end"}
    response = await browser.get(address(provider))
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"] == f"default-src 'none'; frame-ancestors {provider.url}"


async def test_it_needs_no_provider_that_answers(signed_in, provider):
    await provider.stop()
    response = await signed_in.get(address(provider))
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"].endswith(f"frame-ancestors {provider.url}")


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
        pytest.param({"iss": "http://evil.example"}, "no provider", id="§3: another iss"),
        pytest.param({"sid": "a\0"}, "control", id="a control character"),
    ],
)
async def test_a_request_that_must_be_refused(signed_in, provider, changes, says):
    response = await signed_in.get(address(provider, **changes))
    answer = await response.get_json()
    assert (response.status_code, answer["error"], says in answer["error_description"]) == (
        400,
        "invalid_request",
        True,
    )
    assert await is_signed_in(signed_in)


async def test_a_query_with_a_name_twice(signed_in, provider):
    response = await signed_in.get(f"{address(provider)}&sid=session-1")
    assert response.status_code == 400
    assert await is_signed_in(signed_in)
