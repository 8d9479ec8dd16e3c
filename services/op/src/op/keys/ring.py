"""The provider's keys: the only place that signs, and that checks its own signatures.

Made at first start, rotated by a schedule, and shared by all replicas through Redis. A `kid` is the key's thumbprint
(RFC 7638). Key objects are made once: parsing a private key for each signature would cost a hundred times the
signature.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwk, jws
from jose.backends.base import Key
from jose.exceptions import JOSEError

from op.protocol.keys.schedule import Schedule, signing, waiting
from op.records import Generation
from op.stores.signing_keys import SigningKeyStore, StoredKeys

ALGORITHMS = ("RS256", "ES256")
RSA_BITS = 2048

_THUMBPRINT_MEMBERS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}


class InvalidSignature(Exception):
    """It was not signed by this provider, or not in the expected way."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair; `public` is its JWK (RFC 7517 §4)."""

    algorithm: str
    private_key: Key
    public_key: Key
    public: dict[str, str]

    @classmethod
    def from_pem(cls, algorithm: str, pem: str) -> "SigningKey":
        private_key = jwk.construct(pem, algorithm)
        public_key = private_key.public_key()
        members = {name: _text(value) for name, value in public_key.to_dict().items() if name != "alg"}
        public = {**members, "use": "sig", "alg": algorithm, "kid": thumbprint(members)}
        return cls(algorithm, private_key, public_key, public)

    @property
    def kid(self) -> str:
        return self.public["kid"]


@dataclass(frozen=True, slots=True)
class KeySet:
    """The generations as they were read, and their keys, made once: by algorithm, the oldest first."""

    stored: StoredKeys
    keys: tuple[Mapping[str, SigningKey], ...]

    def signing(self, now: int) -> Mapping[str, SigningKey]:
        generations = self.stored.generations
        return self.keys[generations.index(signing(generations, now))]


