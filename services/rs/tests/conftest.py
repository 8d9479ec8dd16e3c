"""A scripted provider, tokens of every kind, and a resource server that uses them."""

import base64
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwk

from redis_server import free_port
from rs.app import create_app
from rs.records import Profile
from rs.settings import read_settings

NOW = 1_800_000_000


class Clock:
    """A clock that tests set."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class SigningKey:
    """A key pair of the provider."""

    def __init__(self, kid: str, algorithm: str = "RS256", *, bits: int = 2048, curve=ec.SECP256R1) -> None:
        private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
        if algorithm == "RS256":
            private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        else:
            private = ec.generate_private_key(curve())
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.kid = kid
        self.algorithm = algorithm
        self._key = jwk.construct(pem, algorithm)
        self.public = self._key.public_key()

    @property
    def document(self) -> dict[str, Any]:
        return {**self.public.to_dict(), "kid": self.kid, "use": "sig"}

    @property
    def private_document(self) -> dict[str, Any]:
        """The private JWK, which a provider must not publish."""
        return {**self._key.to_dict(), "kid": self.kid, "use": "sig"}

    def sign(self, signing_input: bytes) -> bytes:
        return self._key.sign(signing_input)


def segment(value: object) -> str:
    """One segment of a JWS: `value` as JSON, or bytes as they are."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Mint:
    """Creates access tokens of RFC 9068, and modified ones."""

    def __init__(self, issuer: str, key: SigningKey) -> None:
        self.key = key
        self.header = {"typ": "at+jwt", "alg": key.algorithm, "kid": key.kid}
        self.claims = {
            "iss": issuer,
            "sub": "user0",
            "aud": "resource-server",
            "client_id": "demo-client",
            "iat": NOW - 1,
            "exp": NOW + 300,
            "jti": "1",
            "scope": "openid profile",
        }

    def token(self, *, header: dict[str, Any] | None = None, sign=None, **claims: Any) -> str:
        """A token with changes; a member that is None is removed."""
        head = {k: v for k, v in {**self.header, **(header or {})}.items() if v is not None}
        body = {k: v for k, v in {**self.claims, **claims}.items() if v is not None}
        return self.raw(head, body, sign)

    def raw(self, header: object, payload: object, sign=None) -> str:
        signing_input = f"{segment(header)}.{segment(payload)}"
        return f"{signing_input}.{segment((sign or self.key.sign)(signing_input.encode()))}"


class ScriptedProvider:
    """A real HTTP server with the provider's three documents; `scripted` has other responses by path."""

    def __init__(self, key: SigningKey) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.keys = [key]
        self.tokens: dict[str, dict[str, Any]] = {}
        self.scripted: dict[str, tuple[int, str]] = {}
        self.calls: Counter[str] = Counter()
        self.seen: list[tuple[str, dict[str, str], str]] = []
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._respond)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _respond(self, request: web.Request) -> web.Response:
        self.calls[request.path] += 1
        if request.path in self.scripted:
            status, body = self.scripted[request.path]
            return web.Response(status=status, text=body)
        if request.path == "/.well-known/openid-configuration":
            return web.json_response(
                {
                    "issuer": self.issuer,
                    "jwks_uri": f"{self.issuer}/jwks",
                    "introspection_endpoint": f"{self.issuer}/introspect",
                }
            )
        if request.path == "/jwks":
            return web.json_response({"keys": [key.document for key in self.keys]})
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.seen.append((request.headers.get("Authorization", ""), form, request.query_string))
        return web.json_response(self.tokens.get(form["token"], {"active": False}))


@pytest.fixture(scope="session")
def rsa_key():
    return SigningKey("first")


@pytest.fixture(scope="session")
def second_rsa_key():
    return SigningKey("second")


@pytest.fixture(scope="session")
def ec_key():
    return SigningKey("elliptic", "ES256")


@pytest.fixture(scope="session")
def make_key():
    return SigningKey


@pytest.fixture
async def provider(rsa_key) -> AsyncIterator[ScriptedProvider]:
    running = ScriptedProvider(rsa_key)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
def mint(request, rsa_key):
    """Creates tokens of the scripted provider if the test uses it, otherwise of an issuer without a server."""
    issuer = "http://op.test"
    if "provider" in request.fixturenames:
        issuer = request.getfixturevalue("provider").issuer
    return Mint(issuer, rsa_key)


@pytest.fixture
def clock():
    return Clock(NOW)


@pytest.fixture
def ticks():
    return Clock(1_000.0)


@pytest.fixture
def environment(provider, redis, redis_server):
    """The settings of the resource server, with an empty database."""
    return {
        "OIDC_ISSUER": provider.issuer,
        "REDIS_URL": redis_server.url,
        "REDIS_TIMEOUT": "5",  # a busy machine must not look like a failure of Redis
        "RS_CLIENT_ID": "resource-server",
        "RS_CLIENT_SECRET": "secret",
        "RS_BASE_URL": "http://localhost:25002",
    }


@pytest.fixture
def profile():
    return Profile("user0", "user0", "user0@example.com", "Prefers tea.")


class Caller:
    """A client of the resource server."""

    def __init__(self, client) -> None:
        self.client = client

    async def get(self, path: str):
        return await self.client.get(path)

    async def me(self, token: str, scheme: str = "Bearer"):
        return await self.client.get("/api/me", headers={"Authorization": f"{scheme} {token}"})

    async def check_refusal(self, response, status: int, error: str) -> None:
        """Check an error: the status, the JSON error, no caching, and the challenge, if any."""
        body = await response.get_json()
        assert (response.status_code, body["error"]) == (status, error)
        assert set(body) == {"error", "error_description"}
        assert response.headers["Cache-Control"] == "no-store"
        challenge = response.headers.get("WWW-Authenticate")
        if status in (400, 401, 403):
            assert challenge.startswith('Bearer realm="Trefoil"')
            assert 'resource_metadata="http://localhost:25002/.well-known/oauth-protected-resource"' in challenge
        else:
            assert challenge is None
        if status == 503:
            assert response.headers["Retry-After"] == "1"

    async def refuses(self, token: str, status: int, error: str):
        response = await self.me(token)
        await self.check_refusal(response, status, error)
        return response


@pytest.fixture
async def start(environment, clock, ticks):
    """Start the resource server with the settings of a test; returns a client."""
    async with AsyncExitStack() as running:

        async def start_with(**settings: str) -> Caller:
            app = create_app(read_settings({**environment, **settings}), clock=clock, ticks=ticks)
            test_app: Any = app.test_app()  # Quart does not declare it as an asynchronous context manager
            return Caller((await running.enter_async_context(test_app)).test_client())

        yield start_with
