"""The conformance suite's plan Config RP: what other tests do not cover (docs/certification-rp.md).

Each test has the name of the module in the suite.
"""

import pytest
from rp_suite import DISCOVERY
from rp_testing import Signer, refused


@pytest.fixture
def provider(suite):
    return suite


@pytest.fixture
def environment(environment, suite):
    return {**environment, "OIDC_ISSUER": suite.issuer}


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_oidcc_client_test_signing_key_rotation(browser, suite):
    """The keys of the provider differ between two sign-ins in a row, after a module with other keys."""
    suite.last = "never"
    await browser.sign_in()
    for _ in range(2):
        suite.use(Signer())
        assert (await browser.sign_in()).status_code == 303
    assert suite.calls.count("jwks") == 3


async def test_oidcc_client_test_signing_key_rotation_just_before_signing(browser, suite):
    await browser.sign_in()
    location = await browser.start()
    suite.use(Signer())
    assert (await browser.get(suite.authorize(location))).status_code == 303


async def test_oidcc_client_test_discovery_openid_config(browser, suite):
    """The module ends with the discovery document, which /readyz fetches without any other request."""
    suite.last = DISCOVERY
    assert (await browser.get("/readyz")).status_code == 200
    assert (suite.calls, suite.late) == ([DISCOVERY], [])


@pytest.fixture
def fresh(environment):
    """Documents are not cached."""
    environment["DISCOVERY_CACHE_TTL"] = "0"


@pytest.mark.usefixtures("fresh")
async def test_oidcc_client_test_discovery_jwks_uri_keys(browser, suite):
    """Each module has another `jwks_uri` and ends with it. The home page does not request UserInfo."""
    for number in range(2):
        suite.next_module()
        suite.jwks_path = suite.last = f"jwks{number}"
        assert (await browser.sign_in("/login?return_to=/")).headers["Location"] == "/"
        assert "Signed in as" in await browser.see("/")
        assert (suite.calls[0], suite.late) == (DISCOVERY, [])


@pytest.mark.usefixtures("fresh")
@pytest.mark.spec("OpenID Connect Discovery §4.3")
async def test_oidcc_client_test_discovery_issuer_mismatch(browser, suite):
    """Even if the document was correct before."""
    await browser.sign_in()
    suite.next_module()
    suite.metadata = {"issuer": f"{suite.issuer}1"}
    await refused(await browser.get("/login"), says="issuer", status=502)
    assert suite.calls == [DISCOVERY]
