"""A published key, made ready to verify with one algorithm."""

from collections.abc import Mapping
from typing import Any

from jose import jwk
from jose.backends.base import Key

_KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}
_LEAST_MODULUS_LENGTH = 342  # 2048 bits, as base64url


def verification_key(document: Mapping[str, Any], algorithm: str) -> Key | None:
    """The public key of a JWK for `algorithm`, or None when the JWK is not one for it (RFC 7517 §4, §5).

    RS256 needs a modulus of 2048 bits (RFC 7518 §3.3) and ES256 the curve P-256 (§3.4). Making one takes
    milliseconds: keep it.
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
    except Exception:  # noqa: BLE001 - python-jose lets whatever a malformed member causes through
        return None
    return key
