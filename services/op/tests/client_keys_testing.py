"""The signing keys of test clients, generated once per test run without code of the provider."""

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwk

CLIENT_KEYS: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}


@cache
def private_pem(algorithm: str) -> str:
    return CLIENT_KEYS[algorithm].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def public_jwk(algorithm: str) -> dict[str, Any]:
    public = jwk.construct(private_pem(algorithm), algorithm).public_key().to_dict()
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in public.items()} | {"kid": algorithm}
