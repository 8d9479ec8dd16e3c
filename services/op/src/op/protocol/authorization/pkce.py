"""Proof Key for Code Exchange (RFC 7636), only with the method S256."""

import base64
import hashlib
import hmac
import re

from op.errors import InvalidGrant, InvalidRequest

METHODS = ("S256",)

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def check_challenge(challenge: str | None, method: str | None, *, required: bool) -> str | None:
    """The code challenge of an authorization request (RFC 7636 §4.3, §4.4.1); `plain` is rejected."""
    if challenge is None:
        if method is not None:
            raise InvalidRequest("The parameter code_challenge_method requires a code_challenge.")
        if required:
            raise InvalidRequest(
                "This client must use PKCE. Send a code_challenge with the code_challenge_method S256."
            )
        return None
    if method not in METHODS:
        raise InvalidRequest("The code_challenge_method must be S256.")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequest("The code_challenge must consist of 43 base64url characters.")
    return challenge


def check_verifier(challenge: str | None, verifier: str | None) -> None:
    """Compare the code verifier with the challenge (RFC 7636 §4.6; RFC 9700 §4.8.2 for one without a challenge).

    OpenID Connect Core §3.1.2.1; RFC 7636 §4.1.
    """
    if challenge is None:
        if verifier is not None:
            raise InvalidGrant("The request has a code_verifier, but the authorization request had no code_challenge.")
        return
    if verifier is None:
        raise InvalidGrant("The parameter code_verifier is missing. The authorization request had a code_challenge.")
    if not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(challenge, s256(verifier)):
        raise InvalidGrant("The code_verifier does not match the code_challenge.")


def s256(verifier: str) -> str:
    """BASE64URL(SHA256(ASCII(verifier))) (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()
