"""The codes of a device that has no browser (RFC 8628 §3.2, §6.1)."""

import re
import secrets

DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # §6.1: no vowels, so no words; no digits, so nothing that looks alike
_LENGTH = 8


def new_user_code() -> str:
    """What a person reads from one screen and types into another: 20^8, good for ten minutes and few guesses.

    RFC 8628 §6.1.
    """
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return f"{code[:4]}-{code[4:]}"


def normal_user_code(typed: str) -> str | None:
    """The code as it was made, however it was typed; None when it is none (§6.1)."""
    letters = re.sub(r"[^A-Z]", "", typed.upper())
    if len(letters) != _LENGTH or not set(letters) <= set(_ALPHABET):
        return None
    return f"{letters[:4]}-{letters[4:]}"
