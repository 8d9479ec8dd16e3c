"""A provider and a resource server that tests control, over real HTTP, and a browser to sign in with."""

import hashlib
import json
import re
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwk, jws
from jose.backends import ECKey
from jose.backends.cryptography_backend import CryptographyRSAKey

CLIENT_ID = "demo-client"
CLIENT_SECRET = "a client's secret: with 32 octets & more"
BASE_URL = "http://localhost:25001"
INVALID_TOKEN = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Signer:
    """The provider's keys, and tokens signed with them."""

    def __init__(self) -> None:
        self.secret = CLIENT_SECRET
        self.private: dict[str, Any] = {
            "RS256": CryptographyRSAKey(rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
            "ES256": ECKey(ec.generate_private_key(ec.SECP256R1()), "ES256"),
            "HS256": jwk.HMACKey(CLIENT_SECRET.encode(), "HS256"),
        }

    def jwk(self, algorithm: str, **members: Any) -> dict[str, Any]:
        public = self.private[algorithm].public_key().to_dict()
        return {**public, "kid": algorithm, "use": "sig", "alg": algorithm, **members}

    @property
    def jwks(self) -> list[dict[str, Any]]:
        return [self.jwk("RS256"), self.jwk("ES256")]

    def sign(self, claims: dict[str, Any] | bytes, algorithm: str = "RS256", **header: Any) -> str:
        """`kid=None` omits the key ID."""
        fields = {"kid": algorithm, **header}
        fields = {name: value for name, value in fields.items() if value is not None}
        return jws.sign(claims, self.private[algorithm], headers=fields, algorithm=algorithm)

    def untyped(self, claims: dict[str, Any], kid: str | None = "RS256") -> str:
        """Signed with RS256, with a header without `typ`."""
        parts = ({"alg": "RS256", **({} if kid is None else {"kid": kid})}, claims)
        signed = ".".join(urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts)
        signature = urlsafe_b64encode(self.private["RS256"].sign(signed.encode())).rstrip(b"=").decode()
        return f"{signed}.{signature}"

    @staticmethod
    def unsigned(claims: dict[str, Any], **header: Any) -> str:
        """RFC 7518 §3.6: an unsecured JWS."""
        parts = ({"alg": "none", **header}, claims)
        return "".join(f"{urlsafe_b64encode(json.dumps(one).encode()).rstrip(b'=').decode()}." for one in parts)


def at_hash(access_token: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()[:16]).rstrip(b"=").decode()


def protected(request: web.Request, access_token: str, resource: dict[str, Any]) -> web.Response:
    """RFC 6750 §3: the resource if the token is valid, else a challenge."""
    if request.headers.get("Authorization") == f"Bearer {access_token}":
        return web.json_response(resource)
    return web.json_response({}, status=401, headers=INVALID_TOKEN)


class Server:
    """An HTTP server on a free port, which can be stopped."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
        self._runner = None

    def requests(self, path: str) -> list[tuple[dict[str, str], dict[str, str]]]:
        """The forms and headers of the requests to a path."""
        return [(form, headers) for seen, form, headers in self.seen if seen == path]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        form = dict(parse_qsl(await request.text()))
        self.seen.append((request.path, form, dict(request.headers)))
        return await self.respond(request, form)

    async def respond(self, request: web.Request, form: dict[str, str]) -> web.StreamResponse:
        raise NotImplementedError


class ScriptedProvider(Server):
    """Conforms to the specifications until a test changes one of its public attributes."""

    def __init__(self, signer: Signer) -> None:
        super().__init__()
        self.signer = signer
        self.client_id = CLIENT_ID
        self.client_secret = CLIENT_SECRET
        self.algorithm = "RS256"
        self.metadata: dict[str, Any] = {}
        self.keys: list[dict[str, Any]] | None = None
        self.key_id: str | None = ""
        self.claims: dict[str, Any] = {}
        self.tokens: dict[str, Any] = {}
        self.refusals: dict[str, dict[str, Any]] = {}
        self.userinfo: dict[str, Any] = {"sub": "user0", "email": "user0@example.com", "name": "User Zero"}
        self.access_token = ""
        self.refresh_token = ""
        self.sign_ins: dict[str, dict[str, str]] = {}
        self.before_refresh: Callable[[], Any] | None = None
        self.refreshed: dict[str, Any] | None = None
        self.revoked: list[str] = []
        self.id_tokens: list[str] = []
        self.client_key: Any = None
        self.assertions: dict[str, dict[str, Any]] = {}
        self.audience = "token"  # or "issuer": the audience of an assertion for /token
        self._count = 0

    def authorize(self, location: str, **changes: str | None) -> str:
        """Sign the user in, as /authorize does. Returns the path and query of the callback.

        Its parameters can be changed; None omits a parameter.
        """
        request = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        self._count += 1
        code = f"code-{self._count}"
        self.sign_ins[code] = request
        response = {"code": code, "state": request["state"], "iss": self.url, **changes}
        path = urlsplit(request["redirect_uri"]).path
        return f"{path}?{urlencode({name: value for name, value in response.items() if value is not None})}"

    def rotate(self, kid: str | None) -> None:
        """Replace the key set with one new key. Tokens have this `kid`, or none."""
        self.signer = Signer()
        self.key_id = kid
        published = self.signer.jwk("RS256", kid=kid)
        self.keys = [{name: value for name, value in published.items() if value is not None}]

    def expire(self) -> None:
        """Invalidate the access token."""
        self.access_token = "another one"

    async def respond(self, request: web.Request, form: dict[str, str]) -> web.StreamResponse:
        if request.path in self.refusals:
            return web.Response(**self.refusals[request.path])
        documents = {
            "/.well-known/openid-configuration": self._metadata(),
            "/jwks": {"keys": self.keys or self.signer.jwks},
        }
        if request.path in documents:
            return web.json_response(documents[request.path])
        if request.path == "/token":
            return await self._token(request, form)
        if request.path == "/userinfo":
            return protected(request, self.access_token, self.userinfo)
        if request.path == "/revoke":
            known = self._authenticated(request, form)
            self.revoked += [form["token"]] if known else []
            return web.Response(status=200 if known else 401)
        return web.Response(status=404)

    def _metadata(self) -> dict[str, Any]:
        document = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "revocation_endpoint": f"{self.url}/revoke",
            "end_session_endpoint": f"{self.url}/logout",
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }
        return {name: value for name, value in document.items() if value is not None}

    async def _token(self, request: web.Request, form: dict[str, str]) -> web.StreamResponse:
        if not self._authenticated(request, form):
            return web.json_response({"error": "invalid_client"}, status=401)
        if form["grant_type"] == "refresh_token":
            if self.before_refresh:
                await self.before_refresh()
            if form["refresh_token"] != self.refresh_token:
                return web.json_response({"error": "invalid_grant"}, status=400)
            tokens = self._new_tokens()
            if self.refreshed is not None:
                tokens["id_token"] = self.id_token(None, **self.refreshed)
            return web.json_response({**tokens, **self.tokens})
        sign_in = self.sign_ins.pop(form["code"], None)
        if sign_in is None or not self._is_bound(sign_in, form):
            return web.json_response({"error": "invalid_grant", "error_description": "the code is <spent>"}, status=400)
        tokens = {**self._new_tokens(), "scope": sign_in["scope"], "expires_in": 300}
        tokens["id_token"] = self.id_token(sign_in["nonce"])
        tokens.update(self.tokens)
        return web.json_response({name: value for name, value in tokens.items() if value is not None})

    def id_token(self, nonce: str | None, /, **changes: Any) -> str:
        claims = {
            "iss": self.url,
            "sub": "user0",
            "aud": self.client_id,
            "exp": time.time() + 60,
            "iat": time.time(),
            "nonce": nonce,
            "at_hash": at_hash(self.access_token),
            "name": "User <Zero>",
            **self.claims,
            **changes,
        }
        claims = {n: v for n, v in claims.items() if v is not None}
        kid = self.algorithm if self.key_id == "" else self.key_id
        unsigned = self.algorithm == "none"
        self.id_tokens.append(
            self.signer.unsigned(claims) if unsigned else self.signer.sign(claims, self.algorithm, kid=kid)
        )
        return self.id_tokens[-1]

    def _new_tokens(self) -> dict[str, Any]:
        self._count += 1
        self.access_token = f"access-token-{self._count}-{'x' * 20}"
        self.refresh_token = f"refresh-token-{self._count}-{'x' * 20}"
        return {"access_token": self.access_token, "refresh_token": self.refresh_token, "token_type": "bearer"}

    def _authenticated(self, request: web.Request, form: dict[str, str]) -> bool:
        """Whether the client used a supported method with the right credentials (OpenID Connect Core §9)."""
        method = self._method_of(request, form)
        supported = self.metadata.get("token_endpoint_auth_methods_supported", ("client_secret_basic",))
        if method not in supported:
            return False
        if method == "client_secret_basic":
            pair = urlencode({self.client_id: self.client_secret}).replace("=", ":")
            return request.headers["Authorization"] == f"Basic {b64encode(pair.encode()).decode()}"
        if method == "client_secret_post":
            return (form.get("client_id"), form["client_secret"]) == (self.client_id, self.client_secret)
        return (
            form["client_id"] == self.client_id
            if method == "none"
            else self._has_valid_assertion(method, form, request.path)
        )

    @staticmethod
    def _method_of(request: web.Request, form: dict[str, str]) -> str:
        if "Authorization" in request.headers:
            return "client_secret_basic"
        if "client_assertion" in form:
            symmetric = jws.get_unverified_header(form["client_assertion"])["alg"] == "HS256"
            return "client_secret_jwt" if symmetric else "private_key_jwt"
        return "client_secret_post" if "client_secret" in form else "none"

    def _has_valid_assertion(self, method: str, form: dict[str, str], path: str) -> bool:
        """RFC 7523 §3: the assertion is from this client, for this provider, current, and not used before."""
        key = self.client_secret.encode() if method == "client_secret_jwt" else self.client_key
        algorithms = ["HS256"] if method == "client_secret_jwt" else ["RS256", "ES256"]
        claims = json.loads(jws.verify(form["client_assertion"], key, algorithms))
        fresh = claims["jti"] not in self.assertions
        self.assertions[claims["jti"]] = claims
        return (
            fresh
            and form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            and (claims["iss"], claims["sub"]) == (self.client_id, self.client_id)
            and claims["aud"] == (f"{self.url}/token" if (path, self.audience) == ("/token", "token") else self.url)
            and claims["iat"] <= time.time() < claims["exp"] <= time.time() + 60
        )

    @staticmethod
    def _is_bound(sign_in: dict[str, str], form: dict[str, str]) -> bool:
        """Whether the code verifier and the redirect URI are those of the authorization request."""
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (challenge, form["redirect_uri"]) == (sign_in["code_challenge"], sign_in["redirect_uri"])


class ScriptedResourceServer(Server):
    """Accepts the provider's access token, or always responds with `reply`."""

    def __init__(self, provider: ScriptedProvider) -> None:
        super().__init__()
        self.provider = provider
        self.reply: dict[str, Any] | None = None

    async def respond(self, request: web.Request, _: dict[str, str]) -> web.StreamResponse:
        if self.reply is not None:
            return web.Response(**self.reply)
        profile = {"sub": "user0", "username": "user0", "metadata": {"plan": "demo"}}
        return protected(request, self.provider.access_token, profile)


class Browser:
    """A browser at the relying party, with its cookies."""

    def __init__(self, client: Any, provider: ScriptedProvider) -> None:
        self.client = client
        self.provider = provider

    async def get(self, path: str, **options: Any) -> Any:
        return await self.client.get(path, **options)

    async def see(self, path: str) -> str:
        """The text of a page."""
        return unescape(await (await self.client.get(path)).get_data(as_text=True))

    async def start(self, path: str = "/login") -> str:
        """Start a sign-in. Returns the URL of the authorization request."""
        response = await self.client.get(path)
        assert response.status_code == 303
        return str(response.headers["Location"])

    async def sign_in(self, path: str = "/login", **changes: str | None) -> Any:
        """A complete sign-in. Returns the response of the callback."""
        return await self.client.get(self.provider.authorize(await self.start(path), **changes))

    def cookie(self, name: str) -> str | None:
        return next((cookie.value for cookie in self.client.cookie_jar if cookie.name == name), None)

    async def sign_out(self, **options: Any) -> Any:
        """Submit the form of the profile page; `form` replaces its fields."""
        page = await self.see("/profile")
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        form = {"csrf_token": found[1]} if found else {}
        return await self.client.post("/logout", **{"form": form, **options})


async def refused(response: Any, *, says: str, status: int = 400) -> str:
    """Check the status, the headers and the text of an error page. Returns its HTML."""
    text = await response.get_data(as_text=True)
    assert (response.status_code, says in text) == (status, True), text
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in response.headers
    return str(text)
