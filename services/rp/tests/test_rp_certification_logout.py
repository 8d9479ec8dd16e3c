"""The conformance suite's plans RP-Initiated, Back-Channel and Front-Channel Logout RP and 3rd Party-Init RP: what
other tests do not cover (docs/certification-rp.md).

Each case has the name of the module in the suite. While a module waits for the response to its logout token, it does
not process requests: a request to it would block until then and make the module fail.
"""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from rp_suite import DISCOVERY
from rp_testing import BASE_URL, CLIENT_ID, refused


@pytest.fixture
def provider(suite):
    suite.sid = "session-1"
    suite.last = "end_session_endpoint"
    return suite


@pytest.fixture
def environment(environment, suite):
    return {**environment, "OIDC_ISSUER": suite.issuer}


@pytest.fixture
async def logout_request(browser, suite):
    """The parameters of the logout request after a sign-in."""
    await browser.sign_in()
    response = await browser.sign_out()
    address = urlsplit(response.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{suite.issuer}end_session_endpoint"
    return dict(parse_qsl(address.query))


def signed(suite, **changes):
    return suite.signer.untyped(suite.logout_claims(**changes), suite.key_id)


def wrong(**changes):
    return lambda suite: signed(suite, **changes)


def unsigned(suite):
    return suite.signer.unsigned(suite.logout_claims())


def signed_with_es256(suite):
    return suite.signer.sign(suite.logout_claims(), "ES256", kid="another")


@pytest.mark.parametrize(
    ("make", "status"),
    [
        pytest.param(signed, 200, id="oidcc-client-test-rp-backchannel-rpinitlogout"),
        pytest.param(unsigned, 400, id="oidcc-client-test-rp-backchannel-rpinitlogout-alg-none"),
        pytest.param(wrong(events=None), 400, id="oidcc-client-test-rp-backchannel-rpinitlogout-no-event"),
        pytest.param(wrong(nonce="a"), 400, id="oidcc-client-test-rp-backchannel-rpinitlogout-with-nonce"),
        pytest.param(signed_with_es256, 400, id="oidcc-client-test-rp-backchannel-rpinitlogout-wrong-alg"),
        pytest.param(wrong(aud="another"), 400, id="oidcc-client-test-rp-backchannel-rpinitlogout-wrong-aud"),
        pytest.param(wrong(events={"x": {}}), 400, id="oidcc-client-test-rp-backchannel-rpinitlogout-wrong-event"),
        pytest.param(wrong(iss="http://x"), 400, id="oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss"),
    ],
)
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.8")
async def test_logout_token_is_verified_without_further_requests(browser, suite, logout_request, make, status):
    """The session here has already ended; the logout response follows."""
    calls = list(suite.calls)
    form = {"logout_token": make(suite), "unknown": "to be ignored"}
    response = await browser.client.post("/backchannel-logout", form=form)
    assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store")
    assert suite.calls == calls
    back = await browser.get(f"/logout/callback?{urlencode({'state': logout_request['state']})}")
    assert back.headers["Location"] == "/?notice=signed-out"


async def test_oidcc_client_test_rp_init_logout(suite, logout_request):
    """The hint is the ID token of this module, and the post_logout_redirect_uri is registered."""
    assert logout_request.pop("state")
    assert logout_request.pop("id_token_hint").count(".") == 2
    assert logout_request == {"client_id": CLIENT_ID, "post_logout_redirect_uri": f"{BASE_URL}/logout/callback"}
    assert suite.calls == [DISCOVERY, "authorize", "token", "jwks", "userinfo"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("?state=random", "a short string", id="oidcc-client-test-rp-init-logout-other-state"),
        pytest.param("", "absent", id="oidcc-client-test-rp-init-logout-no-state"),
        pytest.param("?state=a&state=a", "a duplicate parameter", id="a duplicate state"),
    ],
)
@pytest.mark.usefixtures("logout_request")
@pytest.mark.spec("OpenID Connect RP-Initiated Logout §3")
async def test_logout_response_without_the_state_is_rejected(browser, query, found):
    page = await refused(await browser.get(f"/logout/callback{query}"), says="The check “state” of RP-Initiated Logout")
    assert found in page
    assert "you are signed out here" in page
    assert "Start a new sign-in" not in page
    assert "Signed in as" not in await browser.see("/")


async def test_oidcc_client_test_rp_frontchannel_rpinitlogout(browser, open_browser, suite):
    """`iss` is not encoded in the URL of the frame. The pages of the suite may frame it."""
    await browser.sign_in()
    frame = await (await open_browser()).get(f"/frontchannel-logout?iss={suite.issuer}&sid={suite.sid}")
    assert frame.status_code == 200
    assert frame.headers["Content-Security-Policy"].endswith(f"frame-ancestors {suite.url}")
    assert (await browser.get("/profile")).status_code == 303


async def test_oidcc_client_test_3rd_party_init_login(browser, suite):
    """`iss` is not encoded in the URL."""
    assert (await browser.sign_in(f"/login?iss={suite.issuer}")).status_code == 303
    assert "Demo T. User" in await browser.see("/profile")
