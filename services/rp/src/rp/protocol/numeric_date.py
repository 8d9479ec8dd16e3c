"""NumericDate: seconds since the epoch, as tokens carry them (RFC 7519 §2)."""

from datetime import UTC, datetime
from typing import Any, TypeGuard

_LATEST = 253402300799  # the end of the year 9999


def is_numeric_date(value: Any) -> TypeGuard[float]:
    """Whether it is a number between the epoch and the year 9999. A boolean, NaN and infinity are not.

    RFC 7519 §2.
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LATEST


def shown(value: Any) -> str:
    """The number, and the time in UTC; `value` must be a NumericDate."""
    return f"{value} ({in_utc(value)})"


def in_utc(value: Any) -> str:
    """The time in UTC; `value` must be a NumericDate."""
    return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
