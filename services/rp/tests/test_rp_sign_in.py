"""/login and /callback with a scripted provider, over real HTTP."""

import asyncio
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from rp_testing import refused


async def test_home_page_has_a_button_and_sets_no_cookie(browser):
    response = await browser.get("/")
    text = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert '<a class="button" href="/login">Start authorization</a>' in text
    assert "Set-Cookie" not in response.headers


@pytest.mark.spec("OpenID Connect Core §3.1.2.1", "RFC 6749 §4.1.1", "RFC 7636 §4.3")
async def test_login_sends_the_authorization_request(browser, provider):
    """OpenID Connect Core §3.1.2.1, RFC 7636 §4.3 (RFC 6749 §4.1.1)."""
    address = urlsplit(await browser.start())
    request = {name: value for name, [value] in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{provider.url}/authorize"
    assert {name: request[name] for name in ("response_type", "client_id", "redirect_uri", "scope")} == {
        "response_type": "code",
        "client_id": "demo-client",
        "redirect_uri": "http://localhost:25001/callback",
        "scope": "openid email profile",
    }
    assert request["code_challenge_method"] == "S256"
    assert [len(request[name]) for name in ("state", "nonce", "code_challenge")] == [43, 43, 43]
    assert len({request["state"], request["nonce"], request["code_challenge"], browser.cookie("rp_login")}) == 4


@pytest.mark.spec("OpenID Connect Core §3.1.3.1", "RFC 6749 §4.1.3", "RFC 7636 §4.5")
async def test_complete_sign_in(browser, provider):
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
async def test_sign_in_with_other_algorithms(environment, open_browser, provider, algorithm):
    """For HS256 the key is the octets of this client's secret."""
    environment["ID_TOKEN_ALG"] = provider.algorithm = algorithm
    browser = await open_browser()
    assert (await browser.sign_in()).status_code == 303
    assert bool(provider.requests("/jwks")) is (algorithm == "ES256")


@pytest.mark.spec("OpenID Connect Core §2, §3.1.3.7 (6)")
async def test_unsigned_id_token_is_accepted_if_registered(environment, open_browser, provider):
    """OpenID Connect Core §2."""
    environment["ID_TOKEN_ALG"] = provider.algorithm = "none"
    browser = await open_browser()
    assert (await browser.sign_in()).status_code == 303
    assert "none: registered as unsigned" in await browser.see("/profile")
    assert not provider.requests("/jwks")


@pytest.mark.parametrize("kid", ["rotated", None])
@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_new_key_is_fetched(browser, provider, signer, kid):
    """OpenID Connect Core §10.1.1: rotation between two sign-ins, with a new kid and without one."""
    await browser.sign_in()
    provider.rotate(kid)
    assert (await browser.sign_in()).status_code == 303
    assert len(provider.requests("/jwks")) == 2


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_key_rotation_does_not_affect_a_session(browser, provider):
    """OpenID Connect Core §10.1.1: the next sign-in is verified with the new key."""
    await browser.sign_in()
    provider.rotate("rotated")
    provider.expire()
    assert "user0@example.com" in await browser.see("/profile")
    assert (await browser.sign_in()).status_code == 303


@pytest.mark.spec("OpenID Connect Discovery §4.1")
async def test_issuer_with_a_trailing_slash_is_exact(environment, open_browser, provider):
    """OpenID Connect Discovery §4.1."""
    environment["OIDC_ISSUER"] = issuer = f"{provider.url}/"
    provider.metadata = {"issuer": issuer}
    provider.claims = {"iss": issuer}
    browser = await open_browser()
    assert (await browser.sign_in(iss=issuer)).status_code == 303
    await refused(await browser.sign_in(iss=provider.url), says="The check “iss”")


@pytest.mark.spec("OpenID Connect Core §3.1.3.1", "RFC 6749 §2.3.1")
async def test_client_secret_post_if_nothing_else_is_supported(browser, provider):
    """OpenID Connect Core §3.1.3.1: The relying party authenticates with a method that discovery offers."""
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await browser.sign_in()).status_code == 303


@pytest.mark.spec("RFC 6265bis §4.1.2.6, §4.1.2.7")
async def test_cookies_are_http_only_and_same_site(browser):
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
async def test_cookies_over_tls_are_secure_and_bound_to_the_host(environment, open_browser):
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
async def test_responses_over_tls_have_hsts(environment, open_browser, path, base_url, sent):
    """RFC 6797 §7.1, §7.2."""
    environment["RP_BASE_URL"] = base_url
    browser = await open_browser()
    assert (await browser.get(path)).headers.get("Strict-Transport-Security") == sent


async def test_two_tabs_can_sign_in_concurrently(browser):
    first = browser.provider.authorize(await browser.start("/login?return_to=/first"))
    second = browser.provider.authorize(await browser.start("/login?return_to=/second"))
    assert (await browser.get(second)).headers["Location"] == "/second"
    assert (await browser.get(first)).headers["Location"] == "/first"


@pytest.mark.parametrize(
    ("requested", "leads_to"),
    [
        ("/profile%23userinfo", "/profile#userinfo"),
        ("%2F%2Fevil.example", "/profile"),
    ],
)
@pytest.mark.spec("RFC 9700 §4.11.1")
async def test_return_path_stays_on_this_site(browser, requested, leads_to):
    response = await browser.sign_in(f"/login?return_to={requested}")
    assert response.headers["Location"] == leads_to


async def test_every_sign_in_has_a_new_session_id(browser, redis):
    """A cookie that an attacker has set, or of an earlier sign-in, is not used for the new session."""
    planted = "x" * 43
    browser.client.set_cookie("localhost", "rp_session", planted)
    await browser.sign_in()
    first = browser.cookie("rp_session")
    await browser.sign_in()
    second = browser.cookie("rp_session")
    assert len({planted, first, second}) == 3
    assert len(await redis.keys("rp:session:*")) == 1


@pytest.mark.spec("OpenID Connect Core §3.1.2.7")
async def test_replayed_callback_is_rejected(browser):
    """The relying party validates the response before it uses the code."""
    address = browser.provider.authorize(await browser.start())
    await browser.get(address)
    cookie = browser.cookie("rp_session")
    await refused(await browser.get(address), says="was already completed")
    assert browser.cookie("rp_session") == cookie
    assert "User <Zero>" in await browser.see("/profile")


@pytest.mark.spec("RFC 6749 §10.12")
async def test_callback_in_another_browser_is_rejected(browser, open_browser):
    """The sign-in can still be completed in its own browser."""
    address = browser.provider.authorize(await browser.start())
    other = await open_browser()
    await refused(await other.get(address), says="started in another browser")
    await other.start()
    await refused(await other.get(address), says="started in another browser")
    assert (await browser.get(address)).status_code == 303
    assert browser.provider.requests("/token")


@pytest.mark.spec("RFC 6749 §10.12")
async def test_callback_of_an_attacker_is_rejected(browser, open_browser):
    """Login CSRF: the response to the attacker's request, in the victim's browser."""
    attacker = await open_browser()
    address = attacker.provider.authorize(await attacker.start())
    await browser.start()
    await refused(await browser.get(address), says="started in another browser")
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
