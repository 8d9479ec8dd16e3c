"""The id_token, verified (OpenID Connect Core §3.1.3.7).

`CHECKS` is the whole of it, in order. Each function compares one thing and returns the row that the profile page
shows; the first that does not hold refuses the token.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

from rp.errors import IdTokenRefused
from rp.protocol import numeric_date, signature
from rp.protocol.check import Check, masked, shown
from rp.protocol.numeric_date import is_numeric_date
from rp.protocol.received_token import ReceivedToken

LEEWAY = 10
"""How long after its end a token still passes, in seconds: more would only lengthen its life."""

AHEAD = 60
"""How far the provider's clock may be ahead, in seconds: to wait for this one to get there would protect nobody."""

OLDEST = 600
"""How long ago a token of this sign-in can have been issued, in seconds: as long as a sign-in may take."""

_SUBJECT_LENGTH = 255


@dataclass(frozen=True)
class Expected:
    """What the token is compared with: this client's registration, the sign-in that asked, and the time."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    algorithm: str
    keys: Sequence[Mapping[str, Any]]
    nonce: str = field(repr=False)
    access_token: str = field(repr=False)
    now: float
    trusted_audiences: frozenset[str] = frozenset()


@dataclass(frozen=True)
class VerifiedClaims:
    """An id_token that passed every check. Made by `verify` alone; a session is opened with nothing else."""

    id_token: str = field(repr=False)
    header: Mapping[str, Any]
    claims: Mapping[str, Any] = field(repr=False)
    checks: tuple[Check, ...]


def verify(token: ReceivedToken, expected: Expected) -> VerifiedClaims:
    """Run every check in order; raises IdTokenRefused with the first that fails."""
    checks = tuple(check(token, expected) for check in CHECKS)
    return VerifiedClaims(token.compact, token.header, token.claims, checks)


def check_algorithm(token: ReceivedToken, expected: Expected) -> Check:
    """Items 7 and 8."""
    return signature.check_algorithm(token, expected.algorithm)


def check_type(token: ReceivedToken, _: Expected) -> Check:
    """RFC 8725 §3.11."""
    return signature.check_type(token)


def check_extensions(token: ReceivedToken, _: Expected) -> Check:
    """RFC 7515 §4.1.11."""
    return signature.check_extensions(token)


def check_key(token: ReceivedToken, expected: Expected) -> Check:
    """§10.1."""
    return signature.check_key(token, expected.algorithm, expected.keys)


def check_signature(token: ReceivedToken, expected: Expected) -> Check:
    """Item 6."""
    return signature.check_signature(token, expected.algorithm, expected.keys, expected.client_secret)


def check_issuer(token: ReceivedToken, expected: Expected) -> Check:
    """Item 2: `iss` is the issuer of the discovery document, compared as exact strings."""
    found = token.claims.get("iss")
    return IdTokenRefused.unless(
        found == expected.issuer, Check("iss", "OIDC Core §3.1.3.7 (2)", expected.issuer, shown(found))
    )


def check_audience(token: ReceivedToken, expected: Expected) -> Check:
    """Item 3: `aud` names this client, and nobody else that it does not trust."""
    audiences = _audiences(token)
    strangers = audiences - {expected.client_id} - expected.trusted_audiences
    return IdTokenRefused.unless(
        expected.client_id in audiences and not strangers,
        Check("aud", "OIDC Core §3.1.3.7 (3)", expected.client_id, shown(token.claims.get("aud"))),
    )


def check_authorized_party(token: ReceivedToken, expected: Expected) -> Check:
    """Items 4 and 5: `azp` is this client; with several audiences it must be there."""
    found = token.claims.get("azp")
    required = len(_audiences(token)) > 1
    return IdTokenRefused.unless(
        found == expected.client_id or (found is None and not required),
        Check(
            "azp",
            "OIDC Core §3.1.3.7 (4, 5)",
            expected.client_id if required else f"{expected.client_id}, or absent",
            shown(found),
        ),
    )


def check_subject(token: ReceivedToken, _: Expected) -> Check:
    """§2: `sub` names the person, in at most 255 ASCII characters."""
    found = token.claims.get("sub")
    passed = isinstance(found, str) and 0 < len(found) <= _SUBJECT_LENGTH and found.isascii()
    return IdTokenRefused.unless(passed, Check("sub", "OIDC Core §2", "1 to 255 ASCII characters", shown(found)))


def check_expiry(token: ReceivedToken, expected: Expected) -> Check:
    """Item 9: the time is before `exp`."""
    found = token.claims.get("exp")
    passed = is_numeric_date(found) and expected.now < found + LEEWAY
    return IdTokenRefused.unless(
        passed,
        Check("exp", "OIDC Core §3.1.3.7 (9)", f"after {numeric_date.shown(int(expected.now))}", _shown_date(found)),
    )


def check_issued_at(token: ReceivedToken, expected: Expected) -> Check:
    """Item 10: `iat` lies within the time that a sign-in takes, and not ahead."""
    found = token.claims.get("iat")
    passed = is_numeric_date(found) and expected.now - OLDEST - LEEWAY <= found <= expected.now + AHEAD
    return IdTokenRefused.unless(
        passed,
        Check(
            "iat",
            "OIDC Core §3.1.3.7 (10)",
            f"in the {OLDEST} seconds before {numeric_date.shown(int(expected.now))}",
            _shown_date(found),
        ),
    )


def check_nonce(token: ReceivedToken, expected: Expected) -> Check:
    """Item 11: `nonce` is the one that this sign-in sent."""
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


def _audiences(token: ReceivedToken) -> frozenset[str]:
    """`aud` as a set; anything that is neither a string nor a list of strings is none (RFC 7519 §4.1.3)."""
    found = token.claims.get("aud")
    if isinstance(found, str):
        return frozenset({found})
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return frozenset(found)
    return frozenset()


def _shown_date(value: Any) -> str:
    return numeric_date.shown(value) if is_numeric_date(value) else shown(value)
