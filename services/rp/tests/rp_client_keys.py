"""The keys with which a client of the tests signs its assertions, generated once for a test run."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwk
from jose.backends.base import Key

CLIENT_KEYS: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def client_pem(algorithm: str, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return pem(CLIENT_KEYS[algorithm], form)


def client_jwk(algorithm: str, **members: Any) -> str:
    """The private key as a JWK. None omits a member."""
    document = {**jwk.construct(client_pem(algorithm), algorithm).to_dict(), **members}
    return json.dumps({name: value for name, value in document.items() if value is not None})


def client_public_key(algorithm: str) -> Key:
    return jwk.construct(client_pem(algorithm), algorithm).public_key()
