"""The private key with which a client signs its assertions, read from PEM or from a JWK."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jose import jwk
from jose.backends.base import Key

_LEAST_BITS = 2048
_ACCEPTED = "a private key as PEM or JWK: RSA of 2048 bits or more, or EC P-256"


@dataclass(frozen=True)
class ClientKey:
    """The key, its algorithm, and the key ID at the provider, if it has one.

    OpenID Connect Core §9; RFC 7518 §3.2, §3.3, §3.4.
    """

    algorithm: str
    kid: str | None
    key: Key = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "ClientKey":
        """Read PEM (PKCS #8, PKCS #1, SEC 1) or a JWK (RFC 7517 §4). Raises ValueError without repeating the input."""
        try:
            return _of_jwk(json.loads(text)) if text.lstrip().startswith("{") else _of_pem(text)
        except Exception:  # noqa: BLE001 - the libraries raise many types, with messages that may repeat the input
            raise ValueError(f"must be {_ACCEPTED}") from None


def _of_pem(text: str) -> ClientKey:
    private = load_pem_private_key(text.encode(), password=None)
    if isinstance(private, RSAPrivateKey) and private.key_size >= _LEAST_BITS:
        return ClientKey("RS256", None, jwk.construct(text, "RS256"))
    if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP256R1):
        return ClientKey("ES256", None, jwk.construct(text, "ES256"))
    raise UnsupportedAlgorithm(_ACCEPTED)


def _of_jwk(members: Mapping[str, Any]) -> ClientKey:
    algorithm = {"RSA": "RS256", "EC": "ES256"}[members["kty"]]
    if not members["d"] or members.get("alg") not in (None, algorithm):
        raise UnsupportedAlgorithm(_ACCEPTED)
    # Through PEM, so that the same checks apply to both formats.
    key = _of_pem(jwk.construct(dict(members), algorithm).to_pem().decode())
    kid = members.get("kid")
    return ClientKey(key.algorithm, kid if isinstance(kid, str) else None, key.key)
