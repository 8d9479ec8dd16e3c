"""A client that proves itself with a signed JWT (RFC 7523 §3, OpenID Connect Core §9)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jose import jws
from jose.exceptions import JOSEError

from op.errors import InvalidClient
from op.protocol.client_jwt import CLOCK_SKEW, Header, numeric_date, verified_claims
from op.protocol.strange_json import parse_json
from op.records import Client

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS_BY_METHOD: dict[str, tuple[str, ...]] = {
    "client_secret_jwt": ("HS256",),
    "private_key_jwt": ("RS256", "ES256"),
}
ASSERTION_ALGORITHMS = tuple(name for names in ALGORITHMS_BY_METHOD.values() for name in names)
ASSERTION_LIFE = 3600
"""The farthest `exp` that is taken, in seconds: as long a `jti` must be remembered."""

_FAILED = "client authentication failed"


@dataclass(frozen=True, slots=True)
class VerifiedAssertion:
    """A `jti` that is the client's own, and when it may be forgotten; only `check_assertion` makes it."""

    jti: str
    expires_at: int


def asserted_client_id(assertion: str) -> str:
    """The client that an assertion says it is of, before its signature is checked; raises InvalidClient."""
    subject = _unverified(assertion, jws.get_unverified_claims).get("sub")
    if not isinstance(subject, str) or not subject.isascii():
        raise InvalidClient(_FAILED, "the assertion has no sub")
    return subject


def header_for(assertion: str, client: Client) -> Header:
    """The header, when its algorithm is that of the client's method; raises InvalidClient.

    The client's registration decides, not the token: a public key is never taken for a secret (RFC 8725 §3.1).
    """
    header = _unverified(assertion, jws.get_unverified_header)
    method = client.token_endpoint_auth_method or ""
    registered = client.token_endpoint_auth_signing_alg
    allowed = (registered,) if registered else ALGORITHMS_BY_METHOD.get(method, ())
    algorithm, kid = header.get("alg"), header.get("kid")
    if method not in ALGORITHMS_BY_METHOD or algorithm not in allowed:
        raise InvalidClient(_FAILED, f"an assertion with {algorithm!r} is not what the client is registered for")
    if "crit" in header:
        raise InvalidClient(_FAILED, "the assertion has a critical extension (RFC 7515 §4.1.11)")
    return Header(str(algorithm), kid if isinstance(kid, str) else None)


def check_assertion(
    assertion: str, client_id: str, header: Header, keys: Sequence[Any], *, audiences: Sequence[str], now: int
) -> VerifiedAssertion:
    """Signature, then the claims (RFC 7523 §3); raises InvalidClient. Whether `jti` is new is another's question."""
    claims = verified_claims(assertion, header, keys)
    if claims is None:
        raise InvalidClient(_FAILED, f"no key of the client fits the assertion; {len(keys)} were tried")
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise InvalidClient(_FAILED, "iss and sub are not the client")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not any(name in audiences for name in named):
        raise InvalidClient(_FAILED, "aud is neither the issuer nor this endpoint")
    expires_at = _time(claims, "exp")
    if expires_at is None or not now < expires_at <= now + ASSERTION_LIFE:
        raise InvalidClient(_FAILED, f"exp must lie in the next {ASSERTION_LIFE} s")
    for name in ("iat", "nbf"):
        if (_time(claims, name) or 0) > now + CLOCK_SKEW:
            raise InvalidClient(_FAILED, f"{name} lies in the future")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise InvalidClient(_FAILED, "jti is required")
    return VerifiedAssertion(jti, int(expires_at))


def _unverified(assertion: str, part: Callable[[str], Any]) -> dict[str, Any]:
    """The header or the payload as it came; raises InvalidClient."""
    try:
        value = part(assertion)
        value = parse_json(value) if isinstance(value, bytes) else value
    except (JOSEError, ValueError, RecursionError):
        raise InvalidClient(_FAILED, "the assertion is no JWT") from None
    if not isinstance(value, dict):
        raise InvalidClient(_FAILED, "the assertion is no JWT")
    return value


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    try:
        return numeric_date(claims, name)
    except ValueError as fault:
        raise InvalidClient(_FAILED, str(fault)) from None
