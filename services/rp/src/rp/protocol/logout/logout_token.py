"""Verification of the logout token (OpenID Connect Back-Channel Logout §2.6).

`CHECKS` lists all checks in order. The first that fails rejects the token.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from rp.check import Check, masked, shown
from rp.errors import LogoutTokenRefused
from rp.message import Message
from rp.protocol.tokens import signature
from rp.protocol.tokens.received_token import ReceivedToken
from rp.protocol.tokens.signed_token import (
    Expected,
    check_audience,
    check_expiry,
    check_extensions,
    check_issued_at,
    check_issuer,
    check_key,
    check_signature,
)

EVENT = "http://schemas.openid.net/event/backchannel-logout"

_TYPES = ("logout+jwt", "application/logout+jwt", "jwt")
_LONGEST = 255


@dataclass(frozen=True)
class Logout:
    """Which sessions end: those of one provider session (`sid`), or all of a user. Only `verify` creates it."""

    issuer: str
    sub: str | None = field(repr=False)
    sid: str | None = field(repr=False)
    token_id: str
    issued_at: float


def verify(token: ReceivedToken, expected: Expected) -> Logout:
    """Run every check in order. Raises IdTokenRefused or LogoutTokenRefused with the first that fails."""
    for check in CHECKS:
        check(token, expected)
    claims = token.claims
    return Logout(expected.issuer, claims.get("sub"), claims.get("sid"), claims["jti"], claims["iat"])


def check_algorithm(token: ReceivedToken, expected: Expected) -> Check:
    """Items 2 and 3: the algorithm of this client's ID tokens, but never `none`.

    OpenID Connect Back-Channel Logout §2.6 (3).
    """
    LogoutTokenRefused.unless(
        token.header.get("alg") != signature.UNSIGNED,
        Check("alg", "Back-Channel Logout §2.6 (3)", Message("check", "a signed token"), signature.UNSIGNED),
    )
    return signature.check_algorithm(token, expected.algorithm)


def check_type(token: ReceivedToken, _: Expected) -> Check:
    """§2.4: `logout+jwt`. Providers of older drafts send `JWT` or no type; any other type is rejected."""
    found = token.header.get("typ")
    passed = found is None or (isinstance(found, str) and found.lower() in _TYPES)
    return LogoutTokenRefused.unless(passed, Check("typ", "Back-Channel Logout §2.4", "logout+jwt", shown(found)))


def check_subject_or_session(token: ReceivedToken, _: Expected) -> Check:
    """Item 5: `sub`, `sid`, or both, each a non-empty string (OpenID Connect Back-Channel Logout §2.6 (5))."""
    found = {name: token.claims[name] for name in ("sub", "sid") if name in token.claims}
    passed = bool(found) and all(isinstance(one, str) and 0 < len(one) <= _LONGEST for one in found.values())
    return LogoutTokenRefused.unless(
        passed,
        Check(
            "sub, sid",
            "Back-Channel Logout §2.6 (5)",
            Message("check", "sub, sid or both"),
            ", ".join(found) if found else Message("check", "neither"),
        ),
    )


def check_event(token: ReceivedToken, _: Expected) -> Check:
    """Item 6: `events` has the member of the logout event, which is an object.

    OpenID Connect Back-Channel Logout §2.6 (6).
    """
    events = token.claims.get("events")
    passed = isinstance(events, dict) and isinstance(events.get(EVENT), dict)
    return LogoutTokenRefused.unless(
        passed,
        Check(
            "events",
            "Back-Channel Logout §2.6 (6)",
            Message("check", "an object with %(member)s", member=EVENT),
            shown(events),
        ),
    )


def check_no_nonce(token: ReceivedToken, _: Expected) -> Check:
    """Item 7: no `nonce`, so that an ID token cannot be used as a logout token.

    OpenID Connect Back-Channel Logout §2.6 (7).
    """
    return LogoutTokenRefused.unless(
        "nonce" not in token.claims,
        Check("nonce", "Back-Channel Logout §2.6 (7)", Message("check", "absent"), masked(token.claims.get("nonce"))),
    )


def check_token_id(token: ReceivedToken, _: Expected) -> Check:
    """§2.4: `jti` identifies this token. A store ensures that it is used once (item 8)."""
    found = token.claims.get("jti")
    passed = isinstance(found, str) and 0 < len(found) <= _LONGEST
    return LogoutTokenRefused.unless(
        passed, Check("jti", "Back-Channel Logout §2.4", Message("check", "an identifier"), shown(found))
    )


CHECKS: tuple[Callable[[ReceivedToken, Expected], Check], ...] = (
    check_algorithm,
    check_type,
    check_extensions,
    check_key,
    check_signature,
    check_issuer,
    check_audience,
    check_expiry,
    check_issued_at,
    check_subject_or_session,
    check_event,
    check_no_nonce,
    check_token_id,
)
