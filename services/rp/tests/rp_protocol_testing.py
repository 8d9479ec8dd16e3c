"""What the tests of rp.protocol share. They test pure functions, without an application and without Redis."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from rp.check import Check
from rp.errors import CheckRefused
from rp.protocol.tokens.received_token import ReceivedToken

NOW = 1_800_000_000
NOW_SHOWN = "1800000000 (2027-01-15 08:00:00 UTC)"
ISSUER = "http://localhost:25000"
ABSENT: Any = ...


@contextmanager
def refused(error: type[CheckRefused], check: Check) -> Iterator[None]:
    """Expect exactly this class of error with exactly this check, which pages and logs show."""
    with pytest.raises(CheckRefused) as caught:
        yield
    assert type(caught.value) is error
    assert caught.value.check == check


def changed(values: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A dictionary with changes. ABSENT omits a member."""
    return {name: value for name, value in (values | changes).items() if value is not ABSENT}


def segment(value: object) -> str:
    """One segment of a JWS: `value` as JSON, or bytes as they are."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def received(header: dict[str, Any], claims: dict[str, Any] | None = None) -> ReceivedToken:
    """A token with this header, these claims and an empty signature."""
    return ReceivedToken(f"{segment(header)}.{segment(claims or {})}.", header, claims or {})
