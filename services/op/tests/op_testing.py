"""What the provider's tests share: a running provider, the actions of a client and a browser, and a clock."""

import asyncio
import base64
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from argon2 import PasswordHasher
from client_keys_testing import public_jwk
from jose import jwt
from quart.typing import TestClientProtocol

from op.app import wire
from op.cli import command_line
from op.cli.directory import user_entry
from op.context import Context
from op.protocol.clients.metadata import client_of
from op.records import User
from op.sessions.passwords import LANES
from op.settings import Settings
from op.stores.clients.client import ClientStore
from redis_server import RedisClient, free_port

ADA = {
    "name": "Ada Lovelace",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "middle_name": "King",
    "nickname": "Ada",
    "preferred_username": "ada",
    "profile": "https://ada.test/",
    "picture": "https://ada.test/picture.png",
    "website": "https://ada.test/",
    "gender": "female",
    "birthdate": "1815-12-10",
    "zoneinfo": "Europe/London",
    "locale": "en-GB",
    "updated_at": 1700000000,
    "email": "ada@example.com",
    "email_verified": False,
    "phone_number": "+44 20 0000 0000",
    "phone_number_verified": True,
    "address": {"formatted": "12 St James's Square, London", "locality": "London", "country": "United Kingdom"},
}
ISSUER = "http://localhost:25000"
REDIRECT_URI = "http://client.test/callback"
SECRET = "a-secret-of-the-test-client-that-is-long-enough"
CHEAP_PASSES, CHEAP_MEMORY_KIB = 1, 8  # of argon2; conftest.py passes them to the provider
VERIFIER = secrets.token_urlsafe(48)
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


WEB = {
    "client_secret": SECRET,
    "redirect_uris": [REDIRECT_URI],
    "scope_claims_in_id_token": True,
    "first_party": True,
}
CLIENTS: dict[str, dict[str, Any]] = {
    "web": WEB | {"post_logout_redirect_uris": ["http://client.test/bye"]},
    "other": {"client_secret": SECRET + "2", "redirect_uris": ["http://other.test/callback"], "first_party": True},
    "spa": {"token_endpoint_auth_method": "none", "redirect_uris": [REDIRECT_URI], "first_party": True},
    "third": WEB
    | {
        "client_name": "A third party",
        "first_party": False,
        "scope": "openid email profile offline_access api:read",
    },
    "plain": WEB | {"scope_claims_in_id_token": False, "scope": "openid email profile address phone offline_access"},
    "resource-server": {"client_secret": SECRET + "3", "grant_types": []},
    "no-refresh": WEB | {"grant_types": ["authorization_code"]},
    # how it authenticates
    "basic": WEB | {"token_endpoint_auth_method": "client_secret_basic"},
    "post": WEB | {"token_endpoint_auth_method": "client_secret_post"},
    # the parameters that it must send
    "easy": WEB | {"require_nonce": False, "require_pkce": False},
    "must-push": WEB | {"require_pushed_authorization_requests": True},
    "must-sign": WEB | {"jwks": {"keys": [public_jwk("ES256")]}, "require_signed_request_object": True},
    # how it signs its request objects
    "signs-rs256": WEB | {"jwks": {"keys": [public_jwk("RS256")]}},
    "signs-es256": WEB
    | {"jwks": {"keys": [public_jwk("RS256"), public_jwk("ES256")]}, "request_object_signing_alg": "ES256"},
    "unsigned": WEB | {"request_object_signing_alg": "none"},
    # how its responses are signed
    "es256": WEB | {"id_token_signed_response_alg": "ES256"},
    "hs256": WEB | {"id_token_signed_response_alg": "HS256"},
    "signed-rs256": WEB | {"userinfo_signed_response_alg": "RS256"},
    "signed-es256": WEB | {"userinfo_signed_response_alg": "ES256"},
    "signed-hs256": WEB | {"userinfo_signed_response_alg": "HS256"},
    "jarm-es256": WEB | {"authorization_signed_response_alg": "ES256"},
    "jarm-hs256": WEB | {"authorization_signed_response_alg": "HS256"},
    "jwt": WEB | {"access_token_format": "jwt"},
    # which subject identifiers it gets
    "pair": WEB | {"subject_type": "pairwise"},
    "pair-jwt": WEB | {"subject_type": "pairwise", "access_token_format": "jwt"},
    "pair-of-sector": WEB | {"subject_type": "pairwise", "sector_identifier_uri": "https://sector.test/uris.json"},
}
"""The metadata of clients by client_id. `web` is always registered; a test registers the others that it needs."""


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time

    def pass_seconds(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Site:
    """What a client publishes on this machine: `pages` by path; `visits` are the requested paths."""

    url: str
    pages: dict[str, web.Response] = field(default_factory=dict)
    visits: list[str] = field(default_factory=list)

    async def respond(self, request: web.BaseRequest) -> web.Response:
        self.visits.append(request.path)
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(status=404)
        return web.Response(status=page.status, body=page.body, headers=page.headers)  # one object is sent once


@asynccontextmanager
async def running_site() -> AsyncIterator[Site]:
    port = free_port()
    site = Site(f"http://localhost:{port}")
    runner = web.ServerRunner(web.Server(site.respond))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield site
    await runner.cleanup()


@dataclass
class RunningProvider:
    """A running provider, with the requests that many tests send."""

    client: TestClientProtocol
    new_client: Callable[[], TestClientProtocol]
    op: Context
    clock: Clock
    registered: set[str] = field(default_factory=set)
    request: dict[str, str] = field(
        default_factory=lambda: {
            "response_type": "code",
            "client_id": "web",
            "redirect_uri": REDIRECT_URI,
            "scope": "openid email profile",
            "state": "state-of-the-test",
            "nonce": "nonce-of-the-test",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
    )

    @property
    def redis(self) -> RedisClient:
        """The provider's own Redis client, to check what it writes and how it reads."""
        return self.op.clients._redis

    async def register(self, *client_ids: str) -> None:
        """Register some of CLIENTS, each once, in one round trip."""
        new = set(client_ids) - self.registered
        self.registered |= new
        async with self.redis.pipeline(transaction=False) as pipeline:
            piped = ClientStore(pipeline, self.op.clients._encryptor, self.clock)
            for client_id in new:
                await piped.save(client_of({"client_id": client_id, **CLIENTS[client_id]}))
            await pipeline.execute()

    async def authorize(self, *, client: TestClientProtocol | None = None, **changes: Any) -> Any:
        """GET /authorize with the usual parameters; a change to None removes one."""
        query = {k: v for k, v in (self.request | changes).items() if v is not None}
        return await (client or self.client).get("/authorize", query_string=query)

    async def login(self, username: str = "user0", password: str = "password0", **changes: Any) -> Any:
        """GET /authorize, then submit the login form; the response to the form."""
        response = await self.authorize(**changes)
        return await self.submit_login(response.location, username, password)

    async def submit_login(
        self, location: str, username: str = "user0", password: str = "password0", **changes: str
    ) -> Any:
        page = await self.client.get(location.removeprefix(ISSUER))
        form = hidden_fields(await page.get_data(as_text=True))
        form |= {"username": username, "password": password, **changes}
        return await self.client.post("/login", form=form)

    async def code(self, *, username: str = "user0", password: str = "password0", **changes: Any) -> str:
        """A new code for the user who logs in or is already logged in."""
        response = await self.authorize(**changes)
        if response.location.startswith(f"{ISSUER}/login"):
            response = await self.submit_login(response.location, username, password)
        if response.location.startswith(f"{ISSUER}/consent"):
            page = await self.client.get(response.location.removeprefix(ISSUER))
            form = hidden_fields(await page.get_data(as_text=True)) | {"answer": "allow"}
            response = await self.client.post("/consent", form=form)
        return query_of(response.location)["code"]

    async def token(self, **form: str | None) -> Any:
        """POST /token, by default as the client `web` with client_secret_basic."""
        headers = {} if "client_id" in form else basic("web", SECRET)
        return await self.client.post("/token", form={k: v for k, v in form.items() if v is not None}, headers=headers)

    async def redeem(self, code: str, /, **changes: str | None) -> Any:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
        }
        return await self.token(**(form | changes))

    async def tokens(self, **changes: Any) -> dict[str, Any]:
        """A complete sign-in; the token response."""
        response = await self.redeem(await self.code(**changes))
        assert response.status_code == 200, await response.get_data(as_text=True)
        body: dict[str, Any] = await response.get_json()
        return body

    async def refresh(self, refresh_token: str, **changes: str | None) -> Any:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token, **changes)

    async def introspect(self, token: str, client_id: str = "web", secret: str = SECRET) -> dict[str, Any]:
        response = await self.client.post("/introspect", form={"token": token}, headers=basic(client_id, secret))
        assert response.status_code == 200
        body: dict[str, Any] = await response.get_json()
        return body

    async def userinfo(self, token: str) -> Any:
        return await self.client.get("/userinfo", headers={"Authorization": f"Bearer {token}"})


