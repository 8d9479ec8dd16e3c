"""A token as it was received: decoded and well-formed, but not verified."""

import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import Any

from rp.check import Check, shown
from rp.errors import IdTokenRefused
from rp.message import Message
from rp.protocol import json_object
from rp.protocol.json_object import InvalidJson

LENGTH_LIMIT = 16 * 1024

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")


@dataclass(frozen=True)
class ReceivedToken:
    """The compact form and its two JSON objects, which the library that verifies the signature does not read.

    OpenID Connect Core §3.1.3.7 (1); RFC 7515 §2, §7.1; RFC 7519 §7.2.
    """

    compact: str = field(repr=False)
    header: dict[str, Any]
    claims: dict[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, compact: str) -> "ReceivedToken":
        """Decode a JWS in compact form (RFC 7515 §7.1) with a JWT claims set (RFC 7519 §7.2).

        Raises IdTokenRefused.
        """
        _require(
            len(compact) <= LENGTH_LIMIT,
            Message("check", "at most %(limit)s characters", limit=LENGTH_LIMIT),
            Message("check", "%(number)s characters", number=len(compact)),
        )
        parts = _COMPACT.fullmatch(compact)
        _require(
            parts is not None, Message("check", "three parts of base64url"), Message("check", "a different format")
        )
        assert parts is not None
        return cls(
            compact,
            _object(parts[1], Message("check", "header: a JSON object")),
            _object(parts[2], Message("check", "claims: a JSON object")),
        )

    @property
    def kid(self) -> str | None:
        """The ID of the signing key, if present (RFC 7515 §4.1.4). Raises IdTokenRefused."""
        kid = self.header.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise IdTokenRefused(Check("kid", "RFC 7515 §4.1.4", Message("check", "a string"), shown(kid)))
        return kid


def _object(part: str, expected: Message) -> dict[str, Any]:
    try:
        return json_object.parse(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except InvalidJson as fault:
        reason = fault.reason
    except ValueError:
        reason = Message("check", "not valid base64url")
    raise IdTokenRefused(Check("form", "RFC 7519 §7.2", expected, reason))


def _require(passed: bool, expected: Message, found: Message) -> None:
    IdTokenRefused.unless(passed, Check("form", "RFC 7515 §7.1", expected, found))
