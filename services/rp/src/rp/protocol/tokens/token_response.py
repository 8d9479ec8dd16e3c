"""What the token endpoint answers (RFC 6749 §5, OpenID Connect Core §3.1.3.3)."""

import re
from dataclasses import dataclass, field
from typing import Any

from rp.check import Check, shown, shown_kind
from rp.errors import TokenRequestRefused, TokenResponseRefused
from rp.protocol import json_object

_LONGEST_LIFE = 10 * 365 * 24 * 3600
# VSCHAR without the space (RFC 6749 §A.12): it must fit into a header field.
_DIGITS = re.compile(r"[0-9]{1,9}")
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class TokenResponse:
    """A successful answer; `expires_in` in seconds."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str | None = field(repr=False)
    scope: str | None
    expires_in: int | None


def process(status: int, body: bytes) -> TokenResponse:
    """Check the answer to a token request; raises TokenRequestRefused, TokenResponseRefused.

    OpenID Connect Core §3.1.3.5; RFC 6749 §5.1.
    """
    if status != 200:
        raise _refusal(status, body)
    try:
        answer = json_object.parse(body)
    except ValueError as fault:
        raise TokenResponseRefused(Check("token response", "RFC 6749 §5.1", "a JSON object", str(fault))) from None
    _check_token_type(answer)
    return TokenResponse(
        access_token=_token(answer, "access_token", "a token"),
        # Some providers write null where they give none.
        refresh_token=None
        if answer.get("refresh_token") is None
        else _token(answer, "refresh_token", "a token, or none"),
        id_token=_token(answer, "id_token", "a token, or none") if "id_token" in answer else None,
        scope=_scope(answer),
        expires_in=_expires_in(answer),
    )


def require_id_token(tokens: TokenResponse) -> str:
    """The id_token, which the answer to an `openid` sign-in must have (OpenID Connect Core §3.1.3.3)."""
    TokenResponseRefused.unless(
        tokens.id_token is not None, Check("id_token", "OIDC Core §3.1.3.3", "an id_token", "absent")
    )
    assert tokens.id_token is not None
    return tokens.id_token


def _refusal(status: int, body: bytes) -> TokenRequestRefused:
    """The relying party distinguishes a rejected code or token from a fault in its own registration (RFC 6749 §5.2)."""
    try:
        answer = json_object.parse(body)
    except ValueError:
        answer = {}
    error, description = answer.get("error"), answer.get("error_description")
    return TokenRequestRefused(
        error if isinstance(error, str) and error else f"HTTP {status}",
        description if isinstance(description, str) else None,
    )


def _check_token_type(answer: dict[str, Any]) -> None:
    """§5.1, §7.1: a type that this client understands; its case does not matter."""
    found = answer.get("token_type")
    TokenResponseRefused.unless(
        isinstance(found, str) and found.lower() == "bearer",
        Check("token_type", "RFC 6749 §7.1", "Bearer", shown(found)),
    )


def _token(answer: dict[str, Any], name: str, expected: str) -> str:
    """A token is visible ASCII, so that it cannot split a header (RFC 6749 §5.1, §A.12)."""
    found = answer.get(name)
    TokenResponseRefused.unless(
        isinstance(found, str) and _TOKEN.fullmatch(found) is not None,
        Check(name, "RFC 6749 §5.1", expected, shown_kind(found)),
    )
    return str(found)


def _scope(answer: dict[str, Any]) -> str | None:
    """RFC 6749 §3.3."""
    found = answer.get("scope")
    TokenResponseRefused.unless(
        found is None or isinstance(found, str), Check("scope", "RFC 6749 §3.3", "a string", shown(found))
    )
    return found


def _expires_in(answer: dict[str, Any]) -> int | None:
    """The relying party accepts a token response only if each of its members has the required type (RFC 6749 §5.1)."""
    found = answer.get("expires_in")
    if isinstance(found, str) and _DIGITS.fullmatch(found):  # as some providers write it
        found = int(found)
    valid = isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _LONGEST_LIFE
    TokenResponseRefused.unless(
        found is None or valid, Check("expires_in", "RFC 6749 §5.1", "a number of seconds", shown(found))
    )
    return found
