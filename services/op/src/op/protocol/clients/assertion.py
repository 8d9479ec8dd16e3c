"""Client authentication with a signed JWT (RFC 7523 §3, OpenID Connect Core §9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from op.errors import InvalidClient
from op.protocol.signed_jwt import SignedJwt, numeric_date
from op.records import Client
from servicekit.clock import CLOCK_AHEAD

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS_BY_METHOD: dict[str, tuple[str, ...]] = {
    "client_secret_jwt": ("HS256",),
    "private_key_jwt": ("RS256", "ES256"),
}
ASSERTION_ALGORITHMS = tuple(name for names in ALGORITHMS_BY_METHOD.values() for name in names)
ASSERTION_LIFE = 3600
"""How far `exp` may be in the future, in seconds: a `jti` must be stored for as long."""

_FAILED = "Client authentication failed."


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """A parsed client assertion that is not verified yet. Only `parse` creates one."""

    client_id: str
    jwt: SignedJwt = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "ClientAssertion":
        """Parse an assertion and the client that it names in `sub`; raises InvalidClient."""
        try:
            jwt = SignedJwt.parse(text)
        except ValueError:
            raise InvalidClient(_FAILED, "the assertion is not a JWT") from None
        subject = jwt.claims.get("sub")
        if not isinstance(subject, str) or not subject.isascii():
            raise InvalidClient(_FAILED, "the assertion has no sub")
        return cls(subject, jwt)


@dataclass(frozen=True, slots=True)
class VerifiedAssertion:
    """The `jti` of a verified assertion, and how long to store it; only `verify_assertion` creates one."""

    jti: str
    expires_at: int


def assertion_algorithm(assertion: ClientAssertion, client: Client) -> str:
    """The `alg` of an assertion, if the client's method allows it; raises InvalidClient.

    The client's registration decides, not the token: a public key is never used as a secret (RFC 8725 §3.1).

    OpenID Connect Core §9; RFC 7523 §3 (9).
    """
    method = client.token_endpoint_auth_method or ""
    registered = client.token_endpoint_auth_signing_alg
    allowed = (registered,) if registered else ALGORITHMS_BY_METHOD.get(method, ())
    algorithm = assertion.jwt.algorithm
    if method not in ALGORITHMS_BY_METHOD or not isinstance(algorithm, str) or algorithm not in allowed:
        raise InvalidClient(_FAILED, f"the client is not registered for assertions with the algorithm {algorithm!r}")
    if "crit" in assertion.jwt.header:
        raise InvalidClient(_FAILED, "the assertion has a critical extension (RFC 7515 §4.1.11)")
    return algorithm


def verify_assertion(
    assertion: ClientAssertion,
    algorithm: str,
    keys: Sequence[Mapping[str, Any] | str],
    *,
    audiences: Sequence[str],
    now: int,
) -> VerifiedAssertion:
    """Check the signature, then the claims (RFC 7523 §3); raises InvalidClient.

    The caller checks that the `jti` has not been used before.
    """
    if not assertion.jwt.is_signed_by(keys, algorithm):
        raise InvalidClient(_FAILED, f"the signature of the assertion matches none of the client's {len(keys)} keys")
    claims = assertion.jwt.claims
    if claims.get("iss") != assertion.client_id:
        raise InvalidClient(_FAILED, "iss and sub must both be the client_id")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not any(name in audiences for name in named):
        raise InvalidClient(_FAILED, "aud is neither the issuer nor this endpoint")
    expires_at = _time(claims, "exp")
    if expires_at is None or not now < expires_at <= now + ASSERTION_LIFE:
        raise InvalidClient(_FAILED, f"exp must be within the next {ASSERTION_LIFE} seconds")
    for name in ("iat", "nbf"):
        if (_time(claims, name) or 0) > now + CLOCK_AHEAD:
            raise InvalidClient(_FAILED, f"{name} is in the future")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise InvalidClient(_FAILED, "jti is required")
    return VerifiedAssertion(jti, int(expires_at))


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    try:
        return numeric_date(claims, name)
    except ValueError as fault:
        raise InvalidClient(_FAILED, str(fault)) from None
