"""The public keys of a client (RFC 7517 §4, RFC 7518 §6), which are untrusted input."""

import re
from collections.abc import Mapping
from typing import Any

KEY_LIMIT = 20

_PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_MEMBERS = {  # as base64url: an RSA modulus has 2048 to 8192 bits, a coordinate on P-256 has 256
    "RSA": {"n": re.compile(r"[\w-]{342,1366}", re.ASCII), "e": re.compile(r"[\w-]{2,6}", re.ASCII)},
    "EC": {"x": re.compile(r"[\w-]{43}", re.ASCII), "y": re.compile(r"[\w-]{43}", re.ASCII)},
}
_CURVE = "P-256"  # of ES256 (RFC 7518 §3.4)
_ABOUT = ("kid", "use", "alg")

Key = Mapping[str, str]


def usable_keys(jwks: Mapping[str, Any]) -> tuple[Key, ...]:
    """The keys of a set that can verify a signature, with only the members that this requires.

    RFC 7517 §4; RFC 7518 §3.3, §6.
    """
    return tuple(_public_members(key) for key in _listed(jwks)[:KEY_LIMIT] if _is_usable(key))


def is_public_key_set(jwks: Mapping[str, Any]) -> bool:
    """Whether the set may be registered: with usable keys, not too many, and no private or symmetric key.

    RFC 7517 §4; RFC 7518 §3.3, §6.
    """
    listed = _listed(jwks)
    if len(listed) > KEY_LIMIT or not all(isinstance(key, dict) for key in listed):
        return False
    return bool(usable_keys(jwks)) and not any(_PRIVATE_MEMBERS & key.keys() for key in listed)


def _listed(jwks: Mapping[str, Any]) -> list[Any]:
    keys = jwks.get("keys")
    return list(keys) if isinstance(keys, list | tuple) else []


def _is_usable(key: Any) -> bool:
    if not isinstance(key, dict) or _PRIVATE_MEMBERS & key.keys():
        return False
    forms = _MEMBERS.get(key["kty"]) if isinstance(key.get("kty"), str) else None
    if forms is None or (key["kty"] == "EC" and key.get("crv") != _CURVE):
        return False
    texts = all(isinstance(key.get(name, ""), str) for name in (*forms, *_ABOUT))
    return texts and all(form.fullmatch(key.get(name, "")) for name, form in forms.items())


def _public_members(key: Mapping[str, str]) -> Key:
    names = ("kty", "crv", *_MEMBERS[key["kty"]], *_ABOUT)
    return {name: key[name] for name in names if name in key}
