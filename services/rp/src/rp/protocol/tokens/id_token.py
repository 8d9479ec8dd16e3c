"""The id_token, verified (OpenID Connect Core §3.1.3.7).

`CHECKS` is the whole of it, in order. Each function compares one thing and returns the row that the profile page
shows; the first that does not hold refuses the token.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

from rp.check import Check, masked, shown
from rp.errors import IdTokenRefused
from rp.protocol.tokens import signature, signed_token
from rp.protocol.tokens.received_token import ReceivedToken
from rp.protocol.tokens.signed_token import (
    audiences,
    check_algorithm,
    check_audience,
    check_expiry,
    check_extensions,
    check_issued_at,
    check_issuer,
    check_key,
    check_signature,
)

_SUBJECT_LENGTH = 255


@dataclass(frozen=True, kw_only=True)
class Expected(signed_token.Expected):
    """And the sign-in that asked for it."""

    nonce: str = field(repr=False)
    access_token: str = field(repr=False)

    @classmethod
    def of_sign_in(cls, common: signed_token.Expected, *, nonce: str, access_token: str) -> "Expected":
        """What is expected of every token, and of the id_token of this sign-in."""
        return cls(
            issuer=common.issuer,
            client_id=common.client_id,
            client_secret=common.client_secret,
            algorithm=common.algorithm,
            keys=common.keys,
            now=common.now,
            trusted_audiences=common.trusted_audiences,
            nonce=nonce,
            access_token=access_token,
        )


@dataclass(frozen=True)
class VerifiedClaims:
    """An id_token that passed every check. Made by `verify` alone; a session is opened with nothing else."""

    id_token: str = field(repr=False)
    header: Mapping[str, Any]
    claims: Mapping[str, Any] = field(repr=False)
    checks: tuple[Check, ...]


def verify(token: ReceivedToken, expected: Expected) -> VerifiedClaims:
    """Run every check in order; raises IdTokenRefused with the first that fails, and those that had passed.

    OpenID Connect Core §3.1.3.5, §3.1.3.7.
    """
    passed: list[Check] = []
    try:
        for check in CHECKS:
            passed.append(check(token, expected))  # noqa: PERF401 - it is told what had passed before
    except IdTokenRefused as refusal:
        refusal.passed = tuple(passed)
        raise
    return VerifiedClaims(token.compact, token.header, token.claims, tuple(passed))


def check_type(token: ReceivedToken, _: signed_token.Expected) -> Check:
    """RFC 8725 §3.11."""
    return signature.check_type(token)


def check_authorized_party(token: ReceivedToken, expected: signed_token.Expected) -> Check:
    """Items 4 and 5: `azp`, if present, is this client; with several audiences it must be present.

    OpenID Connect Core §3.1.3.7 (4), (5).
    """
    found = token.claims.get("azp")
    required = len(audiences(token)) > 1
    return IdTokenRefused.unless(
        found == expected.client_id or (found is None and not required),
        Check(
            "azp",
            "OIDC Core §3.1.3.7 (4, 5)",
            expected.client_id if required else f"{expected.client_id}, or absent",
            shown(found),
        ),
    )


def check_subject(token: ReceivedToken, _: signed_token.Expected) -> Check:
    """§2: `sub` names the person, in at most 255 ASCII characters."""
    found = token.claims.get("sub")
    passed = isinstance(found, str) and 0 < len(found) <= _SUBJECT_LENGTH and found.isascii()
    return IdTokenRefused.unless(passed, Check("sub", "OIDC Core §2", "1 to 255 ASCII characters", shown(found)))


def check_nonce(token: ReceivedToken, expected: Expected) -> Check:
    """Item 11: `nonce` is the one that this sign-in sent (OpenID Connect Core §3.1.3.7 (11))."""
    found = token.claims.get("nonce")
    return IdTokenRefused.unless(
        isinstance(found, str) and compare_digest(found.encode(), expected.nonce.encode()),
        Check("nonce", "OIDC Core §3.1.3.7 (11)", masked(expected.nonce), masked(found)),
    )


def check_access_token_hash(token: ReceivedToken, expected: Expected) -> Check:
    """§3.1.3.6: `at_hash`, where there is one, is the left half of the access token's SHA-256.

    All algorithms that sign here use SHA-256; `none` names no hash, so there is nothing to compare with.
    """
    if expected.algorithm == signature.UNSIGNED:
        return Check("at_hash", "OIDC Core §3.1.3.6", "not judged: unsigned", masked(token.claims.get("at_hash")))
    found = token.claims.get("at_hash")
    digest = hashlib.sha256(expected.access_token.encode()).digest()
    computed = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    passed = "at_hash" not in token.claims or (
        isinstance(found, str) and compare_digest(found.encode(), computed.encode())
    )
    return IdTokenRefused.unless(
        passed, Check("at_hash", "OIDC Core §3.1.3.6", f"{masked(computed)}, or absent", masked(found))
    )


CHECKS: tuple[Callable[[ReceivedToken, Expected], Check], ...] = (
    check_algorithm,
    check_type,
    check_extensions,
    check_key,
    check_signature,
    check_issuer,
    check_audience,
    check_authorized_party,
    check_subject,
    check_expiry,
    check_issued_at,
    check_nonce,
    check_access_token_hash,
)
