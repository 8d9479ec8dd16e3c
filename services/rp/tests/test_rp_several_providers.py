"""Several providers, each with its own credentials and callback. None can sign in users of another."""

import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from rp_testing import ScriptedProvider, Signer, refused

from rp.app import create_app
from rp.settings import Settings
from servicekit.settings import SettingsError, read


@pytest.fixture
async def other():
    """A second provider, where this client has another identifier and secret."""
    server = ScriptedProvider(Signer())
    server.client_id, server.client_secret = "trefoil", "the secret at the other provider"
    await server.start()
    yield server
    await server.stop()


def listed(provider, **changes):
    entry = {
        "name": "other",
        "title": "The <Other>",
        "issuer": provider.url,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        **changes,
    }
    return {name: value for name, value in entry.items() if value is not None}


@pytest.fixture
def environment(environment, other):
    return {**environment, "RP_PROVIDERS": json.dumps([listed(other)])}


async def sign_in_at(browser, provider):
    address = provider.authorize(await browser.start(f"/login?iss={provider.url}"))
    return await browser.get(address)


@pytest.mark.spec("OpenID Connect Core §4")
async def test_home_page_offers_all_providers(browser, provider, other):
    """`iss` says where to sign in. Without it the user chooses a provider."""
    text = await browser.see("/")
    assert f'href="/login?iss=http%3A%2F%2F127.0.0.1%3A{urlsplit(other.url).port}">Sign in with The <Other></a>' in text
    assert f">Sign in with {provider.url}</a>" in text
    assert "<Other>" not in await (await browser.get("/")).get_data(as_text=True)


@pytest.mark.spec("OpenID Connect Core §4")
async def test_login_lets_the_user_choose_a_provider(browser, other):
    response = await browser.get("/login?return_to=/elsewhere&login_hint=a%26b")
    text = await response.get_data(as_text=True)
    assert (response.status_code, "Set-Cookie" in response.headers) == (200, False)
    assert "return_to=%2Felsewhere&amp;login_hint=a%26b" in text
    assert text.count('class="button full" href="/login?iss=') == 2


@pytest.mark.spec("RFC 9700 §4.4.2")
async def test_sign_in_works_with_each_provider(browser, provider, other):
    """Code, client credentials, keys and the rules for the id_token are those of the provider that the request
    was sent to.
    """
    for one in (provider, other):
        response = await sign_in_at(browser, one)
        assert (response.status_code, response.headers["Location"]) == (303, "/profile")
        page = await browser.see("/profile")
        assert f"issued and signed by {one.url}" in page
        assert "user0@example.com" in page
        assert len(one.requests("/token")) == len(one.requests("/userinfo")) == 1


@pytest.mark.spec("RFC 9700 §4.4.2")
async def test_each_provider_has_its_own_callback(browser, provider, other):
    """RFC 9700 §4.4.2."""
    for one, path in ((provider, "/callback"), (other, "/callback/other")):
        request = parse_qs(urlsplit(await browser.start(f"/login?iss={one.url}")).query)
        assert request["redirect_uri"] == [f"http://localhost:25001{path}"]
        assert request["client_id"] == [one.client_id]
    assert (await browser.get("/callback/unknown")).status_code == 404


@pytest.mark.parametrize("says_iss", [True, False])
@pytest.mark.spec("RFC 9700 §4.4.2")
async def test_response_at_another_callback_is_rejected(browser, provider, other, says_iss):
    """RFC 9700 §4.4.2: a mix-up attack; the code is not sent to either provider."""
    for one in (provider, other):
        one.metadata = {"authorization_response_iss_parameter_supported": says_iss}
    address = provider.authorize(
        await browser.start(f"/login?iss={provider.url}"), **({} if says_iss else {"iss": None})
    )
    await refused(await browser.get(address.replace("/callback?", "/callback/other?")), says="The check “issuer”")
    assert not provider.requests("/token")
    assert not other.requests("/token")


@pytest.mark.spec("OpenID Connect Core §3.1.3.7 (2), (6)", "RFC 9700 §4.4.2")
async def test_id_token_of_the_other_provider_is_rejected(browser, provider, other):
    """OpenID Connect Core §3.1.3.7 (2), (6)."""
    location = await browser.start(f"/login?iss={other.url}")
    other.tokens = {"id_token": provider.id_token(parse_qs(urlsplit(location).query)["nonce"][0])}
    await refused(await browser.get(other.authorize(location)), says="The check “")
    assert (await browser.get("/profile")).status_code == 303


async def test_unknown_issuer_is_rejected(browser):
    await refused(
        await browser.get("/login?iss=http://evil.example"), says="does not name a provider of this application"
    )


async def test_tokens_are_refreshed_and_revoked_at_their_provider(browser, provider, other):
    await sign_in_at(browser, other)
    other.expire()
    assert "user0@example.com" in await browser.see("/profile")
    response = await browser.sign_out()
    assert response.headers["Location"].startswith(f"{other.url}/logout?")
    assert "client_id=trefoil" in response.headers["Location"]
    assert len(other.requests("/revoke")) == 1
    assert not provider.requests("/token")
    assert not provider.requests("/revoke")


@pytest.mark.spec("RFC 6750 §5.2")
async def test_token_is_not_sent_to_another_resource_server(browser, other, resource_server):
    """An access token is sent only to the resource server of its own provider."""
    await sign_in_at(browser, other)
    assert "The resource server accepts only access tokens of" in await browser.see("/profile")
    assert not resource_server.requests("/api/me")


