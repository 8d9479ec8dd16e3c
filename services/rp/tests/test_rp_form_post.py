"""OAuth 2.0 Form Post Response Mode: the provider's page posts the response, and the browser continues by GET."""

import asyncio
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from rp_testing import refused

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def environment(environment):
    return {**environment, "RP_RESPONSE_MODE": "form_post"}


def response_to(provider, location, **changes):
    """The fields of the form that the provider's page submits."""
    return dict(parse_qsl(urlsplit(provider.authorize(location, **changes)).query))


async def post(open_browser, form):
    """Post a form as a page of another site does: without our cookies (SameSite=Lax)."""
    return await (await open_browser()).client.post("/callback", form=form)


@pytest.fixture
async def post_response(open_browser, browser, provider):
    """Start a sign-in and post the response. Returns the URL of the redirect."""

    async def post_changed(**changes):
        response = await post(open_browser, response_to(provider, await browser.start(), **changes))
        assert response.status_code == 303
        assert "Set-Cookie" not in response.headers
        return response.headers["Location"]

    return post_changed


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_sign_in_by_form_post(browser, provider, post_response, redis):
    """§2."""
    location = await browser.start()
    assert parse_qs(urlsplit(location).query)["response_mode"] == ["form_post"]
    address = await post_response()
    assert "code" not in address
    response = await browser.get(address)
    assert (response.status_code, response.headers["Location"]) == (303, "/profile")
    assert "User <Zero>" in await browser.see("/profile")
    assert await redis.keys("rp:posted:*") == []


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_posted_response_works_only_in_its_browser(browser, provider, open_browser, post_response):
    """Another browser can neither sign in with a posted response nor use it up (login CSRF)."""
    address = await post_response()
    other = await open_browser()
    await other.start()
    await refused(await other.get(address), says="started in another browser")
    assert not provider.requests("/token")
    assert (await browser.get(address)).status_code == 303


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_posted_response_is_used_once(browser, provider, post_response):
    """The form carries no cookie. The response is stored encrypted, and is accepted once, in the browser that
    started the sign-in.
    """
    address = await post_response()
    responses = await asyncio.gather(*(browser.get(address) for _ in range(10)))
    assert sorted(response.status_code for response in responses) == [303] + [400] * 9
    assert len(provider.requests("/token")) == 1


async def test_posted_response_expires_after_a_minute(post_response, redis):
    await post_response()
    [key] = await redis.keys("rp:posted:*")
    assert 55 <= await redis.ttl(key) <= 60


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_only_the_latest_posted_response_is_stored(open_browser, browser, provider, redis):
    fields = response_to(provider, await browser.start())
    addresses = [(await post(open_browser, fields)).headers["Location"] for _ in range(20)]
    assert len(await redis.keys("rp:posted:*")) == 1
    await refused(await browser.get(addresses[0]), says="was already completed")
    assert (await browser.get(addresses[-1])).status_code == 303


@pytest.mark.parametrize("name", ["code", "iss", "error", "error_description"])
@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_long_posted_response_is_rejected(open_browser, browser, provider, redis, name):
    form = response_to(provider, await browser.start()) | {name: "x" * 4097}
    await refused(await post(open_browser, form), says="longer than 4096")
    assert await redis.keys("rp:posted:*") == []


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_stored_posted_response_is_encrypted(post_response, redis):
    address = await post_response(code="the-secret-code")
    [key] = await redis.keys("rp:posted:*")
    kept = f"{key} {await redis.get(key)}"
    for secret in ("the-secret-code", parse_qs(urlsplit(address).query)["posted"][0].partition(".")[2]):
        assert secret not in kept


async def test_modified_posted_response_is_rejected(browser, post_response, redis):
    address = await post_response()
    [key] = await redis.keys("rp:posted:*")
    await redis.set(key, "rubbish", ex=60)
    await refused(await browser.get(address), says="was already completed")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"iss": "http://evil.example"}, "evil.example", id="RFC 9207 §2.4: iss of another issuer"),
        pytest.param({"code": None, "error": "access_denied"}, "access_denied", id="the provider's error"),
    ],
)
async def test_invalid_posted_response_is_rejected(browser, post_response, changes, says):
    await refused(await browser.get(await post_response(**changes)), says=says)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param({"form": {"code": "c"}}, "state is missing", id="no state"),
        pytest.param({"form": {"state": "never-made", "code": "c"}}, "was already completed", id="an unknown state"),
        pytest.param(
            {"data": b"state=a&state=a", "headers": FORM}, "Duplicate parameters: state.", id="duplicate state"
        ),
        pytest.param({"data": b"state=%ff", "headers": FORM}, "cannot be read", id="not UTF-8"),
        pytest.param({"data": b"{}", "headers": {"Content-Type": "application/json"}}, "urlencoded", id="JSON"),
    ],
)
@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_invalid_form_is_rejected(open_browser, redis, options, says):
    response = await (await open_browser()).client.post("/callback", **options)
    await refused(response, says=says)
    assert await redis.keys("rp:posted:*") == []


@pytest.mark.parametrize("handle", ["x", "x" * 43, "%C3%B6" * 43, ""])
async def test_unknown_handle_is_rejected(browser, handle):
    response = await browser.get(f"/callback?posted={handle}")
    assert response.status_code == 400


async def test_large_form_is_rejected(open_browser):
    response = await (await open_browser()).client.post("/callback", data=b"x" * 10_000_000, headers=FORM)
    assert response.status_code == 413


async def test_unsupported_response_mode_is_an_error_page(browser):
    response = await browser.sign_in(code=None, error="unsupported_response_mode")
    await refused(response, says="unsupported_response_mode")
