"""The provider of the OpenID Foundation's conformance suite for relying parties.

Its issuer has a path and ends with a slash, as in `/test/a/<alias>/`. It has few endpoints and a minimal discovery
document, uses new keys in each module, and fails a module that receives a request after its end.
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
USER = "user-subject-1234531"


class SuiteProvider(ScriptedProvider):
    """Runs module after module. A test sets what its module does, and which request ends it (`last`)."""

    def __init__(self, signer: Signer) -> None:
        super().__init__(signer)
        self.calls: list[str] = []
        self.late: list[str] = []
        self.last = "userinfo"
        self.jwks_path = "jwks"
        self.sid: str | None = None
        self.breaks_signatures = False
        self.tokens = {"scope": None, "expires_in": None}
        self.userinfo = {"sub": USER, "name": "Demo T. User", "email": "user@example.com", "updated_at": 1580000000}
        self.use(signer)

    @property
    def issuer(self) -> str:
        return f"{self.url}{ALIAS}/"

    def use(self, signer: Signer) -> None:
        """Sign with these keys, under new key IDs."""
        self.signer, self.key_id = signer, secrets.token_hex(4)
        self.keys = key_set(signer, self.key_id)

    def next_module(self) -> None:
        """Start a module: the same alias, new keys, no requests."""
        self.use(Signer())
        self.calls.clear()
        self.late.clear()

    def authorize(self, location: str, **changes: str | None) -> str:
        """Respond without `iss`, and with `session_state` if sessions can be ended."""
        assert location.startswith(f"{self.issuer}authorize?")
        self._called("authorize")
        return super().authorize(location, iss=None, session_state="a.state" if self.sid else None, **changes)

    async def respond(self, request: web.Request, form: dict[str, str]) -> web.StreamResponse:
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
            "sub": USER,
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
        return f"{token[:-16]}{'A' * 16}" if self.breaks_signatures else token

    def logout_claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of its logout token. None omits a claim."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": USER,
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
        logout = {"end_session_endpoint": f"{self.issuer}end_session_endpoint"} if self.sid else {}
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}authorize",
            "token_endpoint": f"{self.issuer}token",
            "userinfo_endpoint": f"{self.issuer}userinfo",
            "jwks_uri": f"{self.issuer}{self.jwks_path}",
            **logout,
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
    """Keys of several types. `rsa` of them are for RS256, of which the first signs. `alg` adds their algorithm."""
    keys = [signer.jwk("RS256"), *_other_keys()[: rsa - 1], *_other_keys()[2:]]
    found = []
    for number, key in enumerate(keys):
        ids = {"kid": None if kid is None else f"{kid}-{number}" if number else kid}
        omitted = {} if alg or key["use"] == "enc" else {"alg": None}
        found.append({name: value for name, value in {**key, **ids, **omitted}.items() if value is not None})
    return found


@cache
def _other_keys() -> list[dict[str, Any]]:
    """Two RSA keys, then keys of other types and for other uses."""
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