def administrate(settings: Settings, arguments: list[str]) -> int:
    """Run a command of `python -m op`; the exit status."""
    return command_line.administrate(settings, arguments, wire)


async def assert_refused(response: Any, error: str, status: int = 400) -> dict[str, Any]:
    body: dict[str, Any] = await response.get_json()
    assert (response.status_code, body["error"]) == (status, error), body
    assert re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]+", body["error_description"]), "RFC 6749 §5.2"
    assert response.headers["Cache-Control"] == "no-store"
    return body


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def hidden_fields(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html))


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for background tasks."""
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - it is a state of Redis or of a peer, and no event
            await asyncio.sleep(0.001)


ProviderFactory = Callable[..., Awaitable[RunningProvider]]


async def verification_key(provider: RunningProvider, token: str, algorithm: str) -> Any:
    """The key with which a client verifies a token: its secret, or the published key with the token's kid."""
    if algorithm == "HS256":
        return SECRET
    kid = jwt.get_unverified_header(token)["kid"]
    keys = (await (await provider.client.get("/jwks")).get_json())["keys"]
    return next(key for key in keys if key["kid"] == kid)


@cache
def password_hash(password: str) -> str:
    return PasswordHasher(CHEAP_PASSES, CHEAP_MEMORY_KIB, LANES).hash(password)


async def add_users(op: Context) -> None:
    """The users of these tests: user0 and Ada."""
    claims = {"name": "User Zero", "email": "user0@example.com", "email_verified": True, "nickname": "Zero"}
    for username, password, known in (("user0", "password0", claims), ("ada", "password-of-ada", ADA)):
        entry = user_entry({"username": username, "password": password, "claims": known})
        hashed = password_hash(password)
        await op.users.save(User(sub=entry.sub, username=username, password_hash=hashed, claims=entry.claims))
