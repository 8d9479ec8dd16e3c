"""The public keys of clients, which anybody may write (RFC 7517 §4, RFC 7518 §6)."""

from typing import Any

import pytest
from aiohttp import web
from op_testing import REDIRECT_URI, ProviderFactory, Site, assert_refused, private_pem, public_jwk, query_of
from test_op_client_assertion import claims_of, introspect, signed
from test_op_register import register, registered
from test_op_request_object import INSIDE
from test_op_request_object import signed as signed_request

from op.protocol.clients.public_keys import KEY_LIMIT, is_public_key_set, usable_keys

RSA, EC = public_jwk("RS256"), public_jwk("ES256")
UNUSABLE = [
    pytest.param(RSA | {"n": 100_000_000}, id="a modulus that is a number"),
    pytest.param(RSA | {"n": 10**15}, id="a modulus that is a great number"),
    pytest.param(RSA | {"n": RSA["n"][:300]}, id="RFC 7518 §3.3 under 2048 bits"),
    pytest.param(RSA | {"n": "A" * 2000}, id="over 8192 bits"),
    pytest.param(RSA | {"n": RSA["n"] + "="}, id="no base64url"),
    pytest.param(RSA | {"n": "ä" * 342}, id="no ASCII"),
    pytest.param(RSA | {"e": 65537}, id="an exponent that is a number"),
    pytest.param(RSA | {"e": "A" * 400}, id="an exponent without end"),
    pytest.param({"kty": "RSA"}, id="no members"),
    pytest.param(RSA | {"kty": ["RSA"]}, id="kty is no text"),
    pytest.param(RSA | {"kid": 5}, id="kid is no text"),
    pytest.param(EC | {"crv": "P-384"}, id="another curve"),
    pytest.param(EC | {"x": EC["x"][:20]}, id="a short coordinate"),
    pytest.param({"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}, id="another kind"),
    pytest.param({"kty": "oct", "k": "AAAA"}, id="a symmetric key"),
    pytest.param(RSA | {"d": "AQAB"}, id="a private key"),
    pytest.param("key", id="no object"),
]


@pytest.mark.parametrize("key", UNUSABLE)
def test_a_key_that_cannot_be_used_is_left_out(key: Any) -> None:
    """RFC 7517 §5: of a set that is fetched the others count."""
    assert usable_keys({"keys": [key, EC]}) == usable_keys({"keys": [EC]})
    assert not is_public_key_set({"keys": [key]})


@pytest.mark.parametrize("key", [RSA | {"d": "AQAB"}, {"kty": "oct", "k": "AAAA"}, "key"])
def test_nothing_private_is_registered_beside_good_keys(key: Any) -> None:
    assert not is_public_key_set({"keys": [EC, key]})


def test_only_what_is_needed_is_taken_of_a_key() -> None:
    (key,) = usable_keys({"keys": [RSA | {"x5c": ["A"], "x5u": "https://a.test"}]})
    assert key.keys() <= {"kty", "n", "e", "kid", "use", "alg"}


def test_a_set_is_looked_at_up_to_a_limit() -> None:
    many = [EC | {"kid": str(number)} for number in range(KEY_LIMIT + 1)]
    assert len(usable_keys({"keys": many})) == KEY_LIMIT
    assert not is_public_key_set({"keys": many})


@pytest.mark.parametrize("jwks", [{}, {"keys": "x"}, {"keys": []}, {"keys": {}}])
def test_what_is_no_set_has_no_keys(jwks: dict[str, Any]) -> None:
    assert usable_keys(jwks) == ()
    assert not is_public_key_set(jwks)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(RSA | {"n": 10**15}, id="a number"),
        pytest.param(EC | {"x": [[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]}, id="nested"),
    ],
)
async def test_a_client_cannot_register_what_would_harm(provider_with: ProviderFactory, key: Any) -> None:
    op = await provider_with(registration="open")
    for keys in ([key], [RSA, key]):
        response = await register(op, token_endpoint_auth_method="private_key_jwt", jwks={"keys": keys})
        assert response.status_code in (201, 400)
    await assert_refused(await register(op, jwks={"keys": [key]}), "invalid_client_metadata")


async def test_keys_by_reference_do_no_harm_either(provider_with: ProviderFactory, site: Site) -> None:
    """A private exponent would be factored, a number be that many octets."""
    op = await provider_with(registration="open", registration_private_addresses=True)
    site.pages["/jwks"] = web.json_response({"keys": [RSA | {"d": "AQAB"}, RSA | {"n": 10**15}, EC]})
    client = await registered(op, token_endpoint_auth_method="private_key_jwt", jwks_uri=f"{site.url}/jwks")
    refused = await introspect(op, signed(claims_of(op, client["client_id"]), "RS256", private_pem("RS256")))
    await assert_refused(refused, "invalid_client", 401)
    assertion = signed(claims_of(op, client["client_id"]), "ES256", private_pem("ES256"), kid="ES256")
    assert (await introspect(op, assertion)).status_code == 200


async def test_request_objects_meet_the_same_keys(provider_with: ProviderFactory, site: Site) -> None:
    """Nobody has to authenticate for /authorize."""
    op = await provider_with(registration="open", registration_private_addresses=True)
    site.pages["/jwks"] = web.json_response({"keys": [RSA | {"n": 10**15}]})
    client = await registered(op, redirect_uris=[REDIRECT_URI], jwks_uri=f"{site.url}/jwks")
    response = await op.authorize(client_id=client["client_id"], request=signed_request(INSIDE))
    assert query_of(response.location)["error"] == "invalid_request_object"
