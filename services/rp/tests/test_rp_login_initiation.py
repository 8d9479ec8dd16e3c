"""OpenID Connect Core §4: a third party starts a sign-in here."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from rp_testing import BASE_URL, refused


def query_of(address):
    return {name: value for name, [value] in parse_qs(urlsplit(address).query).items()}


@pytest.mark.spec("OpenID Connect Core §4")
async def test_third_party_can_start_a_sign_in(browser, provider):
    """A third party starts a sign-in by GET or POST with `iss`, `login_hint` and `target_link_uri`. The hint is
    sent on to the provider.
    """
    parameters = {"iss": provider.url, "login_hint": "user0@example.com", "target_link_uri": f"{BASE_URL}/profile?a=b"}
    location = await browser.start(f"/login?{urlencode(parameters)}")
    assert query_of(location)["login_hint"] == "user0@example.com"
    response = await browser.get(provider.authorize(location))
    assert response.headers["Location"] == "/profile?a=b"


async def test_no_login_hint_is_sent_without_one(browser):
    assert "login_hint" not in query_of(await browser.start())


@pytest.mark.spec("OpenID Connect Core §4")
async def test_posted_initiation_redirects_to_get(browser, provider):
    """By GET, which sends the cookie, unlike a form of another site; only the parameters of §4 are kept."""
    await browser.start()
    cookie = browser.cookie("rp_login")
    form = {"iss": provider.url, "login_hint": "ö&x", "target_link_uri": BASE_URL, "return_to": "/elsewhere"}
    response = await browser.client.post("/login", form=form)
    assert response.status_code == 303
    assert "Set-Cookie" not in response.headers
    address = response.headers["Location"]
    assert query_of(address) == {"iss": provider.url, "login_hint": "ö&x", "target_link_uri": BASE_URL}
    assert (await browser.sign_in(address)).headers["Location"] == "/"
    assert browser.cookie("rp_login") == cookie


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.spec("OpenID Connect Core §4")
async def test_target_link_uri_of_another_site_is_rejected(browser, provider, method):
    """`target_link_uri` can lead only to a page of this site."""
    parameters = {"iss": provider.url, "target_link_uri": "https://evil.example/"}
    if method == "GET":
        response = await browser.get(f"/login?{urlencode(parameters)}")
    else:
        response = await browser.client.post("/login", form=parameters)
    await refused(response, says="target_link_uri must be the URL of a page of this site")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("iss=http://evil.example", "does not name a provider of this application"),
        ("iss=a&iss=a", "Duplicate parameters: iss."),
        ("login_hint=%00", "control"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §4")
async def test_invalid_initiation_is_rejected(browser, query, says):
    await refused(await browser.get(f"/login?{query}"), says=says)


@pytest.mark.parametrize(
    ("options", "says", "status"),
    [
        ({"form": {"iss": "x", "login_hint": "y" * 9000}}, "too long", 400),
        ({"data": b"{}", "headers": {"Content-Type": "application/json"}}, "urlencoded", 400),
        ({"form": {"login_hint": "x" * 100_000}}, "too large", 413),
    ],
)
async def test_unreadable_initiation_form_is_rejected(browser, options, says, status):
    response = await browser.client.post("/login", **options)
    assert (response.status_code, says in await response.get_data(as_text=True)) == (status, True)
