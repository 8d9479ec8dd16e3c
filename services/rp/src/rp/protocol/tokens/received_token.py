"""An id_token as it was received: its parts decoded and its form checked, and nothing of it believed."""

import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import Any

from rp.check import Check, shown
from rp.errors import IdTokenRefused
from rp.protocol import json_object

LENGTH_LIMIT = 16 * 1024

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")


@dataclass(frozen=True)
class ReceivedToken:
    """The compact form and its two JSON objects. The library that verifies the signature never reads them.

    OpenID Connect Core §3.1.3.7 (1); RFC 7515 §2, §7.1; RFC 7519 §7.2.
    """

    compact: str = field(repr=False)
    header: dict[str, Any]
    claims: dict[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, compact: str) -> "ReceivedToken":
        """Decode a JWS in compact form (RFC 7515 §7.1) that holds a claims set (RFC 7519 §7.2).

        Raises IdTokenRefused.
        """
        _require(len(compact) <= LENGTH_LIMIT, f"at most {LENGTH_LIMIT} characters", f"{len(compact)} characters")
        parts = _COMPACT.fullmatch(compact)
        _require(parts is not None, "three parts of base64url", "another form")
        assert parts is not None
        return cls(compact, _object(parts[1], "header"), _object(parts[2], "claims"))

    @property
    def kid(self) -> str | None:
        """The id of the key that signed it, if it names one (RFC 7515 §4.1.4); raises IdTokenRefused."""
        kid = self.header.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise IdTokenRefused(Check("kid", "RFC 7515 §4.1.4", "a string", shown(kid)))
        return kid


def _object(part: str, name: str) -> dict[str, Any]:
    try:
        return json_object.parse(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError as fault:
        raise IdTokenRefused(Check("form", "RFC 7519 §7.2", f"{name}: a JSON object", str(fault))) from None


def _require(passed: bool, expected: str, found: str) -> None:
    IdTokenRefused.unless(passed, Check("form", "RFC 7515 §7.1", expected, found))
