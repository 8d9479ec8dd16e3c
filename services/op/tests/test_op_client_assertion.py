"""client_secret_jwt and private_key_jwt (RFC 7523 §3, OpenID Connect Core §9)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from jose import jwk, jwt
from op_testing import ISSUER, REDIRECT_URI, SECRET, VERIFIER, RunningProvider, assert_refused, basic

from op.keys.ring import new_keys
from op.protocol.clients.metadata import client_of
from redis_server import free_port

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEYS, OTHER_KEYS = new_keys(), new_keys()


def public(algorithm: str, pem: str, kid: str, **members: str) -> dict[str, Any]:
    return {**jwk.construct(pem, algorithm).public_key().to_dict(), "kid": kid, "use": "sig"} | members


JWKS = {"keys": [public("RS256", KEYS["RS256"], "rsa"), public("ES256", KEYS["ES256"], "ec")]}
HEADERS = {"RS256": {"kid": "rsa"}, "ES256": {"kid": "ec"}, "HS256": {}}
COUNT = iter(range(10**9))


def claims_of(provider: RunningProvider, client_id: str, **changes: Any) -> dict[str, Any]:
    now = int(provider.clock())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": ISSUER,
        "iat": now,
        "exp": now + 60,
        "jti": f"jti {next(COUNT)}",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def signed(claims: dict[str, Any], algorithm: str, key: str | None = None, **headers: Any) -> str:
    key = key or (SECRET if algorithm == "HS256" else KEYS[algorithm])
    return jwt.encode(claims, key, algorithm, HEADERS[algorithm] | headers)


@pytest.fixture
async def clients(provider: RunningProvider) -> RunningProvider:
    web_client = {"redirect_uris": [REDIRECT_URI]}
    for metadata in (
        {"client_id": "by-key", **web_client, "token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS},
        {
            "client_id": "by-secret",
            **web_client,
            "token_endpoint_auth_method": "client_secret_jwt",
            "client_secret": SECRET,
        },
        {
            "client_id": "es256-alone",
            **web_client,
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "jwks": JWKS,
        },
    ):
        await provider.op.clients.save(client_of(metadata))
    await provider.register("spa")
    return provider


async def introspect(provider: RunningProvider, assertion: str, **changes: Any) -> Any:
    form = {"token": "x", "client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE, **changes}
    return await provider.client.post("/introspect", form={k: v for k, v in form.items() if v is not None})


@pytest.mark.parametrize(("client_id", "algorithm"), [("by-key", "RS256"), ("by-key", "ES256"), ("by-secret", "HS256")])
@pytest.mark.spec("RFC 7523 §2.2")
async def test_code_is_redeemed_with_an_assertion(clients: RunningProvider, client_id: str, algorithm: str) -> None:
    """A client can authenticate with an assertion at every endpoint that authenticates clients."""
    code = await clients.code(client_id=client_id)
    assertion = signed(claims_of(clients, client_id), algorithm)
    response = await clients.client.post(
        "/token",
        form={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
            "client_assertion": assertion,
            "client_assertion_type": ASSERTION_TYPE,
        },
    )
    assert response.status_code == 200, await response.get_data(as_text=True)


@pytest.mark.parametrize(
    "audience",
    [
        pytest.param(ISSUER, id="the issuer"),
        pytest.param(f"{ISSUER}/token", id="§3 the token endpoint"),
        pytest.param(f"{ISSUER}/introspect", id="the endpoint itself"),
        pytest.param(["https://elsewhere.test", ISSUER], id="several"),
    ],
)
@pytest.mark.spec("RFC 7523 §3 (3)")
async def test_audience_may_be_issuer_or_endpoint(clients: RunningProvider, audience: Any) -> None:
    """`aud` is the issuer, the token endpoint, or the endpoint that is called."""
    response = await introspect(clients, signed(claims_of(clients, "by-key", aud=audience), "RS256"))
    assert response.status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iss": "by-secret"}, id="§3 (1) another iss"),
        pytest.param({"aud": "https://elsewhere.test"}, id="§3 (3) another aud"),
        pytest.param({"exp": 1}, id="§3 (4) expired"),
        pytest.param({"exp": 10**400}, id="§3 (4) exp is beyond any float"),
        pytest.param({"jti": None}, id="Core §9 no jti"),
    ],
)
@pytest.mark.spec("RFC 7523 §3 (1), (2), (3), (4), (5), (6)")
async def test_invalid_claims_are_rejected(clients: RunningProvider, changes: dict[str, Any]) -> None:
    """RFC 7523 §3 (1), (2): `iss` and `sub` are the client_id."""
    assertion = signed_as_it_is(claims_of(clients, "by-key", **changes))
    await assert_refused(await introspect(clients, assertion), "invalid_client", 401)


def signed_as_it_is(claims: dict[str, Any]) -> str:
    """Without the library's checks of the claims."""
    from jose import jws  # noqa: PLC0415 - this test alone makes such tokens

    return jws.sign(json.dumps(claims).encode(), KEYS["RS256"], {"typ": "JWT", "kid": "rsa"}, "RS256")