class KeyRing:
    """The keys of this provider, read from Redis when first needed and by `refresh`, never by a request after that.

    `clock` gives seconds since the epoch.
    """

    def __init__(self, store: SigningKeyStore, schedule: Schedule, clock: Callable[[], float]) -> None:
        self._store = store
        self._schedule = schedule
        self._clock = clock
        self._set: KeySet | None = None
        self._lock = asyncio.Lock()

    async def load(self) -> KeySet:
        """The keys; the first replica that finds none makes them. Raises DecryptionError, RedisError."""
        if self._set is None:
            async with self._lock:
                if self._set is None:
                    self._set = _key_set(await self._read_or_make())
        return self._set

    async def refresh(self) -> None:
        """Take over what another replica or a command has changed. Raises DecryptionError, RedisError."""
        known = await self.load()
        stored = await self._read_or_make()
        if stored.sealed != known.stored.sealed:
            self._set = _key_set(stored)

    async def rotate(self, *, when_due: bool = False) -> bool:
        """Make the next generation, which signs after the schedule's lead (OpenID Connect Core §10.1.1).

        False when it is not due, one is waiting to sign, or another replica made it at the same time.
        """
        await self.refresh()
        before, now = (await self.load()).stored, int(self._clock())
        if waiting(before.generations, now) or (when_due and not self._schedule.is_due(before.generations, now)):
            return False
        generations = self._schedule.rotated(before.generations, await asyncio.to_thread(new_keys), now)
        rotated = await self._store.replace(before, generations)
        await self.refresh()
        return rotated

    async def revoke(self, kid: str) -> frozenset[str]:
        """Withdraw a key that is not secret any more: it leaves the set, and what it signed no longer verifies.

        All keys of its generation go with it, since they rest in one record; their kids, or none without such a key.
        Where they sign, new ones sign at once, and whoever keeps the set must fetch it to know them.
        """
        while True:
            await self.refresh()
            known, now = await self.load(), int(self._clock())
            leaked = next((keys for keys in known.keys if kid in _kids(keys)), None)
            if leaked is None:
                return frozenset()
            left = [one for one, keys in zip(known.stored.generations, known.keys, strict=True) if keys is not leaked]
            if leaked is known.signing(now):
                left.append(Generation(now, await asyncio.to_thread(new_keys)))
            replaced = await self._store.replace(known.stored, tuple(sorted(left, key=lambda one: one.signs_from)))
            await self.refresh()
            if replaced:
                return _kids(leaked)

    async def _read_or_make(self) -> StoredKeys:
        stored = await self._store.find()
        if stored is None:
            await self._store.save_first(Generation(int(self._clock()), await asyncio.to_thread(new_keys)))
            stored = await self._store.find()
        assert stored is not None
        return stored

    async def published(self) -> list[tuple[int, SigningKey]]:
        """Each key that is published, and from when on it signs; the oldest first."""
        known = await self.load()
        needed = self._schedule.needed(known.stored.generations, int(self._clock()))
        return [
            (generation.signs_from, key)
            for generation, keys in zip(known.stored.generations, known.keys, strict=True)
            if generation in needed
            for key in keys.values()
        ]

    async def signing_kids(self) -> frozenset[str]:
        """The kids of the keys that sign now."""
        return _kids((await self.load()).signing(int(self._clock())))

    async def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517 §5)."""
        return {"keys": [key.public for _, key in await self.published()]}

    async def sign(self, claims: dict[str, Any], algorithm: str, *, typ: str, secret: str | None = None) -> str:
        """A compact JWS (RFC 7515 §3.1). HS256 is keyed by the client's `secret` (OpenID Connect Core §10.1)."""
        if algorithm == "HS256":
            assert secret, "HS256 is for clients with a secret"
            return jws.sign(claims, jwk.construct(secret, "HS256"), {"typ": typ}, "HS256")
        key = (await self.load()).signing(int(self._clock()))[algorithm]
        return jws.sign(claims, key.private_key, {"typ": typ, "kid": key.kid}, algorithm)

    async def verify(self, token: str, algorithm: str, *, typ: str, secret: str | None = None) -> dict[str, Any]:
        """The claims of a JWS that this provider signed with `algorithm` as a `typ`; raises InvalidSignature.

        The same key signs tokens of several types: one must not pass for another (RFC 8725 §3.11).
        """
        if algorithm == "HS256":
            if not secret:
                raise InvalidSignature("HS256 requires the client's secret")
            key = jwk.construct(secret, "HS256")
        else:
            key = await self._public_key(token, algorithm)
        try:
            claims = json.loads(jws.verify(token, key, [algorithm]))
            header = jws.get_unverified_header(token)
        except (JOSEError, ValueError, RecursionError) as fault:
            raise InvalidSignature(str(fault)) from None
        if header.get("typ") != typ:
            raise InvalidSignature(f"the type is not {typ}")
        if not isinstance(claims, dict):
            raise InvalidSignature("the payload is not a JSON object")
        return claims

    async def _public_key(self, token: str, algorithm: str) -> Key:
        """The published key that a token names; raises InvalidSignature."""
        try:
            kid = jws.get_unverified_header(token).get("kid")
        except (JOSEError, ValueError, RecursionError) as fault:
            raise InvalidSignature(str(fault)) from None
        for _, key in await self.published():
            if key.kid == kid and key.algorithm == algorithm:
                return key.public_key
        raise InvalidSignature("its kid does not name a key of this provider for the algorithm")


def _kids(keys: Mapping[str, SigningKey]) -> frozenset[str]:
    return frozenset(key.kid for key in keys.values())


def _key_set(stored: StoredKeys) -> KeySet:
    return KeySet(
        stored,
        tuple(
            {algorithm: SigningKey.from_pem(algorithm, pem) for algorithm, pem in generation.pems.items()}
            for generation in stored.generations
        ),
    )


def new_keys() -> dict[str, str]:
    """A fresh private key for each algorithm, as PEM."""
    private_keys: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = {
        "RS256": rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
    }
    return {
        algorithm: key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        for algorithm, key in private_keys.items()
    }


def thumbprint(public: dict[str, str]) -> str:
    """The SHA-256 of a public key's required members (RFC 7638 §3)."""
    members = {name: public[name] for name in _THUMBPRINT_MEMBERS[public["kty"]]}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


def _text(value: str | bytes) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else value
