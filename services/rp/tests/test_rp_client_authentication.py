"""OpenID Connect Core §9: sign-in with every client authentication method."""

import pytest
from rp_client_keys import client_jwk, client_pem, client_public_key
from rp_testing import refused


@pytest.mark.parametrize(
    "way",
    [
        ("client_secret_basic", {}),
        ("client_secret_post", {}),
        ("client_secret_jwt", {}),
        ("private_key_jwt", {"CLIENT_SECRET": "", "CLIENT_KEY": client_pem("RS256")}),
        ("private_key_jwt", {"CLIENT_SECRET": "", "CLIENT_KEY": client_jwk("ES256", kid="mine")}),
        ("none", {"CLIENT_SECRET": "", "TOKEN_ENDPOINT_AUTH_METHOD": "none"}),
    ],
    ids=["basic", "post", "secret jwt", "RSA key", "EC key", "none"],
)
@pytest.mark.parametrize("by_setting", [True, False], ids=["by setting", "by discovery"])
@pytest.mark.spec("OpenID Connect Core §9", "RFC 7523 §3")
async def test_sign_in_works_with_every_method(environment, open_browser, provider, way, by_setting):
    """§9: code, refresh and revocation, at a provider that supports only this method."""
    method, variables = way
    provider.metadata = {"token_endpoint_auth_methods_supported": [method]}
    environment.update(variables)
    if by_setting:
        environment["TOKEN_ENDPOINT_AUTH_METHOD"] = method
    if method == "private_key_jwt":
        used = "ES256" if variables["CLIENT_KEY"].startswith("{") else "RS256"  # a JWK, or PEM
        provider.client_key = client_public_key(used)
    browser = await open_browser()
    assert (await browser.sign_in()).status_code == 303
    provider.expire()
    assert "user0@example.com" in await browser.see("/profile")
    response = await browser.sign_out()
    assert response.headers["Location"].startswith(f"{provider.url}/logout?")
    assert provider.revoked == [provider.refresh_token]
    audiences = [claims["aud"] for claims in provider.assertions.values()]
    token = f"{provider.url}/token"
    assert audiences == ([token, token, provider.url] if method.endswith("_jwt") else [])


@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_jwt"])
@pytest.mark.spec("OpenID Connect Core §9", "RFC 7523 §3, §3 (3)")
async def test_assertion_audience_may_be_the_issuer(environment, open_browser, provider, method):
    """RFC 7523 §3 (3): An assertion may have the issuer as its only audience, since some providers accept no other."""
    environment |= {"CLIENT_KEY": client_pem("RS256"), "TOKEN_ENDPOINT_AUTH_METHOD": method}
    environment["CLIENT_ASSERTION_AUDIENCE"] = "issuer"
    provider.client_key, provider.audience = client_public_key("RS256"), "issuer"
    provider.metadata = {"token_endpoint_auth_methods_supported": [method]}
    assert (await (await open_browser()).sign_in()).status_code == 303
    assert [claims["aud"] for claims in provider.assertions.values()] == [provider.url]


async def test_provider_without_a_common_method_is_an_error(browser, provider):
    provider.metadata = {"token_endpoint_auth_methods_supported": ["tls_client_auth"]}
    await refused(await browser.sign_in(), says="does not support any of client_secret_basic", status=502)
