"""What a protected resource answers to a bearer token (RFC 6750 §3)."""

import re
from collections.abc import Mapping
from typing import Any

from oidc_discovery.errors import is_unavailable
from rp.errors import ResourceRefused
from rp.protocol import json_object

# The values of RFC 6750 §3: no quote, no backslash.
_CHALLENGE_ERROR = re.compile(r'error="([\x20-\x21\x23-\x5b\x5d-\x7e]{1,100})"')

_REASONS = {
    401: "does not accept the access token",
    403: "does not allow this with the scope that was granted",
    404: "knows nothing of this person",
}


def process(name: str, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The JSON object of a 200; raises ResourceRefused with a reason that names who refused it, and why.

    RFC 6750 §3.
    """
    if status != 200:
        reason = _REASONS.get(status) or (
            "cannot answer right now" if is_unavailable(status) else "gave an unexpected answer"
        )
        error = _CHALLENGE_ERROR.search(headers.get("WWW-Authenticate", ""))
        raise ResourceRefused(f"{name} {reason} ({status}{f', {error[1]}' if error else ''}).")
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() == "application/jwt":
        raise ResourceRefused(f"{name} answered with a JWT; this application takes JSON (OIDC Core §5.3.2).")
    try:
        return json_object.parse(body)
    except ValueError as fault:
        raise ResourceRefused(f"{name} answered with something that is no usable JSON object: {fault}.") from None
