"""The response of a protected resource to a request with a bearer token (RFC 6750 §3)."""

import re
from collections.abc import Mapping
from typing import Any

from oidc_discovery.errors import is_unavailable
from rp.errors import ResourceNotFound, ResourceRefused
from rp.message import Message
from rp.protocol import json_object
from rp.protocol.json_object import InvalidJson

# The characters that RFC 6750 §3 allows: no quote and no backslash.
_CHALLENGE_ERROR = re.compile(r'error="([\x20-\x21\x23-\x5b\x5d-\x7e]{1,100})"')

_REASONS = {
    401: Message("error", "The access token was rejected."),
    403: Message("error", "The granted scope does not allow this request."),
    404: Message("error", "There is no data about this user."),
}
_UNAVAILABLE = Message("error", "The service is temporarily unavailable. Try again in a moment.")
_UNEXPECTED = Message("error", "The response has an unexpected status.")


def process(name: str, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The JSON object of a 200 response. Raises ResourceNotFound for 404 and ResourceRefused for anything else.

    `name` is the resource in the error message.

    RFC 6750 §3.
    """
    if status != 200:
        reason = _REASONS.get(status) or (_UNAVAILABLE if is_unavailable(status) else _UNEXPECTED)
        error = _CHALLENGE_ERROR.search(headers.get("WWW-Authenticate", ""))
        kind = ResourceNotFound if status == 404 else ResourceRefused
        response = f"{status} {error[1]}" if error else str(status)
        raise kind(
            Message(
                "error", "%(name)s responded with %(response)s. %(reason)s", name=name, response=response, reason=reason
            )
        )
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() == "application/jwt":
        raise ResourceRefused(
            Message(
                "error",
                "%(name)s responded with a JWT. This application accepts JSON only (OIDC Core §5.3.2); register it "
                "without userinfo_signed_response_alg.",
                name=name,
            )
        )
    try:
        return json_object.parse(body)
    except InvalidJson as fault:
        raise ResourceRefused(
            Message(
                "error",
                "The response of %(name)s is not a usable JSON object: %(reason)s.",
                name=name,
                reason=fault.reason,
            )
        ) from None
