"""What an access token's claims must be, one small check each.

A JWT carries the claims itself (RFC 9068 §2.2); an introspection answer has members of the same names and meaning
(RFC 7662 §2.2).
"""

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from rs.errors import InvalidToken
from servicekit.clock import CLOCK_AHEAD, REUSABLE_EXPIRY_LEEWAY

_LAST_SECOND = 253_402_300_799  # the end of the year 9999
_SUB_LIMIT = 255

_SHORT = reprlib.Repr()
_SHORT.maxstring = 80

Claims: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """What every token must match: the provider's issuer and this resource's audience."""

    issuer: str
    audience: str


Check: TypeAlias = Callable[[Claims, Expected, float], None]


def check_issuer(claims: Claims, expected: Expected, _now: float) -> None:
    """`iss` is the issuer, as an exact string (RFC 7519 §4.1.1)."""
    if claims.get("iss") != expected.issuer:
        raise InvalidToken(f"iss is {shown(claims.get('iss'))}, not {expected.issuer!r}")


def check_audience(claims: Claims, expected: Expected, _now: float) -> None:
    """`aud` names this resource server, alone or among others (RFC 7519 §4.1.3).

    RFC 9700 §4.10.2.
    """
    audience = claims.get("aud")
    if audience != expected.audience and not (isinstance(audience, list) and expected.audience in audience):
        raise InvalidToken(f"aud is {shown(audience)}, without {expected.audience!r}")


def check_expiration(claims: Claims, _expected: Expected, now: float) -> None:
    """`exp` is not reached (RFC 7519 §4.1.4)."""
    if now >= numeric_date(claims, "exp") + REUSABLE_EXPIRY_LEEWAY:
        raise InvalidToken("the token has expired")


def check_issued_at(claims: Claims, _expected: Expected, now: float) -> None:
    """`iat` does not lie in the future (RFC 7519 §4.1.6)."""
    if numeric_date(claims, "iat") > now + CLOCK_AHEAD:
        raise InvalidToken("iat lies in the future")


def check_not_before(claims: Claims, _expected: Expected, now: float) -> None:
    """`nbf` is reached (RFC 7519 §4.1.5)."""
    if numeric_date(claims, "nbf") > now + CLOCK_AHEAD:
        raise InvalidToken("nbf is not reached")


def check_subject(claims: Claims, _expected: Expected, _now: float) -> None:
    """`sub` names somebody, in 255 ASCII characters at most (OpenID Connect Core 1.0 §2)."""
    sub = claims.get("sub")
    if not isinstance(sub, str) or not sub.isascii() or not 0 < len(sub) <= _SUB_LIMIT:
        raise InvalidToken(f"sub is {shown(sub)}")


def check_scope(claims: Claims, _expected: Expected, _now: float) -> None:
    """`scope` is one string of names, separated by spaces (RFC 8693 §4.2)."""
    if not isinstance(claims.get("scope"), str):
        raise InvalidToken(f"scope is {shown(claims.get('scope'))}")


def check_client_id(claims: Claims, _expected: Expected, _now: float) -> None:
    """`client_id` names the client (RFC 8693 §4.3)."""
    if not isinstance(claims.get("client_id"), str):
        raise InvalidToken(f"client_id is {shown(claims.get('client_id'))}")


def check_jwt_id(claims: Claims, _expected: Expected, _now: float) -> None:
    """`jti` is unique to the token (RFC 7519 §4.1.7)."""
    if not isinstance(claims.get("jti"), str):
        raise InvalidToken(f"jti is {shown(claims.get('jti'))}")


def if_sent(claim: str, check: Check) -> Check:
    """The check for a claim that may be absent."""

    def check_if_sent(claims: Claims, expected: Expected, now: float) -> None:
        if claim in claims:
            check(claims, expected, now)

    return check_if_sent


def numeric_date(claims: Claims, name: str) -> float:
    """A claim as seconds since the epoch (RFC 7519 §2); raises InvalidToken when it is none."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken(f"{name} is {shown(value)}")
    if not 0 <= value <= _LAST_SECOND:
        raise InvalidToken(f"{name} is not a time")
    return float(value)


def scope_names(claims: Claims) -> frozenset[str]:
    """The names in `scope`, none where there is no scope."""
    return frozenset(claims.get("scope", "").split())


def shown(value: object) -> str:
    """A value of a stranger's token for the log: short, shallow, and without control characters."""
    return _SHORT.repr(value)
