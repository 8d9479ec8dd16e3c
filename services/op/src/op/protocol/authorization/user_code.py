"""The user codes of the device flow (RFC 8628 §3.2, §6.1)."""

import re
import secrets

DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # §6.1: no vowels, to avoid words; no digits, to avoid characters that look alike
_LENGTH = 8


def new_user_code() -> str:
    """A code that a user can read from one screen and type into another, one of 20^8 (RFC 8628 §6.1)."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return f"{code[:4]}-{code[4:]}"


def normal_user_code(typed: str) -> str | None:
    """The canonical form of a typed code, or None if it is not a user code (§6.1)."""
    letters = re.sub(r"[^A-Z]", "", typed.upper())
    if len(letters) != _LENGTH or not set(letters) <= set(_ALPHABET):
        return None
    return f"{letters[:4]}-{letters[4:]}"
