"""The records of the relying party in Redis.

| record | key | TTL | deleted |
|---|---|---|---|
| NonceBinding: nonce, code verifier, return path, issuer | rp:nonce:<state> | 10 min | by the callback |
| an authorization response that was sent by POST | rp:posted:<hash of its state> | 60 s | after use |
| Session: tokens, ID token, its checks, nonce | rp:session:<hash> | SESSION_TTL | at logout, or the next sign-in |
| keys of the sessions of a provider's session, or of a user | rp:sessions:<digest> | SESSION_TTL | at logout |
| when the provider ended one of these | rp:ended:<digest> | 670 s | |
| a logout token that was used | rp:logout:<digest> | 670 s | |
| the lock for refreshing a session's tokens | rp:refresh:<hash> | 3 HTTP_TIMEOUT + 1 s | after the refresh |

`<hash>` is the SHA-256 of the browser's session cookie, `<digest>` that of an issuer with a `sid`, `sub` or `jti`.
NonceBinding and Session are encrypted with a key that is derived from the browser's cookie, a posted response with one
that is derived from its handle. Access to Redis is not sufficient to read them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rp.check import Check


@dataclass(frozen=True)
class NonceBinding:
    """A sign-in in progress: the values to compare the response with, and where the browser goes afterwards.

    `ui_locales` are the languages that the user has chosen, if any, here and in a session.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    return_to: str
    issuer: str
    ui_locales: str | None = None


@dataclass(frozen=True)
class Session:
    """A signed-in user. `expires_at` is when the access token expires, in seconds since the epoch.

    `latest_id_token` is that of the last refresh: the provider may no longer publish the key of the first one.
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
    ui_locales: str | None = None

    @property
    def issuer(self) -> str:
        """The provider that issued the ID token."""
        return str(self.claims["iss"])

    @property
    def sub(self) -> str:
        """The identifier of the user at the provider."""
        return str(self.claims["sub"])
