"""Mode B: an access token that is a JWT, verified here (RFC 9068).

`parse` looks at the header alone and says which key is needed; `verify` takes that key. The algorithm is the
configured one throughout: a token may agree with it, and never chooses it (RFC 8725 §3.1).
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from jose.backends.base import Key

from rs.errors import InvalidToken
from rs.protocol.claims import (
    Check,
    Expected,
    check_audience,
    check_client_id,
    check_expiration,
    check_issued_at,
    check_issuer,
    check_jwt_id,
    check_not_before,
    check_scope,
    check_subject,
    if_sent,
    numeric_date,
    scope_names,
    shown,
)
from rs.protocol.verified_token import VerifiedToken

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_TYPES = ("at+jwt", "application/at+jwt")

Header: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A JWS whose header passed; nothing is known yet about who signed it. Only `parse` makes one."""

    kid: str
    signing_input: bytes
    payload: bytes
    signature: bytes


def check_type(header: Header, _algorithm: str) -> None:
    """A JWT without the type `at+jwt` is not an access token (RFC 9068 §4, §2.1; RFC 8725 §3.11)."""
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.lower() not in _TYPES:
        raise InvalidToken(f"typ is {shown(typ)}")


def check_algorithm(header: Header, algorithm: str) -> None:
    """`alg` is the one that is configured (RFC 9068 §4; RFC 8725 §3.1); so `none` and HS256 never are."""
    if header.get("alg") != algorithm:
        raise InvalidToken(f"alg is {shown(header.get('alg'))}, not {algorithm}")


def check_critical(header: Header, _algorithm: str) -> None:
    """No extension is critical, for none is understood here (RFC 7515 §4.1.11)."""
    if "crit" in header:
        raise InvalidToken(f"crit is {shown(header['crit'])}")


def check_key_id(header: Header, _algorithm: str) -> None:
    """`kid` names the key (RFC 7515 §4.1.4)."""
    if not isinstance(header.get("kid"), str):
        raise InvalidToken(f"kid is {shown(header.get('kid'))}")


HEADER_CHECKS: tuple[Callable[[Header, str], None], ...] = (
    check_type,
    check_algorithm,
    check_critical,
    check_key_id,
)

CLAIM_CHECKS: tuple[Check, ...] = (
    check_issuer,
    check_audience,
    check_expiration,
    check_issued_at,
    if_sent("nbf", check_not_before),
    check_subject,
    check_client_id,
    check_jwt_id,
    if_sent("scope", check_scope),
)


def parse(token: str, algorithm: str) -> SignedToken:
    """Take a compact JWS apart and check its header (RFC 7515 §5.2); raises InvalidToken."""
    segments = token.split(".")
    if len(segments) != 3:
        raise InvalidToken("the token is not a JWT")
    header_segment, payload_segment, signature_segment = segments
    header = _json_object(_decoded(header_segment))
    for check in HEADER_CHECKS:
        check(header, algorithm)
    return SignedToken(
        kid=header["kid"],
        signing_input=f"{header_segment}.{payload_segment}".encode("ascii"),
        payload=_decoded(payload_segment),
        signature=_decoded(signature_segment),
    )


def verify(token: SignedToken, key: Key, expected: Expected, now: float) -> VerifiedToken:
    """Verify the signature with `key`, which is bound to one algorithm, then the claims (RFC 9068 §4).

    `now` is in seconds since the epoch. Raises InvalidToken.

    RFC 7515 §5.2.
    """
    if not key.verify(token.signing_input, token.signature):
        raise InvalidToken("the signature does not verify")
    claims = _json_object(token.payload)
    for check in CLAIM_CHECKS:
        check(claims, expected, now)
    return VerifiedToken(
        sub=claims["sub"],
        client_id=claims["client_id"],
        scope=scope_names(claims),
        expires_at=numeric_date(claims, "exp"),
    )


def _decoded(segment: str) -> bytes:
    """Base64url without padding (RFC 7515 §2)."""
    if not _BASE64URL.fullmatch(segment):
        raise InvalidToken("a segment of the token is not base64url")
    try:
        return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise InvalidToken("a segment of the token is not base64url") from None


def _json_object(raw: bytes) -> dict[str, Any]:
    """Header and claims are JSON objects in UTF-8 (RFC 7519 §7.2)."""
    try:
        value = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise InvalidToken("a segment of the token is not JSON") from None
    if not isinstance(value, dict):
        raise InvalidToken("a segment of the token is not a JSON object")
    return value
