"""/login and /callback against a provider that a test scripts, over real HTTP."""

import asyncio
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from rp_testing import refused


async def test_the_home_page_has_the_button_and_needs_no_cookie(browser):
    response = await browser.get("/")
    text = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert '<a class="button" href="/login">Start authorization</a>' in text
    assert "Set-Cookie" not in response.headers


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
@pytest.mark.spec("RFC 6749 §4.1.1")
@pytest.mark.spec("RFC 7636 §4.3")
async def test_login_asks_the_provider_as_the_spec_says(browser, provider):
    """RFC 6749 §4.1.1: The request for a code has response_type, client_id, redirect_uri, scope and state."""
    address = urlsplit(await browser.start())
    asked = {name: value for name, [value] in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{provider.url}/authorize"
    assert {name: asked[name] for name in ("response_type", "client_id", "redirect_uri", "scope")} == {
        "response_type": "code",
        "client_id": "demo-client",
        "redirect_uri": "http://localhost:25001/callback",
        "scope": "openid email profile",
    }
    assert asked["code_challenge_method"] == "S256"
    assert [len(asked[name]) for name in ("state", "nonce", "code_challenge")] == [43, 43, 43]
    assert len({asked["state"], asked["nonce"], asked["code_challenge"], browser.cookie("rp_login")}) == 4


@pytest.mark.spec("OpenID Connect Core §3.1.3.1")
@pytest.mark.spec("RFC 6749 §4.1.3")
@pytest.mark.spec("RFC 7636 §4.5")
async def test_the_whole_sign_in(browser, provider):
    response = await browser.sign_in()
    assert (response.status_code, response.headers["Location"]) == (303, "/profile")
    page = await browser.see("/profile")
    for part in ("user0", "User <Zero>", "user0@example.com", "plan", "granted"):
        assert part in page
    assert "Signed in as" in await browser.see("/")
    [(form, _)] = provider.requests("/token")
    assert (form["grant_type"], form["redirect_uri"]) == ("authorization_code", "http://localhost:25001/callback")


@pytest.mark.parametrize("algorithm", ["ES256", "HS256"])
@pytest.mark.spec("OpenID Connect Core §3.1.3.7 (8)")
async def test_the_other_algorithms(environment, open_browser, provider, algorithm):
    """For HS256 the key is the octets of this client's secret."""
    environment["ID_TOKEN_ALG"] = provider.algorithm = algorithm
    browser = await open_browser()
    assert (await browser.sign_in()).status_code == 303
    assert bool(provider.requests("/jwks")) is (algorithm == "ES256")


@pytest.mark.spec("OpenID Connect Core §2, §3.1.3.7 (6)")
async def test_unsigned_id_tokens_where_the_client_is_registered_so(environment, open_browser, provider):
    environment["ID_TOKEN_ALG"] = provider.algorithm = "none"
    browser = await open_browser()
    assert (await browser.sign_in()).status_code == 303
    assert "none: registered as unsigned" in await browser.see("/profile")
    assert not provider.requests("/jwks")


@pytest.mark.parametrize("kid", ["rotated", None])
@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_a_key_that_came_after_the_set_was_fetched(browser, provider, signer, kid):
    """The relying party follows every rotation, with a new `kid` and without one, between two sign-ins and during a
    session.

    Keys rotate between two sign-ins, with a new `kid` and without one.
    """
    await browser.sign_in()
    provider.rotate(kid)
    assert (await browser.sign_in()).status_code == 303
    assert len(provider.requests("/jwks")) == 2


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_a_key_that_changes_during_a_session_leaves_it_alone(browser, provider):
    """A session that was verified continues; the next sign-in is verified with the new key."""
    await browser.sign_in()
    provider.rotate("rotated")
    provider.expire()
    assert "user0@example.com" in await browser.see("/profile")
    assert (await browser.sign_in()).status_code == 303


@pytest.mark.spec("OpenID Connect Discovery §4.1")
async def test_an_issuer_that_ends_with_a_slash(environment, open_browser, provider):
    """The metadata of an issuer that ends with a slash is fetched without the slash, and compared with it."""
    environment["OIDC_ISSUER"] = issuer = f"{provider.url}/"
    provider.metadata = {"issuer": issuer}
    provider.claims = {"iss": issuer}
    browser = await open_browser()
    assert (await browser.sign_in(iss=issuer)).status_code == 303
    await refused(await browser.sign_in(iss=provider.url), says="The check “iss”")


@pytest.mark.spec("OpenID Connect Core §3.1.3.1")
@pytest.mark.spec("RFC 6749 §2.3.1")
async def test_client_secret_post_where_the_provider_knows_nothing_else(browser, provider):
    """OpenID Connect Core §3.1.3.1: The relying party authenticates with a method that discovery offers."""
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await browser.sign_in()).status_code == 303


@pytest.mark.spec("RFC 6265bis §4.1.2.6, §4.1.2.7")
async def test_cookies_are_out_of_scripts_reach(browser):
    """No script can read a cookie, and no form of another site sends one."""
    login = (await browser.get("/login")).headers["Set-Cookie"]
    session = (await browser.sign_in()).headers["Set-Cookie"]
    for header, name, age in ((login, "rp_login", 600), (session, "rp_session", 28800)):
        assert re.fullmatch(rf"{name}=[\w-]{{43}}; .*HttpOnly.*", header)
        assert f"Max-Age={age};" in header
        assert "SameSite=Lax" in header
        assert "Path=/" in header
        assert "Secure" not in header


