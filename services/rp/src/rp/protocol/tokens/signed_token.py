"""What holds for every token that the provider signs for this client: the id_token, and the logout token.

Each function compares one thing and returns the row that shows it, or raises IdTokenRefused with that row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rp.check import Check, shown
from rp.errors import IdTokenRefused
from rp.protocol import numeric_date
from rp.protocol.numeric_date import is_numeric_date
from rp.protocol.tokens import signature
from rp.protocol.tokens.received_token import ReceivedToken
from servicekit.clock import CLOCK_AHEAD, SINGLE_USE_EXPIRY_LEEWAY

OLDEST = 600
"""How long ago a token of this sign-in can have been issued, in seconds: as long as a sign-in may take."""

LIFETIME = OLDEST + SINGLE_USE_EXPIRY_LEEWAY + CLOCK_AHEAD
"""How long a token can be accepted after it was issued, in seconds, whatever the provider's clock shows."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a token is compared with: this client's registration, and the time."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    algorithm: str
    keys: Sequence[Mapping[str, Any]]
    now: float
    trusted_audiences: frozenset[str] = frozenset()


def check_algorithm(token: ReceivedToken, expected: Expected) -> Check:
    """Items 7 and 8."""
    return signature.check_algorithm(token, expected.algorithm)


def check_extensions(token: ReceivedToken, _: Expected) -> Check:
    """RFC 7515 §4.1.11."""
    return signature.check_extensions(token)


def check_key(token: ReceivedToken, expected: Expected) -> Check:
    """OpenID Connect Core §10.1."""
    return signature.check_key(token, expected.algorithm, expected.keys)


def check_signature(token: ReceivedToken, expected: Expected) -> Check:
    """Item 6 (OpenID Connect Back-Channel Logout §2.6 (2))."""
    return signature.check_signature(token, expected.algorithm, expected.keys, expected.client_secret)


def check_issuer(token: ReceivedToken, expected: Expected) -> Check:
    """Item 2: `iss` is the issuer of the discovery document, compared as exact strings.

    OpenID Connect Core §3.1.3.7 (2); OpenID Connect Back-Channel Logout §2.6 (4).
    """
    found = token.claims.get("iss")
    return IdTokenRefused.unless(
        found == expected.issuer, Check("iss", "OIDC Core §3.1.3.7 (2)", expected.issuer, shown(found))
    )


def check_audience(token: ReceivedToken, expected: Expected) -> Check:
    """Item 3: `aud` names this client, and no client that it does not trust.

    OpenID Connect Core §3.1.3.7 (3); OpenID Connect Back-Channel Logout §2.6 (4).
    """
    named = audiences(token)
    strangers = named - {expected.client_id} - expected.trusted_audiences
    return IdTokenRefused.unless(
        expected.client_id in named and not strangers,
        Check("aud", "OIDC Core §3.1.3.7 (3)", expected.client_id, shown(token.claims.get("aud"))),
    )


def check_expiry(token: ReceivedToken, expected: Expected) -> Check:
    """Item 9: the current time is before `exp`.

    OpenID Connect Core §3.1.3.7 (9); OpenID Connect Back-Channel Logout §2.4, §2.6 (4).
    """
    found = token.claims.get("exp")
    passed = is_numeric_date(found) and expected.now < found + SINGLE_USE_EXPIRY_LEEWAY
    return IdTokenRefused.unless(
        passed,
        Check("exp", "OIDC Core §3.1.3.7 (9)", f"after {numeric_date.shown(int(expected.now))}", _shown_date(found)),
    )


def check_issued_at(token: ReceivedToken, expected: Expected) -> Check:
    """Item 10: `iat` lies within the time that a sign-in takes, and not ahead.

    OpenID Connect Core §3.1.3.7 (10); OpenID Connect Back-Channel Logout §2.6 (4).
    """
    found = token.claims.get("iat")
    passed = (
        is_numeric_date(found)
        and expected.now - OLDEST - SINGLE_USE_EXPIRY_LEEWAY <= found <= expected.now + CLOCK_AHEAD
    )
    return IdTokenRefused.unless(
        passed,
        Check(
            "iat",
            "OIDC Core §3.1.3.7 (10)",
            f"in the {OLDEST} seconds before {numeric_date.shown(int(expected.now))}",
            _shown_date(found),
        ),
    )


def audiences(token: ReceivedToken) -> frozenset[str]:
    """A token's `aud` as a set (RFC 7519 §4.1.3)."""
    return audiences_of(token.claims.get("aud"))


def audiences_of(found: Any) -> frozenset[str]:
    """`aud` as a set; anything that is neither a string nor a list of strings is none (RFC 7519 §4.1.3)."""
    if isinstance(found, str):
        return frozenset({found})
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return frozenset(found)
    return frozenset()


def _shown_date(value: Any) -> str:
    return numeric_date.shown(value) if is_numeric_date(value) else shown(value)