@pytest.mark.parametrize(
    ("client_id", "algorithm", "key", "headers"),
    [
        pytest.param("by-key", "RS256", OTHER_KEYS["RS256"], {}, id="§3 (9) another key under the same kid"),
        pytest.param("by-key", "RS256", None, {"kid": "unknown"}, id="an unknown kid"),
        pytest.param("by-key", "HS256", None, {}, id="RFC 8725 §3.1 another algorithm than registered"),
        pytest.param("by-secret", "HS256", "x" * 40, {}, id="another secret"),
        pytest.param("web", "HS256", None, {}, id="a client of another method"),
        pytest.param("spa", "HS256", None, {}, id="a public client"),
        pytest.param("nobody", "HS256", None, {}, id="an unknown client"),
    ],
)
@pytest.mark.spec("RFC 7523 §3 (9)")
async def test_invalid_signature_is_rejected(
    clients: RunningProvider, client_id: str, algorithm: str, key: str | None, headers: dict[str, Any]
) -> None:
    """The signature uses the client's registered method and one of its keys."""
    assertion = signed(claims_of(clients, client_id), algorithm, key, **headers)
    await assert_refused(await introspect(clients, assertion), "invalid_client", 401)


@pytest.mark.parametrize(
    "assertion",
    [
        "a.b.c",
    ],
)
@pytest.mark.spec("RFC 7523 §2.2")
async def test_malformed_assertion_is_rejected(clients: RunningProvider, assertion: str) -> None:
    await assert_refused(await introspect(clients, assertion), "invalid_client", 401)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"client_assertion_type": None}, id="RFC 7521 §4.2 no type"),
        pytest.param({"client_secret": SECRET}, id="RFC 6749 §2.3 two ways at once"),
    ],
)
@pytest.mark.spec("RFC 7521 §4.2")
async def test_contradictory_request_is_rejected(clients: RunningProvider, changes: dict[str, Any]) -> None:
    """An assertion is sent with its type and without another authentication method; a client_id beside it must
    be that of the assertion.
    """
    response = await introspect(clients, signed(claims_of(clients, "by-key"), "RS256"), **changes)
    await assert_refused(response, "invalid_request")


@pytest.mark.parametrize("client_id", ["by-key", "by-secret"])
@pytest.mark.spec("OpenID Connect Core §9")
async def test_unregistered_method_is_rejected(clients: RunningProvider, client_id: str) -> None:
    """A client can use only the method that it registered."""
    response = await clients.client.post("/introspect", form={"token": "x"}, headers=basic(client_id, SECRET))
    await assert_refused(response, "invalid_client", 401)


@pytest.mark.spec("RFC 7523 §3 (7)")
async def test_assertion_can_be_used_once(clients: RunningProvider) -> None:
    """A `jti` is accepted once, even by parallel requests, and is remembered for as long as the assertion is valid."""
    assertion = signed(claims_of(clients, "by-key", jti="once"), "RS256")
    responses = await asyncio.gather(*(introspect(clients, assertion) for _ in range(20)))
    assert sorted(response.status_code for response in responses) == [200] + [401] * 19
    redis = clients.redis
    (key,) = [key async for key in redis.scan_iter(match="op:assertion:*")]
    assert 0 < await redis.ttl(key) <= 60
    other = signed(claims_of(clients, "by-secret", jti="once"), "HS256")
    assert (await introspect(clients, other)).status_code == 200, "the jti of another client is independent"


@pytest.mark.spec("RFC 7523 §3 (7)")
async def test_rejected_assertion_does_not_use_up_the_jti(clients: RunningProvider) -> None:
    """A `jti` is accepted once per client. A forged assertion does not use one up."""
    forged = signed(claims_of(clients, "by-key", jti="mine"), "RS256", OTHER_KEYS["RS256"])
    await assert_refused(await introspect(clients, forged), "invalid_client", 401)
    good = signed(claims_of(clients, "by-key", jti="mine"), "RS256")
    assert (await introspect(clients, good)).status_code == 200


# --- Keys by reference ------------------------------------------------------------------------------------------------


