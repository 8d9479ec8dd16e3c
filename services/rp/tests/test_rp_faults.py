"""Failures of Redis and of the provider, and the health endpoints."""

import asyncio
import time

import pytest

from redis_server import RedisServer


@pytest.fixture
def own_redis(tmp_path):
    """A Redis server of this test, which it can pause and kill."""
    server = RedisServer(tmp_path).start()
    yield server
    server.stop()


@pytest.fixture
async def browser(environment, open_browser, own_redis):
    environment |= {"REDIS_URL": own_redis.url, "REDIS_TIMEOUT": "0.5"}
    return await open_browser()


async def unavailable(browser, path):
    start = time.monotonic()
    response = await browser.get(path)
    assert time.monotonic() - start < 1
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    return await response.get_data(as_text=True)


@pytest.mark.parametrize("fault", ["pause", "kill"])
async def test_redis_failure_is_a_503_and_recovery_is_automatic(browser, own_redis, fault):
    await browser.sign_in()
    callback = browser.provider.authorize(await browser.start())
    getattr(own_redis, fault)()
    for path in ("/", "/login", callback, "/profile"):
        assert "Sessions are temporarily unavailable" in await unavailable(browser, path)
    assert '"redis"' in await unavailable(browser, "/readyz")
    assert (await browser.get("/healthz")).status_code == 200
    if fault == "pause":
        own_redis.resume()
    else:
        own_redis.start()
    assert (await browser.get("/readyz")).status_code == 200
    assert "Signed in as" in await browser.see("/profile")
    assert (await browser.get(callback)).status_code == 303


async def test_home_page_without_a_cookie_does_not_need_redis(browser, own_redis):
    own_redis.kill()
    assert (await browser.get("/")).status_code == 200


async def test_callback_works_again_after_the_provider_was_down(environment, open_browser, provider):
    """Discovery comes first, so that the nonce binding is not deleted."""
    browser = await open_browser()
    await provider.stop()
    assert (await browser.get("/callback?state=x&code=y")).status_code == 503


async def test_slow_provider_is_unavailable(environment, open_browser, provider, redis):
    """Three requests that time out take less time than the lock for the refresh lasts."""
    environment["HTTP_TIMEOUT"] = "0.2"
    browser = await open_browser()
    await browser.sign_in()
    left = []

    async def never_respond():
        left.extend([await redis.pttl(key) for key in await redis.keys("rp:refresh:*")])
        await asyncio.Event().wait()

    provider.expire()
    provider.before_refresh = never_respond
    assert "The provider does not respond" in await browser.see("/profile")
    assert left
    assert all(1000 < milliseconds <= 1600 for milliseconds in left)


async def test_ready_with_redis_and_the_provider(browser, provider):
    assert (await browser.get("/healthz")).status_code == 200
    assert (await browser.get("/readyz")).status_code == 200


async def test_not_ready_before_discovery_succeeded(browser, provider):
    await provider.stop()
    response = await browser.get("/readyz")
    assert response.status_code == 503
    assert await response.get_json() == {"status": "unavailable", "failed": {"provider": "ProviderUnavailable"}}


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), ("/%00", 404), ("/login/", 404), ("/profile/../../etc/passwd", 404)]
)
async def test_unknown_page_is_a_404(browser, path, status):
    response = await browser.get(path)
    assert response.status_code == status
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/login", 405), ("/callback", 405), ("/profile", 405), ("/logout/callback", 405)],
)
@pytest.mark.spec("RFC 9110 §9.2.1, §9.3.2")
async def test_head_does_not_sign_in_or_out(browser, path, status):
    """RFC 9110 §9.3.2."""
    assert (await browser.client.head(path)).status_code == status


@pytest.mark.parametrize("path", ["/", "/callback", "/profile", "/logout/callback"])
@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §4")
async def test_read_only_pages_reject_post(browser, path):
    """If the mode is `query`, a posted response is rejected."""
    assert (await browser.client.post(path, data=b"x" * 10_000_000)).status_code == 405


async def test_requests_are_counted(browser):
    await browser.get("/")
    page = browser.client.app.extensions["metrics"].page().decode()
    assert 'trefoil_requests_total{method="GET",path="page",status="200"} 1.0' in page


async def test_pages_load_only_their_stylesheet(browser):
    await browser.sign_in()
    for path in ("/", "/profile", "/callback"):
        page = await browser.see(path)
        assert "<script" not in page
        assert "style=" not in page
        assert 'lang="en"' in page
        assert page.count("<h1") == 1
        assert page.count("<main") == 1
