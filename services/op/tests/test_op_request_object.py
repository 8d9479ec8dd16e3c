"""Request objects by value (RFC 9101, OpenID Connect Core §6.1)."""

import base64
import json
from typing import Any

import pytest
from client_keys_testing import private_pem, public_jwk
from jose import jwt
from op_testing import ISSUER, REDIRECT_URI, SECRET, RunningProvider, query_of

INSIDE = {"state": "from-inside", "nonce": "nonce-from-inside", "scope": "openid email", "redirect_uri": REDIRECT_URI}


def signed(claims: dict[str, Any], algorithm: str = "RS256", kid: str | None = None, **header: Any) -> str:
    headers = {"kid": kid or algorithm, **header}
    return jwt.encode(claims, private_pem(algorithm), algorithm, headers=headers)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any]) -> str:
    return f"{part({'alg': 'none'})}.{part(claims)}."


async def sign_in(provider: RunningProvider, client_id: str, request: str, **changes: Any) -> dict[str, str]:
    await provider.register(client_id)
    response = await provider.authorize(client_id=client_id, request=request, **changes)
    if response.location.startswith(f"{ISSUER}/login"):
        response = await provider.submit_login(response.location)
    return query_of(response.location)


@pytest.mark.parametrize(
    ("client_id", "request_object"),
    [
        pytest.param("signs-rs256", signed(INSIDE), id="RS256"),
        pytest.param("signs-es256", signed(INSIDE, "ES256"), id="ES256"),
        pytest.param("unsigned", unsigned(INSIDE), id="unsigned, if registered"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §6.1")
async def test_request_object_has_precedence(provider: RunningProvider, client_id: str, request_object: str) -> None:
    """A request object is read if the client is registered for it. Its parameters override those outside it, and
    client_id and response_type must agree.

    Parameters that are only outside the object are used too.
    """
    result = await sign_in(provider, client_id, request_object, state="from-outside", nonce="nonce-from-outside")
    assert result["state"] == "from-inside"
    tokens = await provider.redeem(result["code"], client_id=client_id, client_secret=SECRET)
    assert (await tokens.get_json())["scope"] == "openid email"
    assert jwt.get_unverified_claims((await tokens.get_json())["id_token"])["nonce"] == "nonce-from-inside"


@pytest.mark.spec("OpenID Connect Core §6.1")
async def test_all_parameters_may_be_in_the_request_object(provider: RunningProvider) -> None:
    """All parameters except client_id and response_type may be in the request object alone; JSON allows numbers
    and objects.
    """
    claims = {"id_token": {"nickname": {"essential": True}}}
    inside = {k: v for k, v in provider.request.items() if k not in ("client_id", "response_type")}
    nothing = dict.fromkeys(inside)
    response = await sign_in(provider, "signs-rs256", signed(inside | {"max_age": 300, "claims": claims}), **nothing)
    tokens = await provider.redeem(response["code"], client_id="signs-rs256", client_secret=SECRET)
    assert jwt.get_unverified_claims((await tokens.get_json())["id_token"])["nickname"] == "Zero"


@pytest.mark.parametrize(
    ("client_id", "request_object", "error"),
    [
        pytest.param("web", signed(INSIDE), "request_not_supported", id="a client without request objects"),
        pytest.param("signs-rs256", unsigned(INSIDE), "request_not_supported", id="unsigned, registered for keys"),
        pytest.param("signs-rs256", signed(INSIDE, "ES256"), "invalid_request_object", id="a key that is not its own"),
        pytest.param("signs-rs256", signed(INSIDE, kid="other"), "invalid_request_object", id="an unknown kid"),
        pytest.param("signs-es256", signed(INSIDE), "invalid_request_object", id="another alg than registered"),
        pytest.param(
            "signs-rs256",
            jwt.encode(INSIDE, json.dumps(public_jwk("RS256")), "HS256"),
            "invalid_request_object",
            id="RFC 8725 §2.1 the public key as a secret",
        ),
    ],
)
@pytest.mark.spec("OpenID Connect Core §6.1", "RFC 9101 §4, §6.1")
async def test_registration_determines_the_algorithm(
    provider: RunningProvider, client_id: str, request_object: str, error: str
) -> None:
    """OpenID Connect Core §6.1: For a client that is registered for none, a request object is rejected with
    `request_not_supported`, never ignored.
    """
    assert (await sign_in(provider, client_id, request_object))["error"] == error


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": "other"}, id="RFC 9101 §4 iss"),
        pytest.param({"aud": "http://other.test"}, id="RFC 9101 §4 aud"),
        pytest.param({"exp": 1_800_000_000}, id="expired"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §6.1", "RFC 9101 §4, §6.1")
async def test_invalid_request_object_is_rejected(provider: RunningProvider, claims: dict[str, Any]) -> None:
    result = await sign_in(provider, "signs-rs256", signed(INSIDE | claims))
    assert result["error"] == "invalid_request_object"


@pytest.mark.spec("RFC 9101 §6.3")
async def test_redirect_uri_in_the_request_object_is_checked(provider: RunningProvider) -> None:
    """A redirect_uri of a request object is checked like any other, so that it cannot redirect elsewhere."""
    await provider.register("signs-rs256")
    inside = signed(INSIDE | {"redirect_uri": "http://evil.test/"})
    response = await provider.authorize(client_id="signs-rs256", request=inside)
    assert (response.status_code, response.location) == (400, None)
    nowhere = await provider.authorize(client_id="signs-rs256", request="nonsense", redirect_uri=None)
    assert (nowhere.status_code, nowhere.location) == (400, None)


@pytest.mark.spec("RFC 9101 §6.3")
async def test_parameters_in_the_request_object_are_checked(provider: RunningProvider) -> None:
    """The parameters of a request object are checked like those of any request. For a client that must sign,
    only they count.
    """
    result = await sign_in(provider, "signs-rs256", signed(INSIDE | {"prompt": "none login"}))
    assert result["error"] == "invalid_request"
    assert result["state"] == "from-inside"


@pytest.mark.spec("RFC 9101 §10.5")
async def test_unsigned_request_is_rejected_if_client_must_sign(provider: RunningProvider) -> None:
    """A request of a client that must sign is rejected without a signed request object."""
    await provider.register("must-sign")
    plain = query_of((await provider.authorize(client_id="must-sign")).location)
    assert (
        plain["error_description"] == "This client must sign its authorization requests. Send a signed request object."
    )


@pytest.mark.spec("RFC 9101 §6.3")
async def test_parameters_outside_are_ignored_if_client_must_sign(provider: RunningProvider) -> None:
    """For a client that must sign, parameters outside the object are ignored."""
    await provider.register("must-sign")
    inside = {k: v for k, v in provider.request.items() if k not in ("client_id", "nonce", "state")}
    without = await provider.authorize(client_id="must-sign", request=signed(inside, "ES256"))
    assert without.status_code == 400, "the nonce outside is ignored"
    result = await sign_in(provider, "must-sign", signed(inside | {"nonce": "n"}, "ES256"), state="from-outside")
    assert result.keys() == {"code", "iss"}


async def test_form_of_another_site_keeps_its_request_object(provider: RunningProvider) -> None:
    await provider.register("signs-rs256")
    form = provider.request | {"client_id": "signs-rs256", "request": signed(INSIDE)}
    response = await provider.client.post("/authorize", form=form)
    assert query_of(response.location) == form
