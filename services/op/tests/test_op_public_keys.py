"""The public keys of clients, which are untrusted (RFC 7517 §4, RFC 7518 §6)."""

from typing import Any

import pytest
from aiohttp import web
from client_keys_testing import private_pem, public_jwk
from op_testing import REDIRECT_URI, ProviderFactory, Site, assert_refused, query_of
from test_op_client_assertion import claims_of, introspect, signed
from test_op_register import register, registered
from test_op_request_object import INSIDE
from test_op_request_object import signed as signed_request

RSA, EC = public_jwk("RS256"), public_jwk("ES256")


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(RSA | {"n": 10**15}, id="a number"),
        pytest.param(EC | {"x": [[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]}, id="nested"),
    ],
)
async def test_harmful_keys_cannot_be_registered(provider_with: ProviderFactory, key: Any) -> None:
    op = await provider_with(registration="open")
    for keys in ([key], [RSA, key]):
        response = await register(op, token_endpoint_auth_method="private_key_jwt", jwks={"keys": keys})
        assert response.status_code in (201, 400)
    await assert_refused(await register(op, jwks={"keys": [key]}), "invalid_client_metadata")


@pytest.mark.spec("RFC 7517 §4", "RFC 7518 §3.3, §6")
async def test_harmful_fetched_keys_are_ignored(provider_with: ProviderFactory, site: Site) -> None:
    """Fetched keys are checked like registered ones, so that verifying with them stays cheap."""
    op = await provider_with(registration="open", registration_private_addresses=True)
    site.pages["/jwks"] = web.json_response({"keys": [RSA | {"d": "AQAB"}, RSA | {"n": 10**15}, EC]})
    client = await registered(op, token_endpoint_auth_method="private_key_jwt", jwks_uri=f"{site.url}/jwks")
    refused = await introspect(op, signed(claims_of(op, client["client_id"]), "RS256", private_pem("RS256")))
    await assert_refused(refused, "invalid_client", 401)
    assertion = signed(claims_of(op, client["client_id"]), "ES256", private_pem("ES256"), kid="ES256")
    assert (await introspect(op, assertion)).status_code == 200


@pytest.mark.spec("RFC 7517 §4", "RFC 7518 §3.3, §6")
async def test_request_objects_use_the_same_keys(provider_with: ProviderFactory, site: Site) -> None:
    """Request objects are verified with the same keys, although nobody authenticates at the authorization endpoint."""
    op = await provider_with(registration="open", registration_private_addresses=True)
    site.pages["/jwks"] = web.json_response({"keys": [RSA | {"n": 10**15}]})
    client = await registered(op, redirect_uris=[REDIRECT_URI], jwks_uri=f"{site.url}/jwks")
    response = await op.authorize(client_id=client["client_id"], request=signed_request(INSIDE))
    assert query_of(response.location)["error"] == "invalid_request_object"
