"""What the relying party keeps in Redis.

| record | key | TTL | ends |
|---|---|---|---|
| NonceBinding: nonce, code verifier, return path, issuer | rp:nonce:<state> | 10 min | taken once, in the callback |
| what a provider posted to /callback | rp:posted:<hash of its state> | 60 s | used |
| Session: tokens, id_token, its checks, nonce | rp:session:<hash> | SESSION_TTL | logout, or the next sign-in |
| keys of the sessions of a provider's session, or of a person | rp:sessions:<digest> | SESSION_TTL | logout |
| when the provider ended one of these | rp:ended:<digest> | 670 s | |
| a logout token that was accepted | rp:logout:<digest> | 670 s | |
| the right to refresh a session's tokens | rp:refresh:<hash> | 3 HTTP_TIMEOUT + 1 s | released by whoever holds it |

`<hash>` is the SHA-256 of the browser's session cookie, `<digest>` that of an issuer with a `sid`, `sub` or `jti`.
NonceBinding and Session are sealed with a key that is derived from the browser's cookie, what was posted with one of
its handle, so that who can read Redis can read none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rp.check import Check


@dataclass(frozen=True)
class NonceBinding:
    """A sign-in that was started: what the browser must come back with, and where it goes then."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    return_to: str
    issuer: str


@dataclass(frozen=True)
class Session:
    """A person who is signed in. `expires_at` is when the access token does, in seconds since the epoch.

    `latest_id_token` came with the last refresh: the provider may have dropped the key of the first one.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str = field(repr=False)
    header: Mapping[str, Any]
    claims: Mapping[str, Any] = field(repr=False)
    checks: tuple[Check, ...]
    nonce: str = field(repr=False)
    scope: str
    expires_at: int | None
    csrf_token: str = field(repr=False)
    latest_id_token: str | None = field(repr=False, default=None)

    @property
    def issuer(self) -> str:
        """The provider that says so."""
        return str(self.claims["iss"])

    @property
    def sub(self) -> str:
        """The person, as the provider names them."""
        return str(self.claims["sub"])
