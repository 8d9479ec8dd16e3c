"""A published key, prepared for verification with one algorithm."""

from collections.abc import Mapping
from typing import Any

from jose import jwk
from jose.backends.base import Key

_KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}
_LEAST_MODULUS_LENGTH = 342  # 2048 bits, as base64url


def verification_key(document: Mapping[str, Any], algorithm: str) -> Key | None:
    """The public key of a JWK for `algorithm`, or None if the JWK cannot be used with it (RFC 7517 §4, §5).

    RS256 requires a modulus of at least 2048 bits (RFC 7518 §3.3), and ES256 the curve P-256 (§3.4). Creating a key
    takes milliseconds, so callers should cache it.
    """
    if document.get("kty") != _KEY_TYPES[algorithm] or document.get("alg", algorithm) != algorithm:
        return None
    if document.get("use", "sig") != "sig" or "d" in document:
        return None
    if algorithm == "ES256" and document.get("crv") != "P-256":
        return None
    try:
        key = jwk.construct(dict(document), algorithm)
        if algorithm == "RS256" and len(key.to_dict()["n"]) < _LEAST_MODULUS_LENGTH:
            return None
    except Exception:  # noqa: BLE001 - python-jose does not convert the errors of malformed members
        return None
    return key
