"""The response of the token endpoint (RFC 6749 §5, OpenID Connect Core §3.1.3.3)."""

import re
from dataclasses import dataclass, field
from typing import Any

from rp.check import Check, shown, shown_kind
from rp.errors import TokenRequestRefused, TokenResponseRefused
from rp.message import Message
from rp.protocol import json_object
from rp.protocol.json_object import InvalidJson

_LONGEST_LIFETIME = 10 * 365 * 24 * 3600
_DIGITS = re.compile(r"[0-9]{1,9}")
# VSCHAR without the space (RFC 6749 §A.12), so that it fits into a header field.
_TOKEN = re.compile(r"[\x21-\x7e]+")
_REQUIRED = Message("check", "a token")
_OPTIONAL = Message("check", "a token, or none")


@dataclass(frozen=True)
class TokenResponse:
    """A successful response; `expires_in` is in seconds."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str | None = field(repr=False)
    scope: str | None
    expires_in: int | None


def process(status: int, body: bytes) -> TokenResponse:
    """Check the response to a token request. Raises TokenRequestRefused, TokenResponseRefused.

    OpenID Connect Core §3.1.3.5; RFC 6749 §5.1.
    """
    if status != 200:
        raise _refusal(status, body)
    try:
        response = json_object.parse(body)
    except InvalidJson as fault:
        raise TokenResponseRefused(
            Check("token response", "RFC 6749 §5.1", Message("check", "a JSON object"), fault.reason)
        ) from None
    _check_token_type(response)
    return TokenResponse(
        access_token=_token(response, "access_token", _REQUIRED),
        # Some providers send null instead of omitting it.
        refresh_token=None if response.get("refresh_token") is None else _token(response, "refresh_token", _OPTIONAL),
        id_token=_token(response, "id_token", _OPTIONAL) if "id_token" in response else None,
        scope=_scope(response),
        expires_in=_expires_in(response),
    )


def require_id_token(tokens: TokenResponse) -> str:
    """The ID token, which a response for the scope `openid` must contain (OpenID Connect Core §3.1.3.3)."""
    TokenResponseRefused.unless(
        tokens.id_token is not None,
        Check("id_token", "OIDC Core §3.1.3.3", Message("check", "an ID token"), Message("check", "absent")),
    )
    assert tokens.id_token is not None
    return tokens.id_token


def _refusal(status: int, body: bytes) -> TokenRequestRefused:
    """The relying party distinguishes a rejected code or token from a fault in its own registration (RFC 6749 §5.2)."""
    try:
        response = json_object.parse(body)
    except InvalidJson:
        response = {}
    error, description = response.get("error"), response.get("error_description")
    return TokenRequestRefused(
        error if isinstance(error, str) and error else f"HTTP {status}",
        description if isinstance(description, str) else None,
    )


def _check_token_type(response: dict[str, Any]) -> None:
    """§5.1, §7.1: the only type that this client supports, compared case-insensitively."""
    found = response.get("token_type")
    TokenResponseRefused.unless(
        isinstance(found, str) and found.lower() == "bearer",
        Check("token_type", "RFC 6749 §7.1", "Bearer", shown(found)),
    )


def _token(response: dict[str, Any], name: str, expected: str) -> str:
    found = response.get(name)
    TokenResponseRefused.unless(
        isinstance(found, str) and _TOKEN.fullmatch(found) is not None,
        Check(name, "RFC 6749 §5.1", expected, shown_kind(found)),
    )
    return str(found)


def _scope(response: dict[str, Any]) -> str | None:
    found = response.get("scope")
    TokenResponseRefused.unless(
        found is None or isinstance(found, str),
        Check("scope", "RFC 6749 §3.3", Message("check", "a string"), shown(found)),
    )
    return found


def _expires_in(response: dict[str, Any]) -> int | None:
    found = response.get("expires_in")
    if isinstance(found, str) and _DIGITS.fullmatch(found):  # some providers send a string
        found = int(found)
    valid = isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _LONGEST_LIFETIME
    TokenResponseRefused.unless(
        found is None or valid,
        Check("expires_in", "RFC 6749 §5.1", Message("check", "a number of seconds"), shown(found)),
    )
    return found
