"""The verified access token."""

from dataclasses import dataclass

from rs.errors import InsufficientScope


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """An access token that passed all checks. Only `access_token.verify` and `introspection.process` create one.

    `expires_at` is in seconds since the epoch, or None if an introspection response does not contain it.
    """

    sub: str
    client_id: str | None
    scope: frozenset[str]
    expires_at: float | None


def require_scope(token: VerifiedToken, needed: str) -> None:
    """The token must have the scope `needed` (RFC 6750 §3.1); raises InsufficientScope."""
    if needed not in token.scope:
        raise InsufficientScope(needed, f"the token of client {token.client_id!r} lacks the scope {needed!r}")
