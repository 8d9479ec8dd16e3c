"""What JWTs that a client has signed have in common: which of its keys fit, what one of them signed, and times."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jose import jws
from jose.exceptions import JOSEError

from op.protocol.strange_json import parse_json

UNSIGNED = "none"
CLOCK_SKEW = 60
"""How far a client's clock may be ahead, in seconds."""

_KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}
_LATEST = 253_402_300_799  # the end of the year 9999


@dataclass(frozen=True, slots=True)
class Header:
    """How a JWT says that it is signed; `algorithm` is one that the client is registered for."""

    algorithm: str
    kid: str | None

    @property
    def is_signed(self) -> bool:
        return self.algorithm != UNSIGNED


def suitable_keys(keys: Sequence[Mapping[str, Any]], header: Header) -> list[Mapping[str, Any]]:
    """The keys of a set that may have signed it (RFC 7517 §4)."""
    return [
        key
        for key in keys
        if key.get("kty") == _KEY_TYPES.get(header.algorithm)
        and key.get("use", "sig") == "sig"
        and key.get("alg", header.algorithm) == header.algorithm
        and (header.kid is None or key.get("kid") == header.kid)
    ]


def verified_claims(token: str, header: Header, keys: Sequence[Any]) -> dict[str, Any] | None:
    """What one of the keys has signed (RFC 7515 §5.2); None when it was none of them."""
    for key in keys:
        try:
            claims = parse_json(jws.verify(token, key, [header.algorithm]))
        except (JOSEError, ValueError):
            continue  # a key that cannot be read is one that did not sign it
        if isinstance(claims, dict):
            return claims
    return None


def numeric_date(claims: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate (RFC 7519 §2), None when it is absent; raises ValueError when it is none."""
    value = claims.get(name)
    if value is None:
        return None
    # Compared before anything is calculated: JSON has numbers that no float can hold.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise ValueError(f"{name} is no time")
    return math.ceil(value)
