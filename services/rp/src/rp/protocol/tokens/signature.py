"""The signature of an id_token (OpenID Connect Core §3.1.3.7 items 6 to 8, §10.1).

The algorithm is the one that this client is registered with. What the token's header says is compared with it and
decides nothing. python-jose gets a key object of that algorithm and the compact form, and does the arithmetic.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jose import jwk, jws
from jose.backends.base import Key
from jose.exceptions import JOSEError

from rp.check import Check, shown
from rp.errors import IdTokenRefused
from rp.protocol.tokens.received_token import ReceivedToken

SYMMETRIC = "HS256"
UNSIGNED = "none"
KEYLESS = frozenset({SYMMETRIC, UNSIGNED})
"""They need no key of the provider's set."""

# What a JWK of an algorithm must be, and the members that make its public key (RFC 7518 §6.2.1, §6.3.1).
_PUBLIC_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}
_MODULUS_CHARACTERS = 342  # of base64url, for 2048 bits
_KEY_TYPES: Mapping[str, Mapping[str, str]] = {"RS256": {"kty": "RSA"}, "ES256": {"kty": "EC", "crv": "P-256"}}


def check_algorithm(token: ReceivedToken, algorithm: str) -> Check:
    """Items 7 and 8: the registered algorithm, and no other: no unexpected `none`, no HS256 with a public key.

    OpenID Connect Core §2, §3.1.3.7 (6), (7); RFC 8725 §3.1.
    """
    found = token.header.get("alg")
    return IdTokenRefused.unless(found == algorithm, Check("alg", "OIDC Core §3.1.3.7 (7)", algorithm, shown(found)))


def check_type(token: ReceivedToken) -> Check:
    """RFC 8725 §3.11: a token that says it is something else, an access token say, is no id_token."""
    found = token.header.get("typ")
    passed = found is None or (isinstance(found, str) and found.lower() == "jwt")
    return IdTokenRefused.unless(passed, Check("typ", "RFC 8725 §3.11", "JWT, or absent", shown(found)))


def check_extensions(token: ReceivedToken) -> Check:
    """RFC 7515 §4.1.11: an extension that must be understood, and is not, refuses the token."""
    found = token.header.get("crit")
    return IdTokenRefused.unless(
        "crit" not in token.header, Check("crit", "RFC 7515 §4.1.11", "no critical extension", shown(found))
    )


def check_key(token: ReceivedToken, algorithm: str, keys: Sequence[Mapping[str, Any]]) -> Check:
    """§10.1: exactly one key of the provider fits; without a `kid` the set must leave no choice."""
    kid = token.kid
    if algorithm == UNSIGNED:
        return Check("key", "OIDC Core §2", "no key: registered as unsigned", "no key")
    if algorithm == SYMMETRIC:
        return Check("key", "OIDC Core §10.1", "the client's secret", "the client's secret")
    expected = f"one {algorithm} key" + ("" if kid is None else f" with kid {shown(kid)}")
    count = len(_suitable(keys, kid, algorithm))
    found = "one" if count == 1 else ("several, and no way to choose" if count else "none in the provider's key set")
    return IdTokenRefused.unless(count == 1, Check("key", "OIDC Core §10.1", expected, found))


def check_signature(
    token: ReceivedToken, algorithm: str, keys: Sequence[Mapping[str, Any]], client_secret: str | None
) -> Check:
    """Item 6: the signature is the key's; for HS256 the key is the octets of the client's secret (§10.1).

    OpenID Connect Core §3.1.3.7 (6), (8).
    """
    section = "OIDC Core §3.1.3.7 (6)"
    if algorithm == UNSIGNED:
        return _check_no_signature(token, section)
    expected = f"valid with {algorithm}"
    key = _construct(token, algorithm, keys, client_secret)
    try:
        jws.verify(token.compact, key, algorithms=[algorithm])
    except JOSEError:
        raise IdTokenRefused(Check("signature", section, expected, "not valid")) from None
    return Check("signature", section, expected, "valid")


def _check_no_signature(token: ReceivedToken, section: str) -> Check:
    """RFC 7518 §3.6: an unsecured JWS has an empty signature; that it came from the provider, TLS has shown.

    OpenID Connect Core §2, §3.1.3.7 (6).
    """
    signature = token.compact.rpartition(".")[2]
    return IdTokenRefused.unless(
        not signature,
        Check("signature", section, "none: registered as unsigned", "a signature" if signature else "none"),
    )


def _construct(
    token: ReceivedToken, algorithm: str, keys: Sequence[Mapping[str, Any]], client_secret: str | None
) -> Key:
    """RFC 7517 §4, §5; RFC 7518 §6.2.1, §6.3.1; RFC 8725 §3.4."""
    if algorithm == SYMMETRIC:
        # Never an empty key, which anybody could sign with: a registration without a secret is refused at start.
        assert client_secret, "HS256 needs the client's secret"
        return jwk.construct(client_secret.encode(), SYMMETRIC)
    suitable = _suitable(keys, token.kid, algorithm)[0]
    members = {name: suitable.get(name) for name in ("kty", *_PUBLIC_MEMBERS[suitable["kty"]])}
    try:
        return jwk.construct(members, algorithm)
    except Exception as fault:  # noqa: BLE001 - whatever the libraries make of it, a key that cannot be read fits nothing
        kind = type(fault).__name__
        raise IdTokenRefused(Check("key", "RFC 7517 §4", f"a readable {algorithm} key", kind)) from None


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
