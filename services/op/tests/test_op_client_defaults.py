"""Defaults that a client registers for its requests (OpenID Connect Dynamic Client Registration 1.0 §2)."""

from typing import Any

import pytest
from jose import jwt
from op_testing import ISSUER, REDIRECT_URI, SECRET, ProviderFactory, RunningProvider, assert_refused
from test_op_register import register, registered

from op.protocol.authorization.authentication_context import ACR
from op.protocol.clients.metadata import client_of

CLIENT = {"client_id": "app", "client_secret": SECRET, "redirect_uris": [REDIRECT_URI], "first_party": True}


async def claims_of(op: RunningProvider, **changes: Any) -> dict[str, Any]:
    code = await op.code(client_id="app", **changes)
    tokens = await (await op.redeem(code, client_id="app", client_secret=SECRET)).get_json()
    return jwt.get_unverified_claims(tokens["id_token"])


@pytest.mark.parametrize(
    ("max_age", "login_is_required"),
    [pytest.param(None, True, id="the default"), pytest.param("3600", False, id="the request has precedence")],
)
@pytest.mark.spec("OpenID Connect Core §4", "OpenID Connect Dynamic Client Registration §2")
async def test_default_max_age_is_applied(
    provider: RunningProvider, max_age: str | None, login_is_required: bool
) -> None:
    """default_max_age and default_acr_values apply to requests that do not have max_age or acr_values, auth_time
    is always present, and initiate_login_uri is stored: https, or http on the same host.
    """
    await provider.op.clients.save(client_of(CLIENT | {"default_max_age": 60}))
    await provider.login()
    provider.clock.pass_seconds(61)
    response = await provider.authorize(client_id="app", max_age=max_age)
    assert response.location.startswith(f"{ISSUER}/login?") is login_is_required


@pytest.mark.spec("OpenID Connect Core §4", "OpenID Connect Dynamic Client Registration §2")
async def test_default_acr_values_are_applied(provider: RunningProvider) -> None:
    await provider.op.clients.save(client_of(CLIENT | {"default_acr_values": ["urn:x", ACR]}))
    assert (await claims_of(provider))["acr"] == ACR
    await provider.op.clients.save(client_of(CLIENT))
    assert "acr" not in await claims_of(provider)


@pytest.mark.spec("OpenID Connect Core §4", "OpenID Connect Dynamic Client Registration §2")
async def test_id_token_always_has_auth_time(provider: RunningProvider) -> None:
    await provider.op.clients.save(client_of(CLIENT | {"require_auth_time": True}))
    assert (await claims_of(provider))["auth_time"] == int(provider.clock())


@pytest.mark.spec("OpenID Connect Core §4", "OpenID Connect Dynamic Client Registration §2")
async def test_registration_response_has_the_defaults(provider_with: ProviderFactory) -> None:
    op = await provider_with(registration="open")
    said = {
        "default_max_age": 0,
        "require_auth_time": True,
        "default_acr_values": [ACR],
        "initiate_login_uri": "https://client.test/login",
    }
    assert said.items() <= (await registered(op, **said)).items()


@pytest.mark.parametrize(
    "changes",
    [
        {"default_max_age": -1},
        {"initiate_login_uri": "http://client.test/login"},
    ],
    ids=str,
)
@pytest.mark.spec("OpenID Connect Core §4", "OpenID Connect Dynamic Client Registration §2")
async def test_invalid_defaults_are_rejected(provider_with: ProviderFactory, changes: dict[str, Any]) -> None:
    op = await provider_with(registration="open")
    await assert_refused(await register(op, **changes), "invalid_client_metadata")
