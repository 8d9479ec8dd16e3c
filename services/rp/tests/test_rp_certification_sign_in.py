"""The conformance suite's plans Basic RP and Form Post RP: what no other test has (docs/certification-rp.md).

A case is called as the suite calls its module. A module fails when it is called otherwise than it expects, and when it
is called again after its end.
"""

import re
from base64 import b64decode
from urllib.parse import parse_qsl, urlsplit

import pytest
from rp_suite import DISCOVERY, key_set
from rp_testing import BASE_URL, CLIENT_ID, refused


@pytest.fixture
def provider(suite):
    return suite


@pytest.fixture(params=["query", "form_post"], ids=["Basic RP", "Form Post RP"])
def environment(request, environment, suite):
    return {**environment, "OIDC_ISSUER": suite.issuer, "RP_RESPONSE_MODE": request.param}


@pytest.fixture
def sign_in(open_browser, environment, suite):
    """A whole sign-in by the mode of the plan; the response of the callback."""

    async def run(browser, path="/login"):
        address = suite.authorize(await browser.start(path))
        if environment["RP_RESPONSE_MODE"] == "form_post":
            page, _, fields = address.partition("?")
            posted = await (await open_browser()).client.post(page, form=dict(parse_qsl(fields)))
            address = posted.headers["Location"]
        return await browser.get(address)

    return run


async def test_oidcc_client_test(browser, suite, sign_in, environment, resource_server):
    """Also oidcc-client-test-scope-userinfo-claims and oidcc-client-test-client-secret-basic.

    No resource server of ours takes the suite's access token, and for want of a refresh token none is asked for.
    """
    resource_server.reply = {"status": 401, "headers": {"WWW-Authenticate": 'Bearer error="invalid_token"'}}
    location = urlsplit(await browser.start())
    asked = dict(parse_qsl(location.query))
    assert re.fullmatch(r"[A-Za-z0-9_-]{22,43}", asked.pop("nonce"))
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", asked.pop("code_challenge"))
    assert asked.pop("state")
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{BASE_URL}/callback",
        "scope": "openid email profile",
        "code_challenge_method": "S256",
        **({"response_mode": "form_post"} if environment["RP_RESPONSE_MODE"] == "form_post" else {}),
    }
    suite.next_module()
    assert (await sign_in(browser)).headers["Location"] == "/profile"
    page = await browser.see("/profile")
    assert "Demo T. User" in page
    assert "the provider did not say" in page
    assert suite.calls == ["authorize", "token", "jwks", "userinfo"]
    [(form, headers)] = suite.requests("/test/a/trefoil/token")
    assert form.keys() == {"grant_type", "code", "redirect_uri", "code_verifier"}
    assert b64decode(headers["Authorization"].removeprefix("Basic ")).startswith(b"demo-client:")
    [(form, headers)] = suite.requests("/test/a/trefoil/userinfo")
    assert (form, headers["Authorization"]) == ({}, f"Bearer {suite.access_token}")


def wrong(**claims):
    def change(suite):
        suite.claims = {name: value and value.format(suite.issuer) for name, value in claims.items()}

    return change


def unsigned(suite):
    suite.algorithm = "none"


def spoilt(suite):
    suite.spoilt = True


def three_keys_without_kid(suite):
    suite.keys, suite.key_id = key_set(suite.signer, None, rsa=3), None


@pytest.mark.parametrize(
    ("check", "change"),
    [
        pytest.param("iss", wrong(iss="{}1"), id="oidcc-client-test-invalid-iss"),
        pytest.param("sub", wrong(sub=None), id="oidcc-client-test-missing-sub"),
        pytest.param("aud", wrong(aud="demo-client1"), id="oidcc-client-test-invalid-aud"),
        pytest.param("iat", wrong(iat=None), id="oidcc-client-test-missing-iat"),
        pytest.param("key", three_keys_without_kid, id="oidcc-client-test-kid-absent-multiple-jwks"),
        pytest.param("alg", unsigned, id="oidcc-client-test-idtoken-sig-none, not registered so"),
        pytest.param("signature", spoilt, id="oidcc-client-test-invalid-sig-rs256"),
        pytest.param("nonce", wrong(nonce="another"), id="oidcc-client-test-nonce-invalid"),
    ],
)
async def test_after_an_id_token_that_is_refused_the_provider_hears_no_more(browser, suite, sign_in, check, change):
    change(suite)
    await refused(await sign_in(browser), says=f"The check “{check}”")
    assert (await browser.get("/profile")).status_code == 303
    assert suite.calls[:3] == [DISCOVERY, "authorize", "token"]
    assert suite.calls[3:] in ([], ["jwks"])


def one_key_without_kid(suite):
    suite.keys, suite.key_id = key_set(suite.signer, None, rsa=1), None


def keys_that_say_their_algorithm(suite):
    suite.keys = key_set(suite.signer, suite.key_id, alg=True)


def keys_that_nobody_can_use(suite):
    suite.keys += [
        {"kty": "AKP", "alg": "ML-DSA-9999", "kid": "unusable-1", "use": "sig", "pub": "AAAA"},
        {"kty": "made up", "alg": "made up", "kid": "unusable-2", "use": "sig"},
    ]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(one_key_without_kid, id="oidcc-client-test-kid-absent-single-jwks"),
        pytest.param(keys_that_say_their_algorithm, id="oidcc-client-test-idtoken-sig-rs256"),
        pytest.param(keys_that_nobody_can_use, id="oidcc-client-test-ignores-unparseable-key-in-jwks"),
    ],
)
async def test_the_one_key_that_fits_is_found(browser, suite, sign_in, change):
    change(suite)
    assert (await sign_in(browser)).status_code == 303
    assert "Demo T. User" in await browser.see("/profile")
    assert suite.late == []


async def test_oidcc_client_test_idtoken_sig_none(environment, open_browser, suite, sign_in):
    """Where this client is registered so; no key is asked for."""
    environment["ID_TOKEN_ALG"] = suite.algorithm = "none"
    browser = await open_browser()
    assert (await sign_in(browser)).status_code == 303
    assert "Demo T. User" in await browser.see("/profile")
    assert suite.calls == [DISCOVERY, "authorize", "token", "userinfo"]


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_one_module_after_the_other_without_a_pause(browser, suite, sign_in):
    """Each module has other keys, with unknown ids or without any, and the sign-in succeeds."""
    for change in (one_key_without_kid, keys_that_say_their_algorithm, one_key_without_kid, one_key_without_kid):
        suite.next_module()
        change(suite)
        assert (await sign_in(browser)).status_code == 303