@pytest.mark.spec("RFC 6265bis §4.1.3.2")
async def test_over_tls_cookies_are_secure_and_bound_to_the_host(environment, open_browser):
    """Over TLS the relying party's cookies are Secure and bound to the host by their name."""
    environment["RP_BASE_URL"] = "https://rp.example"
    browser = await open_browser()
    for header in [
        (await browser.get("/login")).headers["Set-Cookie"],
        (await browser.sign_in()).headers["Set-Cookie"],
    ]:
        assert header.startswith("__Host-rp_")
        assert "Secure" in header
        assert "Domain" not in header


@pytest.mark.parametrize(
    ("base_url", "sent"), [("https://rp.example", "max-age=31536000"), ("http://localhost:25001", None)]
)
@pytest.mark.parametrize("path", ["/", "/login", "/healthz", "/frontchannel-logout"])
@pytest.mark.spec("RFC 6797 §7.1, §7.2")
async def test_over_tls_no_answer_lets_a_browser_come_back_without(environment, open_browser, path, base_url, sent):
    """If the public URL of a service is https, every response tells browsers to use TLS for this host for a year."""
    environment["RP_BASE_URL"] = base_url
    browser = await open_browser()
    assert (await browser.get(path)).headers.get("Strict-Transport-Security") == sent


async def test_two_tabs_sign_in_side_by_side(browser):
    first = browser.provider.authorize(await browser.start("/login?return_to=/first"))
    second = browser.provider.authorize(await browser.start("/login?return_to=/second"))
    assert (await browser.get(second)).headers["Location"] == "/second"
    assert (await browser.get(first)).headers["Location"] == "/first"


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/profile%23userinfo", "/profile#userinfo"),
        ("%2F%2Fevil.example", "/profile"),
    ],
)
@pytest.mark.spec("RFC 9700 §4.11.1")
async def test_the_return_path_stays_on_this_site(browser, asked, leads_to):
    response = await browser.sign_in(f"/login?return_to={asked}")
    assert response.headers["Location"] == leads_to


async def test_a_fresh_session_id_at_every_sign_in(browser, redis):
    """A cookie that an attacker planted, or that an earlier sign-in left, never becomes the new session's."""
    planted = "x" * 43
    browser.client.set_cookie("localhost", "rp_session", planted)
    await browser.sign_in()
    first = browser.cookie("rp_session")
    await browser.sign_in()
    second = browser.cookie("rp_session")
    assert len({planted, first, second}) == 3
    assert len(await redis.keys("rp:session:*")) == 1


@pytest.mark.spec("OpenID Connect Core §3.1.2.7")
async def test_a_replayed_callback_is_refused_and_the_session_stays(browser):
    """The relying party validates the response before it uses the code."""
    address = browser.provider.authorize(await browser.start())
    await browser.get(address)
    cookie = browser.cookie("rp_session")
    await refused(await browser.get(address), says="finished already")
    assert browser.cookie("rp_session") == cookie
    assert "User <Zero>" in await browser.see("/profile")


@pytest.mark.spec("RFC 6749 §10.12")
async def test_a_callback_without_cookie_and_from_another_browser(browser, open_browser):
    """A rejected callback does not use the sign-in up: its own browser can still finish it."""
    address = browser.provider.authorize(await browser.start())
    stranger = await open_browser()
    await refused(await stranger.get(address), says="Another browser")
    await stranger.start()
    await refused(await stranger.get(address), says="Another browser")
    assert (await browser.get(address)).status_code == 303
    assert browser.provider.requests("/token")


@pytest.mark.spec("RFC 6749 §10.12")
async def test_a_callback_with_another_browsers_state(browser, open_browser):
    """The authorization response belongs to a request of the same browser: state and login cookie must match.

    An attacker's response with the attacker's state is opened in the victim's browser (login CSRF).
    """
    attacker = await open_browser()
    address = attacker.provider.authorize(await attacker.start())
    await browser.start()
    await refused(await browser.get(address), says="Another browser")
    assert not browser.provider.requests("/token")


async def test_parallel_callbacks_redeem_the_code_once(browser):
    address = browser.provider.authorize(await browser.start())
    responses = await asyncio.gather(*(browser.get(address) for _ in range(10)))
    assert sorted(response.status_code for response in responses) == [303] + [400] * 9
    assert len(browser.provider.requests("/token")) == 1


async def test_neither_codes_nor_tokens_are_logged(browser, provider, caplog):
    caplog.set_level("DEBUG", logger="rp")
    location = await browser.start()
    await browser.get(provider.authorize(location))
    await browser.see("/profile")
    await browser.sign_out()
    logged = "".join(f"{record.getMessage()} {getattr(record, 'fields', '')}" for record in caplog.records)
    assert "signed in" in logged
    for secret in (
        *parse_qs(urlsplit(location).query)["nonce"],
        provider.access_token,
        provider.refresh_token,
        "code-1",
    ):
        assert secret not in logged
