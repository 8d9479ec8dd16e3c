"""The conformance suite's plans Basic RP and Form Post RP: what other tests do not cover (docs/certification-rp.md).

Each case has the name of the module in the suite. A module fails if it receives unexpected requests, or any request
after its end.
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
    """A complete sign-in with the response mode of the plan. Returns the response of the callback."""

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

    Our resource server does not accept the suite's access token, and there is no refresh token to obtain another.
    """
    resource_server.reply = {"status": 401, "headers": {"WWW-Authenticate": 'Bearer error="invalid_token"'}}
    location = urlsplit(await browser.start())
    request = dict(parse_qsl(location.query))
    assert re.fullmatch(r"[A-Za-z0-9_-]{22,43}", request.pop("nonce"))
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", request.pop("code_challenge"))
    assert request.pop("state")
    assert request == {
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
    assert "the provider does not say when" in page
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


def invalid_signature(suite):
    suite.breaks_signatures = True


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
        pytest.param("alg", unsigned, id="oidcc-client-test-idtoken-sig-none, not registered"),
        pytest.param("signature", invalid_signature, id="oidcc-client-test-invalid-sig-rs256"),
        pytest.param("nonce", wrong(nonce="another"), id="oidcc-client-test-nonce-invalid"),
    ],
)
async def test_no_request_follows_a_rejected_id_token(browser, suite, sign_in, check, change):
    change(suite)
    await refused(await sign_in(browser), says=f"The check “{check}”")
    assert (await browser.get("/profile")).status_code == 303
    assert suite.calls[:3] == [DISCOVERY, "authorize", "token"]
    assert suite.calls[3:] in ([], ["jwks"])


def one_key_without_kid(suite):
    suite.keys, suite.key_id = key_set(suite.signer, None, rsa=1), None


def keys_with_alg(suite):
    suite.keys = key_set(suite.signer, suite.key_id, alg=True)


def unusable_keys(suite):
    suite.keys += [
        {"kty": "AKP", "alg": "ML-DSA-9999", "kid": "unusable-1", "use": "sig", "pub": "AAAA"},
        {"kty": "made up", "alg": "made up", "kid": "unusable-2", "use": "sig"},
    ]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(one_key_without_kid, id="oidcc-client-test-kid-absent-single-jwks"),
        pytest.param(keys_with_alg, id="oidcc-client-test-idtoken-sig-rs256"),
        pytest.param(unusable_keys, id="oidcc-client-test-ignores-unparseable-key-in-jwks"),
    ],
)
async def test_single_matching_key_is_found(browser, suite, sign_in, change):
    change(suite)
    assert (await sign_in(browser)).status_code == 303
    assert "Demo T. User" in await browser.see("/profile")
    assert suite.late == []


async def test_oidcc_client_test_idtoken_sig_none(environment, open_browser, suite, sign_in):
    """If this client is registered for it; no keys are requested."""
    environment["ID_TOKEN_ALG"] = suite.algorithm = "none"
    browser = await open_browser()
    assert (await sign_in(browser)).status_code == 303
    assert "Demo T. User" in await browser.see("/profile")
    assert suite.calls == [DISCOVERY, "authorize", "token", "userinfo"]


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_keys_that_change_for_each_sign_in_are_fetched(browser, suite, sign_in):
    """Each module has other keys, with unknown ids or without any, and the sign-in succeeds."""
    for change in (one_key_without_kid, keys_with_alg, one_key_without_kid, one_key_without_kid):
        suite.next_module()
        change(suite)
        assert (await sign_in(browser)).status_code == 303
