"""The signature of an ID token (OpenID Connect Core §3.1.3.7 items 6 to 8, §10.1).

The registration of this client determines the algorithm. The token's header is compared with it and has no influence.
python-jose verifies the compact form with a key object of that algorithm.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jose import jwk, jws
from jose.backends.base import Key
from jose.exceptions import JOSEError

from rp.check import Check, equality, shown
from rp.errors import IdTokenRefused
from rp.message import Message
from rp.protocol.tokens.received_token import ReceivedToken

SYMMETRIC = "HS256"
UNSIGNED = "none"
KEYLESS = frozenset({SYMMETRIC, UNSIGNED})
"""Algorithms that do not use the provider's key set."""

# The members of a public key of each type, and what a JWK for an algorithm must be (RFC 7518 §6.2.1, §6.3.1).
_PUBLIC_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}
_MODULUS_CHARACTERS = 342  # of base64url, for 2048 bits
_KEY_TYPES: Mapping[str, Mapping[str, str]] = {"RS256": {"kty": "RSA"}, "ES256": {"kty": "EC", "crv": "P-256"}}

_COUNTS = (
    Message("check", "none in the provider's key set"),
    Message("check", "one"),
    Message("check", "several, without a way to choose"),
)


def check_algorithm(token: ReceivedToken, algorithm: str) -> Check:
    """Items 7 and 8: the registered algorithm only. This excludes `none`, and HS256 with a public key as the secret.

    OpenID Connect Core §2, §3.1.3.7 (6), §3.1.3.7 (7); RFC 8725 §3.1.
    """
    found = token.header.get("alg")
    return IdTokenRefused.unless(found == algorithm, equality("alg", "OIDC Core §3.1.3.7 (7)", algorithm, found))


def check_type(token: ReceivedToken) -> Check:
    """RFC 8725 §3.11: a token with another type, such as an access token, is not an ID token."""
    found = token.header.get("typ")
    passed = found is None or (isinstance(found, str) and found.lower() == "jwt")
    return IdTokenRefused.unless(
        passed, Check("typ", "RFC 8725 §3.11", Message("check", "JWT, or absent"), shown(found))
    )


def check_extensions(token: ReceivedToken) -> Check:
    """RFC 7515 §4.1.11: a token with a critical extension is rejected, since none is supported."""
    found = token.header.get("crit")
    return IdTokenRefused.unless(
        "crit" not in token.header,
        Check("crit", "RFC 7515 §4.1.11", Message("check", "no critical extension"), shown(found)),
    )


def check_key(token: ReceivedToken, algorithm: str, keys: Sequence[Mapping[str, Any]]) -> Check:
    """§10.1: exactly one key of the provider matches, also if the token has no `kid`."""
    kid = token.kid
    if algorithm == UNSIGNED:
        return Check(
            "key", "OIDC Core §2", Message("check", "no key: registered as unsigned"), Message("check", "no key")
        )
    if algorithm == SYMMETRIC:
        secret = Message("check", "the client's secret")
        return Check("key", "OIDC Core §10.1", secret, secret)
    expected = (
        Message("check", "one %(algorithm)s key", algorithm=algorithm)
        if kid is None
        else Message("check", "one %(algorithm)s key with kid %(kid)s", algorithm=algorithm, kid=shown(kid))
    )
    count = len(_suitable(keys, kid, algorithm))
    return IdTokenRefused.unless(count == 1, Check("key", "OIDC Core §10.1", expected, _COUNTS[min(count, 2)]))


def check_signature(
    token: ReceivedToken, algorithm: str, keys: Sequence[Mapping[str, Any]], client_secret: str | None
) -> Check:
    """Item 6: the signature is valid with the key. For HS256 that is the client secret (§10.1).

    OpenID Connect Core §3.1.3.7 (6), §3.1.3.7 (8).
    """
    section = "OIDC Core §3.1.3.7 (6)"
    if algorithm == UNSIGNED:
        return _check_no_signature(token, section)
    expected = Message("check", "valid with %(algorithm)s", algorithm=algorithm)
    key = _construct(token, algorithm, keys, client_secret)
    try:
        jws.verify(token.compact, key, algorithms=[algorithm])
    except JOSEError:
        raise IdTokenRefused(Check("signature", section, expected, Message("check", "not valid"))) from None
    return Check("signature", section, expected, Message("check", "valid"))


def _check_no_signature(token: ReceivedToken, section: str) -> Check:
    """RFC 7518 §3.6: an unsecured JWS has an empty signature. TLS ensures that it came from the provider.

    OpenID Connect Core §2, §3.1.3.7 (6).
    """
    signature = token.compact.rpartition(".")[2]
    return IdTokenRefused.unless(
        not signature,
        Check(
            "signature",
            section,
            Message("check", "none: registered as unsigned"),
            Message("check", "a signature") if signature else Message("check", "none"),
        ),
    )


def _construct(
    token: ReceivedToken, algorithm: str, keys: Sequence[Mapping[str, Any]], client_secret: str | None
) -> Key:
    """RFC 7517 §4, §5; RFC 7518 §6.2.1, §6.3.1; RFC 8725 §3.4."""
    if algorithm == SYMMETRIC:
        # Never an empty key, with which anyone could sign: the settings reject a registration without a secret.
        assert client_secret, "HS256 needs the client's secret"
        return jwk.construct(client_secret.encode(), SYMMETRIC)
    suitable = _suitable(keys, token.kid, algorithm)[0]
    members = {name: suitable.get(name) for name in ("kty", *_PUBLIC_MEMBERS[suitable["kty"]])}
    try:
        return jwk.construct(members, algorithm)
    except Exception as fault:  # noqa: BLE001 - the libraries raise many types for a malformed key
        expected = Message("check", "a well-formed %(algorithm)s key", algorithm=algorithm)
        raise IdTokenRefused(Check("key", "RFC 7517 §4", expected, type(fault).__name__)) from None


def _suitable(keys: Sequence[Mapping[str, Any]], kid: str | None, algorithm: str) -> list[Mapping[str, Any]]:
    """The keys whose members allow this use (RFC 7517 §4.1 to §4.5)."""
    return [
        key
        for key in keys
        if all(key.get(name) == value for name, value in _KEY_TYPES[algorithm].items())
        and (kid is None or key.get("kid") == kid)
        and key.get("use") in (None, "sig")
        and key.get("alg") in (None, algorithm)
        and _may_verify(key.get("key_ops"))
        and _is_long_enough(key)
    ]


def _is_long_enough(key: Mapping[str, Any]) -> bool:
    """RFC 7518 §3.3: an RSA key has 2048 bits or more."""
    return key["kty"] != "RSA" or len(str(key.get("n", ""))) >= _MODULUS_CHARACTERS


def _may_verify(operations: object) -> bool:
    return operations is None or (isinstance(operations, list) and "verify" in operations)
