"""Errors of /login and /callback, each with a page that names the failed check."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from rp_testing import refused


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"iss": "http://evil.example"}, "evil.example", id="iss of another issuer"),
        pytest.param({"iss": None}, "absent", id="iss missing although it is promised"),
        pytest.param({"state": "never-made"}, "was already completed", id="state unknown"),
        pytest.param({"code": "made-up"}, "invalid_grant", id="a code that is unknown to the provider"),
        pytest.param({"code": None, "error": "access_denied"}, "access_denied", id="the provider's error"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.7", "RFC 9207 §2.3, §3")
async def test_invalid_callback_is_rejected(browser, changes, says):
    await refused(await browser.sign_in(**changes), says=says)
    assert (await browser.get("/profile")).status_code == 303


@pytest.mark.parametrize("query", ["state=a&state=b", "state=%ff"])
@pytest.mark.spec("RFC 6749 §3.1")
async def test_unreadable_callback_is_rejected(browser, query):
    await refused(await browser.get(f"/callback?{query}"), says="cannot be read")


@pytest.mark.parametrize("query", ["return_to=/a&return_to=/b", "return_to=%ff"])
async def test_unreadable_login_is_rejected(browser, query):
    await refused(await browser.get(f"/login?{query}"), says="cannot be read")


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_provider_error_is_escaped(browser):
    error = {"code": None, "error": "<i>x</i>", "error_description": "<script>alert(1)</script>"}
    text = await refused(await browser.sign_in(**error), says="&lt;script&gt;alert(1)&lt;/script&gt;")
    assert "<script" not in text
    assert "<i>" not in text


async def test_error_without_a_sign_in_is_not_shown(browser):
    response = await browser.get("/callback?state=x&error=e&error_description=call+this+number")
    assert "call this number" not in await refused(response, says="was already completed")


@pytest.mark.parametrize(
    ("check", "claims"),
    [
        ("nonce", {"nonce": "another"}),
        ("aud", {"aud": "resource-server"}),
        ("iss", {"iss": "http://evil.example"}),
        ("exp", {"exp": 1_000_000_000}),
        ("at_hash", {"at_hash": "bm90IHRoZSByaWdodCBvbmU"}),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.3.7 (2), (11)")
async def test_id_token_with_a_wrong_claim_names_the_check(browser, provider, check, claims):
    """OpenID Connect Core §3.1.3.7 (2): `iss` is the discovered issuer, compared as an exact string.

    OpenID Connect Core §3.1.3.7 (11): `nonce` is the one that this sign-in sent.
    """
    provider.claims = claims
    await refused(await browser.sign_in(), says=f"The check “{check}”")
    assert (await browser.get("/profile")).status_code == 303


@pytest.mark.spec("OpenID Connect Core §3.1.3.7")
async def test_error_page_explains_the_failed_check(browser, provider):
    """The page for a rejected id_token shows the check, what was expected and found, why the check exists, and
    which checks had passed.
    """
    provider.claims = {"aud": ["demo-client", "another-client"]}
    page = await refused(await browser.sign_in(), says="The check “aud” of OIDC Core §3.1.3.7 (3)")
    assert "A token is issued for one application." in page
    assert "[&#34;demo-client&#34;, &#34;another-client&#34;]" in page
    before = page.partition("These checks passed before:")[2].partition("</p>")[0]
    assert re.findall(r"<code>(\w+)</code>", before) == ["alg", "typ", "crit", "key", "signature", "iss"]


async def test_page_does_not_repeat_a_malformed_id_token(browser, provider):
    provider.tokens = {"id_token": "x" * 20_000}
    text = await refused(await browser.sign_in(), says="The check “form”")
    assert "x" * 200 not in text


@pytest.mark.spec("OpenID Connect Core §3.1.3.7 (7)")
async def test_id_token_with_another_algorithm_is_rejected(browser, provider):
    """`alg` is the registered algorithm."""
    provider.algorithm = "HS256"
    await refused(await browser.sign_in(), says="The check “alg”")


@pytest.mark.spec("OpenID Connect Core §3.1.3.7 (6)")
async def test_id_token_with_another_key_is_rejected(browser, provider, signer):
    provider.signer = type(signer)()
    provider.signer.jwk = signer.jwk
    await refused(await browser.sign_in(), says="The check “signature”")


async def test_error_page_shows_no_secret(browser, provider):
    provider.claims = {"nonce": "another"}
    location = await browser.start()
    nonce = parse_qs(urlsplit(location).query)["nonce"][0]
    text = await refused(await browser.get(provider.authorize(location)), says=nonce[:6])
    for secret in (nonce, provider.access_token, provider.refresh_token, browser.cookie("rp_login")):
        assert secret not in text


@pytest.mark.parametrize(
    ("tokens", "check"),
    [
        ({"id_token": None}, "id_token"),
        ({"token_type": "DPoP"}, "token_type"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.3.3")
async def test_unusable_token_response_is_rejected(browser, provider, tokens, check):
    provider.tokens = tokens
    await refused(await browser.sign_in(), says=f"The check “{check}”", status=502)


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_unavailable_token_endpoint_is_a_503_page(browser, provider, status):
    provider.refusals["/token"] = {"status": status}
    response = await browser.sign_in()
    await refused(response, says="The provider does not respond", status=503)
    assert response.headers["Retry-After"] == "1"


@pytest.mark.spec("RFC 6749 §5.2")
async def test_wrong_client_secret_is_reported(environment, open_browser):
    environment["CLIENT_SECRET"] = "wrong"
    browser = await open_browser()
    text = await refused(await browser.sign_in(), says="invalid_client", status=502)
    assert "wrong" not in text


async def test_unavailable_provider_at_login_is_a_503_page(browser, provider):
    await provider.stop()
    response = await browser.get("/login")
    await refused(response, says="The provider does not respond", status=503)
    assert response.headers["Retry-After"] == "1"


@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_failing_provider_is_requested_once(browser, provider, monkeypatch):
    monkeypatch.setattr(
        "oidc_discovery.cached_document.FAILURE_AGE", 60.0
    )  # longer than this test takes on a busy machine
    provider.refusals["/.well-known/openid-configuration"] = {"status": 500}
    for _ in range(30):
        response = await browser.get("/login")
        await refused(response, says="The provider does not respond", status=503)
        assert response.headers["Retry-After"] == "1"
    assert len(provider.requests("/.well-known/openid-configuration")) == 1


@pytest.mark.spec("OpenID Connect Discovery §4.3")
async def test_discovery_document_of_another_issuer_is_rejected(browser, provider):
    """OpenID Connect Discovery §4.3."""
    provider.metadata = {"issuer": "http://evil.example"}
    await refused(await browser.get("/login"), says="issuer", status=502)


@pytest.mark.parametrize(
    "issuer", ["\ud800", ["\ud800"], "x" * 900_000, 7], ids=["half a character", "in a list", "900 kB", "a number"]
)
@pytest.mark.spec("OpenID Connect Discovery §4.3")
async def test_malformed_issuer_is_shortened_on_page_and_in_log(browser, provider, caplog, issuer):
    provider.metadata = {"issuer": issuer}
    assert len(await refused(await browser.get("/login"), says="issuer", status=502)) < 10_000
    reasons = [str(record.fields["reason"]) for record in caplog.records if "reason" in getattr(record, "fields", {})]
    assert len(max(reasons, key=len)) < 250


@pytest.mark.parametrize("endpoint", [None, 7, "/authorize", "ftp://op", "http://[op", "http://op:x/", "http://o\r\np"])
@pytest.mark.spec("OpenID Connect Discovery §4")
async def test_incomplete_discovery_document_is_rejected(browser, provider, endpoint):
    """A client is configured by the metadata. Metadata without a required member is not used."""
    provider.metadata = {"authorization_endpoint": endpoint}
    await refused(await browser.get("/login"), says="authorization_endpoint", status=502)
