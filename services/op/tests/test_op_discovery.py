"""The discovery documents name exactly what is supported (Discovery 1.0 §3, RFC 8414 §2)."""

from typing import Any

import pytest
from op_testing import ISSUER, SECRET, RunningProvider, basic

PLAIN = {"client_id": "plain", "client_secret": SECRET}


async def document(provider: RunningProvider, path: str = "/.well-known/openid-configuration") -> dict[str, object]:
    response = await provider.client.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = await response.get_json()
    return body


@pytest.mark.spec("RFC 8414 §3")
async def test_both_urls_have_the_same_document(provider: RunningProvider) -> None:
    """The same document, byte for byte, is served at oauth-authorization-server."""
    assert await document(provider) == await document(provider, "/.well-known/oauth-authorization-server")


@pytest.mark.spec("OpenID Connect Discovery §3")
async def test_issuer_is_exact(provider: RunningProvider) -> None:
    assert (await document(provider))["issuer"] == ISSUER


@pytest.mark.spec("OpenID Connect Discovery §3")
async def test_required_metadata_is_present(provider: RunningProvider) -> None:
    """The metadata has all required members, and every endpoint in it exists."""
    required = {
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    }
    assert required <= (await document(provider)).keys()


@pytest.mark.spec("OpenID Connect Discovery §3", "OpenID Connect RP-Initiated Logout §2.1", "RFC 8414 §2")
async def test_every_endpoint_exists(provider: RunningProvider) -> None:
    """OpenID Connect RP-Initiated Logout §2.1: Discovery names the endpoint.

    No endpoint returns 404 or 405 to its own method.
    """
    metadata = await document(provider)
    urls = {k: str(v) for k, v in metadata.items() if k.endswith("_endpoint") or k == "jwks_uri"}
    assert len(urls) == 9
    for name, url in urls.items():
        get = await provider.client.get(url.removeprefix(ISSUER))
        post = await provider.client.post(url.removeprefix(ISSUER), form={"token": "x"}, headers=basic("web", SECRET))
        assert {get.status_code, post.status_code} - {404, 405}, name


@pytest.mark.spec("RFC 8414 §2")
async def test_every_advertised_scope_works(provider: RunningProvider) -> None:
    """The metadata lists what works, and nothing else."""
    await provider.register("plain")
    scopes = (await document(provider))["scopes_supported"]
    assert scopes == ["openid", "email", "profile", "address", "phone", "offline_access"]
    response = await provider.redeem(await provider.code(client_id="plain", scope=" ".join(scopes)), **PLAIN)
    assert (await response.get_json())["scope"] == " ".join(scopes)


@pytest.mark.spec("OpenID Connect Discovery §3", "RFC 9126 §5")
async def test_requirements_are_advertised(provider: RunningProvider) -> None:
    """The metadata says whether a request_uri must be registered, and whether requests must be pushed."""
    metadata = await document(provider)
    assert metadata["request_uri_parameter_supported"] is True
    assert metadata["require_request_uri_registration"] is True
    assert metadata["require_pushed_authorization_requests"] is False


@pytest.mark.spec("RFC 9207 §3")
async def test_iss_in_the_authorization_response_is_advertised(provider: RunningProvider) -> None:
    """Discovery says that responses have `iss`; test_op_authorize.py shows that they do."""
    assert (await document(provider))["authorization_response_iss_parameter_supported"] is True