class KeyServer:
    """The server of a client's jwks_uri, which counts its requests."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{free_port()}/jwks"
        self.body: bytes = json.dumps(JWKS).encode()
        self.status = 200
        self.requests = 0

    async def respond(self, _: web.Request) -> web.Response:
        self.requests += 1
        return web.Response(body=self.body, status=self.status, headers={"Location": self.url})


@pytest.fixture
async def key_server(clients: RunningProvider) -> AsyncIterator[KeyServer]:
    server = KeyServer()
    application = web.Application()
    application.router.add_get("/jwks", server.respond)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(server.url.split(":")[2].removesuffix("/jwks"))).start()
    metadata = {"client_id": "by-uri", "redirect_uris": [REDIRECT_URI], "jwks_uri": server.url}
    await clients.op.clients.save(client_of({**metadata, "token_endpoint_auth_method": "private_key_jwt"}))
    yield server
    await runner.cleanup()


@pytest.mark.spec("RFC 7591 §2")
async def test_keys_are_fetched_and_cached(clients: RunningProvider, key_server: KeyServer) -> None:
    """Keys by reference are fetched within limits and cached. An unknown `kid` causes another fetch, at a
    limited rate.
    """
    assertions = [signed(claims_of(clients, "by-uri"), "ES256") for _ in range(5)]
    responses = await asyncio.gather(*(introspect(clients, assertion) for assertion in assertions))
    assert [response.status_code for response in responses] == [200] * 5
    assert key_server.requests == 1


@pytest.mark.spec("OpenID Connect Core §10.1.1", "RFC 7591 §2")
async def test_unknown_kid_refetches_keys_with_a_limit(clients: RunningProvider, key_server: KeyServer) -> None:
    """OpenID Connect Core §10.1.1: An unknown `kid` may mean that the client has rotated its keys, but must not
    let anyone flood the client with requests.
    """
    keys = clients.op.client_keys
    seconds = 100.0
    keys._clock = lambda: seconds
    assert (await introspect(clients, signed(claims_of(clients, "by-uri"), "ES256"))).status_code == 200

    async def rotated(kid: str) -> int:
        assertion = signed(claims_of(clients, "by-uri"), "ES256", OTHER_KEYS["ES256"], kid=kid)
        return int((await introspect(clients, assertion)).status_code)

    for kid, now, status, expected in (
        ("next", 100.0, 200, 2),
        ("the one after", 105.0, 401, 2),
        ("the one after", 110.0, 200, 3),
    ):
        seconds = now
        key_server.body = json.dumps({"keys": [public("ES256", OTHER_KEYS["ES256"], kid)]}).encode()
        assert await rotated(kid) == status
        assert key_server.requests == expected


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"no JSON", 200, id="not JSON"),
        pytest.param(b"[]", 200, id="no object"),
        pytest.param(b'{"keys":"x"}', 200, id="no list"),
        pytest.param(b'{"keys":[{"kty":"RSA","kid":"rsa"},5]}', 200, id="invalid keys"),
        pytest.param(b'{"keys":[{"kty":"RSA","kid":"rsa","n":"\\u00e4","e":7}]}', 200, id="invalid members"),
        pytest.param(b"x" * 2**21, 200, id="too large"),
        pytest.param(b"{}", 302, id="a redirect is not followed"),
        pytest.param(b"{}", 500, id="away"),
    ],
)
@pytest.mark.spec("RFC 7591 §2")
async def test_unusable_keys_lead_to_invalid_client(
    clients: RunningProvider, key_server: KeyServer, body: bytes, status: int
) -> None:
    key_server.body, key_server.status = body, status
    response = await introspect(clients, signed(claims_of(clients, "by-uri"), "RS256"))
    await assert_refused(response, "invalid_client", 401)
    assert key_server.requests == 1


@pytest.mark.spec("OpenID Connect Discovery §3")
async def test_discovery_advertises_methods_and_algorithms(provider: RunningProvider) -> None:
    """The metadata lists the methods and their algorithms."""
    document = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert {"client_secret_jwt", "private_key_jwt"} <= set(document["token_endpoint_auth_methods_supported"])
    for endpoint in ("token", "introspection", "revocation"):
        algorithms = document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        assert sorted(algorithms) == ["ES256", "HS256", "RS256"]


@pytest.mark.spec("RFC 9101 §6.2")
async def test_request_objects_are_verified_with_fetched_keys(clients: RunningProvider, key_server: KeyServer) -> None:
    """Request objects are verified with the same keys as client assertions."""
    request_object = signed(
        {**clients.request, "iss": "by-uri", "aud": ISSUER, "client_id": "by-uri"},
        "ES256",
    )
    response = await clients.authorize(client_id="by-uri", request=request_object, state=None)
    assert response.location.startswith(f"{ISSUER}/login")
    assert key_server.requests == 1
