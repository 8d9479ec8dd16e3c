"""The logout token, verified (OpenID Connect Back-Channel Logout §2.6).

`CHECKS` is the whole of it, in order; the first that does not hold refuses the token.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from rp.check import Check, masked, shown
from rp.errors import LogoutTokenRefused
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
    """Whose sessions end: of one session of the provider (`sid`), or all of a person. Made by `verify` alone."""

    issuer: str
    sub: str | None = field(repr=False)
    sid: str | None = field(repr=False)
    token_id: str
    issued_at: float


def verify(token: ReceivedToken, expected: Expected) -> Logout:
    """Run every check in order; raises IdTokenRefused or LogoutTokenRefused with the first that fails."""
    for check in CHECKS:
        check(token, expected)
    claims = token.claims
    return Logout(expected.issuer, claims.get("sub"), claims.get("sid"), claims["jti"], claims["iat"])


def check_algorithm(token: ReceivedToken, expected: Expected) -> Check:
    """Items 2 and 3: the algorithm of this client's id_tokens, and never `none`.

    OpenID Connect Back-Channel Logout §2.6 (3).
    """
    LogoutTokenRefused.unless(
        token.header.get("alg") != signature.UNSIGNED,
        Check("alg", "Back-Channel Logout §2.6 (3)", "a signed token", signature.UNSIGNED),
    )
    return signature.check_algorithm(token, expected.algorithm)


def check_type(token: ReceivedToken, _: Expected) -> Check:
    """§2.4: `logout+jwt`; a provider from before that name sends `JWT` or nothing, and no other type will do."""
    found = token.header.get("typ")
    passed = found is None or (isinstance(found, str) and found.lower() in _TYPES)
    return LogoutTokenRefused.unless(passed, Check("typ", "Back-Channel Logout §2.4", "logout+jwt", shown(found)))


def check_whose(token: ReceivedToken, _: Expected) -> Check:
    """Item 5: a `sub`, a `sid`, or both; each a name where it is there.

    OpenID Connect Back-Channel Logout §2.6 (5).
    """
    found = {name: token.claims[name] for name in ("sub", "sid") if name in token.claims}
    passed = bool(found) and all(isinstance(one, str) and 0 < len(one) <= _LONGEST for one in found.values())
    return LogoutTokenRefused.unless(
        passed,
        Check("sub, sid", "Back-Channel Logout §2.6 (5)", "sub, sid or both", ", ".join(found) if found else "neither"),
    )


def check_event(token: ReceivedToken, _: Expected) -> Check:
    """Item 6: `events` has the member that makes it a logout, an object.

    OpenID Connect Back-Channel Logout §2.6 (6).
    """
    events = token.claims.get("events")
    passed = isinstance(events, dict) and isinstance(events.get(EVENT), dict)
    return LogoutTokenRefused.unless(
        passed, Check("events", "Back-Channel Logout §2.6 (6)", f"an object with {EVENT}", shown(events))
    )


def check_no_nonce(token: ReceivedToken, _: Expected) -> Check:
    """Item 7: no `nonce`, so that no id_token passes for a logout token.

    OpenID Connect Back-Channel Logout §2.6 (7).
    """
    return LogoutTokenRefused.unless(
        "nonce" not in token.claims,
        Check("nonce", "Back-Channel Logout §2.6 (7)", "absent", masked(token.claims.get("nonce"))),
    )


def check_token_id(token: ReceivedToken, _: Expected) -> Check:
    """§2.4: `jti` names this token; that it comes once is kept by a store (item 8)."""
    found = token.claims.get("jti")
    passed = isinstance(found, str) and 0 < len(found) <= _LONGEST
    return LogoutTokenRefused.unless(passed, Check("jti", "Back-Channel Logout §2.4", "an identifier", shown(found)))


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
    check_whose,
    check_event,
    check_no_nonce,
    check_token_id,
)
