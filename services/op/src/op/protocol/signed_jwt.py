"""JWTs that clients sign: parsed once, then verified with one of the client's keys (RFC 7515, RFC 7519)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jose import jwk
from jose.backends.base import Key
from jose.exceptions import JOSEError
from jose.utils import base64url_decode

from op.protocol.untrusted_json import parse_json

UNSIGNED = "none"
_KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}
_LATEST = 253_402_300_799  # the end of the year 9999
_SEGMENTS = 3


@dataclass(frozen=True, slots=True)
class SignedJwt:
    """A compact JWS whose signature is not verified yet (RFC 7515 §7.1). Only `parse` creates one."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any] = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "SignedJwt":
        """Parse a JWT; raises ValueError if `text` is not one."""
        segments = text.encode("ascii").split(b".")
        if len(segments) != _SEGMENTS:
            raise ValueError("a JWT must have three segments")
        header, claims, signature = segments
        return cls(_json_object(header), _json_object(claims), header + b"." + claims, base64url_decode(signature))

    @property
    def algorithm(self) -> object:
        """`alg` from the header, unchecked: compare it with the client's registration (RFC 8725 §3.1)."""
        return self.header.get("alg")

    @property
    def kid(self) -> str | None:
        kid = self.header.get("kid")
        return kid if isinstance(kid, str) else None

    def is_signed_by(self, keys: Sequence[Mapping[str, Any] | str], algorithm: str) -> bool:
        """Whether the signature was made with one of the keys (JWKs or secrets) and `algorithm` (RFC 7515 §5.2)."""
        return self.algorithm == algorithm and any(self._fits(key, algorithm) for key in keys)

    def _fits(self, key: Mapping[str, Any] | str, algorithm: str) -> bool:
        try:
            made: Key = jwk.construct(key if isinstance(key, str) else dict(key), algorithm)
            return bool(made.verify(self.signing_input, self.signature))
        except (JOSEError, ValueError):
            return False  # a malformed key has not signed anything


def suitable_keys(keys: Sequence[Mapping[str, Any]], algorithm: str, kid: str | None) -> tuple[Mapping[str, Any], ...]:
    """The keys of a set that may have signed a JWT with this `alg` and `kid` (RFC 7517 §4).

    RFC 7523 §3 (9); RFC 9101 §4, §6.1.
    """
    return tuple(
        key
        for key in keys
        if key.get("kty") == _KEY_TYPES.get(algorithm)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    )


def numeric_date(claims: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate (RFC 7519 §2), or None if the claim is absent; raises ValueError if it has another type."""
    value = claims.get(name)
    if value is None:
        return None
    # Compared before any calculation: JSON has numbers that a float cannot hold.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise ValueError(f"{name} is not a valid time")
    return math.ceil(value)


def _json_object(segment: bytes) -> dict[str, Any]:
    value = parse_json(base64url_decode(segment))
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value
