"""The provider that the OpenID Foundation's conformance suite puts before a relying party.

Its issuer has a path and ends with a slash, as `/test/a/<alias>/` does. It has few endpoints and says no more than it
must, it has other keys in each module, and a request that comes after the end of a module makes that module fail.
"""

import secrets
import time
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rp_testing import ScriptedProvider, Signer, at_hash

ALIAS = "/test/a/trefoil"
DISCOVERY = ".well-known/openid-configuration"
PERSON = "user-subject-1234531"


class SuiteProvider(ScriptedProvider):
    """One module after the other; a test sets what its module does, and which call ends it (`last`)."""

    def __init__(self, signer: Signer) -> None:
        super().__init__(signer)
        self.calls: list[str] = []
        self.late: list[str] = []
        self.last = "userinfo"
        self.jwks_path = "jwks"
        self.sid: str | None = None
        self.spoilt = False
        self.tokens = {"scope": None, "expires_in": None}
        self.userinfo = {"sub": PERSON, "name": "Demo T. User", "email": "user@example.com", "updated_at": 1580000000}
        self.use(signer)

    @property
    def issuer(self) -> str:
        return f"{self.url}{ALIAS}/"

    def use(self, signer: Signer) -> None:
        """Sign with these keys, under ids that nobody has seen."""
        self.signer, self.key_id = signer, secrets.token_hex(4)
        self.keys = key_set(signer, self.key_id)

    def next_module(self) -> None:
        """The same alias, other keys, and no call yet."""
        self.use(Signer())
        self.calls.clear()
        self.late.clear()

    def authorize(self, location: str, **changes: str | None) -> str:
        """It says no `iss`; where sessions can be ended, it says their state."""
        assert location.startswith(f"{self.issuer}authorize?")
        self._called("authorize")
        return super().authorize(location, iss=None, session_state="a.state" if self.sid else None, **changes)

    async def answer(self, request: web.Request, form: dict[str, str]) -> web.StreamResponse:
        name = request.path.removeprefix(f"{ALIAS}/")
        self._called(name)
        if name == DISCOVERY:
            return web.json_response(self._metadata())
        if name == self.jwks_path:
            return web.json_response({"keys": self.keys})
        if name == "token" and form.get("grant_type") == "authorization_code":
            return await self._token(request, form)
        if name == "userinfo" and request.headers.get("Authorization") == f"Bearer {self.access_token}":
            return web.json_response(self.userinfo)
        return web.Response(status=500)

    def id_token(self, nonce: str | None, /, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": PERSON,
            "aud": self.client_id,
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            "at_hash": at_hash(self.access_token),
            "sid": self.sid,
            **self.claims,
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.algorithm == "none":
            return self.signer.unsigned(claims)
        token = self.signer.untyped(claims, self.key_id)
        return f"{token[:-16]}{'A' * 16}" if self.spoilt else token

    def logout_claims(self, **changes: Any) -> dict[str, Any]:
        """What its logout token says; a claim that is None is left out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": PERSON,
            "aud": self.client_id,
            "jti": secrets.token_urlsafe(16),
            "sid": self.sid,
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            "iat": now,
            "exp": now + 120,
            "unknown": "to be ignored",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def _new_tokens(self) -> dict[str, Any]:
        self.access_token = secrets.token_urlsafe(32)
        return {"access_token": self.access_token, "token_type": "Bearer"}

    def _metadata(self) -> dict[str, Any]:
        ends_sessions = {"end_session_endpoint": f"{self.issuer}end_session_endpoint"} if self.sid else {}
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}authorize",
            "token_endpoint": f"{self.issuer}token",
            "userinfo_endpoint": f"{self.issuer}userinfo",
            "jwks_uri": f"{self.issuer}{self.jwks_path}",
            **ends_sessions,
            "response_types_supported": ["code", "id_token code", "token code id_token", "id_token", "token id_token"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256", "ES256", "PS256"],
            "claims_parameter_supported": True,
            **self.metadata,
        }

    def _called(self, name: str) -> None:
        if self.last in self.calls:
            self.late.append(name)
        self.calls.append(name)


def key_set(signer: Signer, kid: str | None, *, rsa: int = 2, alg: bool = False) -> list[dict[str, Any]]:
    """Keys of every kind; `rsa` of them are for RS256, the first one signs. With `alg` they say which algorithm."""
    keys = [signer.jwk("RS256"), *_strangers()[: rsa - 1], *_strangers()[2:]]
    found = []
    for number, key in enumerate(keys):
        ids = {"kid": None if kid is None else f"{kid}-{number}" if number else kid}
        unsaid = {} if alg or key["use"] == "enc" else {"alg": None}
        found.append({name: value for name, value in {**key, **ids, **unsaid}.items() if value is not None})
    return found


@cache
def _strangers() -> list[dict[str, Any]]:
    """Two RSA keys, then keys of other kinds and for other uses."""
    other = Signer()
    numbers = ec.generate_private_key(ec.SECP256K1()).public_key().public_numbers()
    edwards = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    point = {"x": _base64url(numbers.x.to_bytes(32, "big")), "y": _base64url(numbers.y.to_bytes(32, "big"))}
    return [
        Signer().jwk("RS256"),
        other.jwk("RS256"),
        other.jwk("ES256"),
        {"kty": "EC", "crv": "secp256k1", "use": "sig", **point},
        {"kty": "OKP", "crv": "Ed25519", "use": "sig", "x": _base64url(edwards)},
        other.jwk("RS256", use="enc", alg="RSA-OAEP"),
        other.jwk("ES256", use="enc", alg="ECDH-ES"),
    ]


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
