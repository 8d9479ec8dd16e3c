"""POST /introspect with a signed response (RFC 9701)."""

from typing import Any

import pytest
from jose import jwt
from op_testing import ISSUER, REDIRECT_URI, SECRET, RunningProvider, basic

from op.protocol.clients.metadata import client_of

MEDIA_TYPE = "application/token-introspection+jwt"


async def introspect(provider: RunningProvider, token: str, accept: str, client_id: str = "web") -> Any:
    headers = basic(client_id, SECRET) | {"Accept": accept}
    return await provider.client.post("/introspect", form={"token": token}, headers=headers)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "HS256"])
@pytest.mark.spec("RFC 9701 §5")
async def test_response_is_signed_for_its_caller(provider: RunningProvider, algorithm: str) -> None:
    """The JWT has issuer, audience and time, and the response in its own claim, without `sub` and `exp`. It has
    its own type and is signed with the caller's registered algorithm.
    """
    metadata = {"client_id": "caller", "client_secret": SECRET, "redirect_uris": [REDIRECT_URI]}
    await provider.op.clients.save(client_of(metadata | {"introspection_signed_response_alg": algorithm}))
    code = await provider.code(client_id="caller")
    token = (await (await provider.redeem(code, client_id="caller", client_secret=SECRET)).get_json())["access_token"]
    response = await introspect(provider, token, MEDIA_TYPE, "caller")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == MEDIA_TYPE
    assert response.headers["Cache-Control"] == "no-store"
    signed = await response.get_data(as_text=True)
    assert jwt.get_unverified_header(signed)["typ"] == "token-introspection+jwt"
    claims = await provider.op.keys.verify(signed, algorithm, typ="token-introspection+jwt", secret=SECRET)
    assert claims == {
        "iss": ISSUER,
        "aud": "caller",
        "iat": int(provider.clock()),
        "token_introspection": await provider.introspect(token, "caller"),
    }
    assert claims["token_introspection"]["active"] is True


@pytest.mark.spec("RFC 9701 §5")
async def test_inactive_token_gets_a_signed_response_too(provider: RunningProvider) -> None:
    signed = await (await introspect(provider, "unknown", MEDIA_TYPE)).get_data(as_text=True)
    assert jwt.get_unverified_claims(signed)["token_introspection"] == {"active": False}


@pytest.mark.parametrize(
    ("accept", "signed"),
    [
        pytest.param(MEDIA_TYPE, True, id="§4 only the JWT"),
        pytest.param(f"{MEDIA_TYPE};q=0, application/json", False, id="refused"),
        pytest.param("application/json", False, id="JSON"),
    ],
)
@pytest.mark.spec("RFC 9701 §4")
async def test_accept_header_selects_the_jwt(provider: RunningProvider, accept: str, signed: bool) -> None:
    """A caller that names the media type in `Accept` gets a JWT, every other caller JSON."""
    response = await introspect(provider, "unknown", accept)
    assert response.headers["Content-Type"] == (MEDIA_TYPE if signed else "application/json")


@pytest.mark.spec("RFC 9701 §7")
async def test_discovery_advertises_the_algorithms(provider: RunningProvider) -> None:
    """Discovery names the algorithms."""
    document = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert sorted(document["introspection_signing_alg_values_supported"]) == ["ES256", "HS256", "RS256"]
