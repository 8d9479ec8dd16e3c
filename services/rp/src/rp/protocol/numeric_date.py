"""NumericDate: seconds since the epoch, as tokens carry them (RFC 7519 §2)."""

from datetime import UTC, datetime
from typing import Any, TypeGuard

_LATEST = 253402300799  # the end of the year 9999


def is_numeric_date(value: Any) -> TypeGuard[float]:
    """Whether it is a time of this era: a number and no boolean; NaN and infinity lie outside the bounds.

    RFC 7519 §2.
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LATEST


def shown(value: Any) -> str:
    """The number and the time that it means; `value` must be a NumericDate."""
    return f"{value} ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)"
