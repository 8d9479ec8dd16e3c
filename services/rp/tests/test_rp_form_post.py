"""OAuth 2.0 Form Post Response Mode: the provider's page posts the answer, and the browser comes for it."""

import asyncio
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from rp_testing import refused

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def environment(environment):
    return {**environment, "RP_RESPONSE_MODE": "form_post"}


def answer_to(provider, location, **changes):
    """The fields of the form that the provider's page sends by itself."""
    return dict(parse_qsl(urlsplit(provider.authorize(location, **changes)).query))


async def post(open_browser, form):
    """As a form of another site does it: without the cookies of ours (SameSite=Lax)."""
    return await (await open_browser()).client.post("/callback", form=form)


@pytest.fixture
async def handed_over(open_browser, browser, provider):
    """Where a browser is sent after the form was posted."""

    async def hand_over(**changes):
        response = await post(open_browser, answer_to(provider, await browser.start(), **changes))
        assert response.status_code == 303
        assert "Set-Cookie" not in response.headers
        return response.headers["Location"]

    return hand_over


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_the_whole_sign_in_by_a_form(browser, provider, handed_over, redis):
    """The relying party requests `form_post` if configured, and accepts the response as a posted form."""
    location = await browser.start()
    assert parse_qs(urlsplit(location).query)["response_mode"] == ["form_post"]
    address = await handed_over()
    assert "code" not in address
    response = await browser.get(address)
    assert (response.status_code, response.headers["Location"]) == (303, "/profile")
    assert "User <Zero>" in await browser.see("/profile")
    assert await redis.keys("rp:posted:*") == []


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_the_answer_counts_in_the_browser_that_asked(browser, provider, open_browser, handed_over):
    """Another browser can neither sign in with a posted response nor use it up (login CSRF)."""
    address = await handed_over()
    stranger = await open_browser()
    await stranger.start()
    await refused(await stranger.get(address), says="Another browser")
    assert not provider.requests("/token")
    assert (await browser.get(address)).status_code == 303


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_an_answer_that_was_posted_counts_once(browser, provider, handed_over):
    """The form carries no cookie. The response is stored encrypted, and is accepted once, in the browser that
    started the sign-in.
    """
    address = await handed_over()
    responses = await asyncio.gather(*(browser.get(address) for _ in range(10)))
    assert sorted(response.status_code for response in responses) == [303] + [400] * 9
    assert len(provider.requests("/token")) == 1


async def test_it_waits_for_a_minute(handed_over, redis):
    await handed_over()
    [key] = await redis.keys("rp:posted:*")
    assert 55 <= await redis.ttl(key) <= 60


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_a_sign_in_keeps_one_answer_whoever_posts(open_browser, browser, provider, redis):
    fields = answer_to(provider, await browser.start())
    addresses = [(await post(open_browser, fields)).headers["Location"] for _ in range(20)]
    assert len(await redis.keys("rp:posted:*")) == 1
    await refused(await browser.get(addresses[0]), says="finished already")
    assert (await browser.get(addresses[-1])).status_code == 303


@pytest.mark.parametrize("name", ["code", "iss", "error", "error_description"])
@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_an_answer_of_great_length_is_not_kept(open_browser, browser, provider, redis, name):
    form = answer_to(provider, await browser.start()) | {name: "x" * 4097}
    await refused(await post(open_browser, form), says="longer than 4096")
    assert await redis.keys("rp:posted:*") == []


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_redis_alone_tells_nothing_of_what_was_posted(handed_over, redis):
    address = await handed_over(code="the-secret-code")
    [key] = await redis.keys("rp:posted:*")
    kept = f"{key} {await redis.get(key)}"
    for secret in ("the-secret-code", parse_qs(urlsplit(address).query)["posted"][0].partition(".")[2]):
        assert secret not in kept


async def test_an_answer_that_was_changed_in_redis_is_none(browser, handed_over, redis):
    address = await handed_over()
    [key] = await redis.keys("rp:posted:*")
    await redis.set(key, "rubbish", ex=60)
    await refused(await browser.get(address), says="finished already")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"iss": "http://evil.example"}, "evil.example", id="RFC 9207 §2.4: iss of another issuer"),
        pytest.param({"code": None, "error": "access_denied"}, "access_denied", id="the provider's error"),
    ],
)
async def test_an_answer_that_must_be_refused(browser, handed_over, changes, says):
    await refused(await browser.get(await handed_over(**changes)), says=says)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param({"form": {"code": "c"}}, "state is missing", id="no state"),
        pytest.param({"form": {"state": "never-made", "code": "c"}}, "finished already", id="an unknown state"),
        pytest.param({"data": b"state=a&state=a", "headers": FORM}, "twice", id="state twice"),
        pytest.param({"data": b"state=%ff", "headers": FORM}, "cannot be read", id="no UTF-8"),
        pytest.param({"data": b"{}", "headers": {"Content-Type": "application/json"}}, "urlencoded", id="JSON"),
    ],
)
@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_a_form_that_must_be_refused(open_browser, redis, options, says):
    response = await (await open_browser()).client.post("/callback", **options)
    await refused(response, says=says)
    assert await redis.keys("rp:posted:*") == []


@pytest.mark.parametrize("handle", ["x", "x" * 43, "%C3%B6" * 43, ""])
async def test_a_handle_that_names_nothing(browser, handle):
    response = await browser.get(f"/callback?posted={handle}")
    assert response.status_code == 400


async def test_a_form_that_is_too_large(open_browser):
    response = await (await open_browser()).client.post("/callback", data=b"x" * 10_000_000, headers=FORM)
    assert response.status_code == 413


async def test_a_provider_that_does_not_know_the_mode_answers_in_the_query(browser):
    response = await browser.sign_in(code=None, error="unsupported_response_mode")
    await refused(response, says="unsupported_response_mode")