@pytest.mark.spec("OpenID Connect Core §2", "OpenID Connect Back-Channel Logout §2.7")
async def test_logout_ends_only_sessions_of_its_provider(open_browser, provider, other):
    """Back-Channel Logout §2.7: the same sid and sub at another provider are not the same session and user.

    OpenID Connect Core §2.
    """
    browsers = [await open_browser() for _ in range(2)]
    for browser, one in zip(browsers, (provider, other), strict=True):
        one.claims = {"sid": "session-1"}
        await sign_in_at(browser, one)
    now = int(time.time())
    claims = {
        "iss": other.url,
        "aud": other.client_id,
        "iat": now,
        "exp": now + 60,
        "jti": "one",
        "sid": "session-1",
        "sub": "user0",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    forged = provider.signer.sign(claims, typ="logout+jwt")
    post = browsers[0].client.post
    assert (await post("/backchannel-logout", form={"logout_token": forged})).status_code == 400
    token = other.signer.sign(claims, typ="logout+jwt")
    assert (await post("/backchannel-logout", form={"logout_token": token})).status_code == 200
    assert [(await browser.get("/profile")).status_code for browser in browsers] == [200, 303]
    assert (await browsers[0].get(f"/frontchannel-logout?iss={other.url}&sid=session-1")).status_code == 200
    assert (await browsers[0].get("/profile")).status_code == 200


async def test_unavailable_provider_does_not_affect_the_other(browser, provider, other):
    await provider.stop()
    assert (await sign_in_at(browser, other)).status_code == 303
    assert (await browser.get("/readyz")).status_code == 200
    await other.stop()
    await refused(await browser.get(f"/login?iss={provider.url}"), says="does not respond", status=503)


async def test_providers_can_have_different_response_modes(environment, open_browser, provider, other):
    environment["RP_PROVIDERS"] = json.dumps([listed(other, response_mode="form_post")])
    browser = await open_browser()
    address = other.authorize(await browser.start(f"/login?iss={other.url}"))
    path, _, query = address.partition("?")
    response = await browser.client.post(path, form={n: v[0] for n, v in parse_qs(query).items()})
    assert response.headers["Location"].startswith("/callback/other?posted=")
    assert (await browser.get(response.headers["Location"])).headers["Location"] == "/profile"
    assert (await browser.client.post("/callback", form={})).status_code == 405


async def test_session_of_a_removed_provider_is_ignored(browser, environment, other):
    await sign_in_at(browser, other)
    del environment["RP_PROVIDERS"]
    async with create_app(read(Settings, environment)).test_app() as later:
        client = later.test_client()
        client.set_cookie("localhost", "rp_session", browser.cookie("rp_session"))
        assert (await client.get("/profile")).status_code == 303
        assert "Start authorization" in await (await client.get("/")).get_data(as_text=True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"name": None}, "provider 1: name: is required", id="no name"),
        pytest.param({"name": "A/b"}, "provider 1: name: must be", id="a name with other characters"),
        pytest.param({"issuer": None}, "provider 1: issuer: is required", id="no issuer"),
        pytest.param({"issuer": "op"}, "provider 1: issuer: must be", id="not a URL"),
        pytest.param({"client_id": 7}, "provider 1: client_id: must be a string", id="a number"),
        pytest.param({"client_secret": None}, "provider 1: client_secret: is required", id="no credentials"),
        pytest.param({"client_secret_file": "x"}, "not both", id="a secret and a file"),
        pytest.param({"id_token_alg": "HS512"}, "provider 1: id_token_alg: must be", id="an unknown algorithm"),
        pytest.param({"scope": "email"}, "provider 1: scope: must contain openid", id="a scope without openid"),
        pytest.param({"secret": "s"}, "provider 1: secret: unknown name", id="an unknown member"),
        pytest.param(
            {"issuer": "http://127.0.0.1:1"}, "more than one provider is http://127.0.0.1:1", id="a duplicate issuer"
        ),
    ],
)
def test_invalid_provider_list_is_rejected(environment, other, changes, says):
    environment["OIDC_ISSUER"] = "http://127.0.0.1:1"
    environment["RP_PROVIDERS"] = json.dumps([listed(other, **changes)])
    with pytest.raises(SettingsError) as error:
        read(Settings, environment)
    [fault] = error.value.faults
    assert fault.startswith("RP_PROVIDERS: ")
    assert says in fault
    assert other.client_secret not in fault


@pytest.mark.parametrize("text", ["x", "{}", "[7]", "[" * 10_000, '"the-secret"'])
def test_provider_list_must_be_a_json_list(environment, text):
    with pytest.raises(SettingsError, match=r"^RP_PROVIDERS: must be a JSON list of objects$"):
        read(Settings, {**environment, "RP_PROVIDERS": text})


def test_secrets_of_providers_can_come_from_files(environment, other, tmp_path):
    secret, providers = tmp_path / "secret", tmp_path / "providers.json"
    secret.write_text("from-a-file\n")
    entry = listed(other, client_secret=None, client_secret_file=str(secret))
    providers.write_text(json.dumps([entry]))
    settings = read(Settings, {**environment, "RP_PROVIDERS": "", "RP_PROVIDERS_FILE": str(providers)})
    assert settings.registrations[1].client.client_secret == "from-a-file"
    assert "from-a-file" not in repr(settings)
