"""The access token as this service trusts it."""

from dataclasses import dataclass

from rs.errors import InsufficientScope


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """An access token that passed every check. Only `access_token.verify` and `introspection.process` make one.

    `expires_at` is in seconds since the epoch, None where an introspection answer names no end.
    """

    sub: str
    client_id: str | None
    scope: frozenset[str]
    expires_at: float | None


def require_scope(token: VerifiedToken, needed: str) -> None:
    """The token must carry the scope `needed` (RFC 6750 §3.1); raises InsufficientScope."""
    if needed not in token.scope:
        raise InsufficientScope(needed, f"the token of client {token.client_id!r} lacks the scope {needed!r}")
