"""The id_token that comes with a refresh, compared with the one of the sign-in (OpenID Connect Core §12.2).

It need not come. If it does, `CHECKS` is the whole of it, in order: it must be of the same login.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

from rp.check import Check, masked, shown
from rp.errors import IdTokenRefused
from rp.protocol.tokens import id_token
from rp.protocol.tokens.id_token import check_access_token_hash, check_type
from rp.protocol.tokens.received_token import ReceivedToken
from rp.protocol.tokens.signed_token import (
    audiences,
    audiences_of,
    check_algorithm,
    check_audience,
    check_expiry,
    check_extensions,
    check_issued_at,
    check_issuer,
    check_key,
    check_signature,
)

_SECTION = "OIDC Core §12.2"


@dataclass(frozen=True, kw_only=True)
class Expected(id_token.Expected):
    """And the claims of the sign-in's id_token."""

    original: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of_refresh(cls, sign_in: id_token.Expected, original: Mapping[str, Any]) -> "Expected":
        """What is expected of the id_token of the sign-in, and of one that came with a refresh."""
        return cls(
            issuer=sign_in.issuer,
            client_id=sign_in.client_id,
            client_secret=sign_in.client_secret,
            algorithm=sign_in.algorithm,
            keys=sign_in.keys,
            now=sign_in.now,
            trusted_audiences=sign_in.trusted_audiences,
            nonce=sign_in.nonce,
            access_token=sign_in.access_token,
            original=original,
        )


def verify(token: ReceivedToken, expected: Expected) -> None:
    """Run every check in order; raises IdTokenRefused with the first that fails."""
    for check in CHECKS:
        check(token, expected)


def check_same_issuer(token: ReceivedToken, expected: Expected) -> Check:
    """`iss` is the sign-in's (OpenID Connect Core §12.2)."""
    return _same("iss", token, expected)


def check_same_subject(token: ReceivedToken, expected: Expected) -> Check:
    """`sub` is the sign-in's: the person does not change (OpenID Connect Core §12.2)."""
    return _same("sub", token, expected)


def check_same_audience(token: ReceivedToken, expected: Expected) -> Check:
    """`aud` has everybody whom the sign-in's had (OpenID Connect Core §12.2)."""
    original = expected.original.get("aud")
    return IdTokenRefused.unless(
        audiences_of(original) <= audiences(token),
        Check("aud", _SECTION, shown(original), shown(token.claims.get("aud"))),
    )


def check_same_authorized_party(token: ReceivedToken, expected: Expected) -> Check:
    """`azp` is the sign-in's; where that had none, there is none (OpenID Connect Core §12.2)."""
    return _same("azp", token, expected)


def check_same_login(token: ReceivedToken, expected: Expected) -> Check:
    """`auth_time`, where there is one, is still that of the login (OpenID Connect Core §12.2)."""
    original, found = expected.original.get("auth_time"), token.claims.get("auth_time")
    return IdTokenRefused.unless(
        found is None or original is None or found == original,
        Check("auth_time", _SECTION, f"{shown(original)}, or absent", shown(found)),
    )


def check_nonce(token: ReceivedToken, expected: Expected) -> Check:
    """There should be no `nonce`; one that is there is the sign-in's (OpenID Connect Core §12.2)."""
    found = token.claims.get("nonce")
    passed = "nonce" not in token.claims or (
        isinstance(found, str) and compare_digest(found.encode(), expected.nonce.encode())
    )
    return IdTokenRefused.unless(
        passed, Check("nonce", _SECTION, f"absent, or {masked(expected.nonce)}", masked(found))
    )


CHECKS: tuple[Callable[[ReceivedToken, Expected], Check], ...] = (
    check_algorithm,
    check_type,
    check_extensions,
    check_key,
    check_signature,
    check_issuer,
    check_same_issuer,
    check_audience,
    check_same_audience,
    check_same_authorized_party,
    check_same_subject,
    check_expiry,
    check_issued_at,
    check_same_login,
    check_nonce,
    check_access_token_hash,
)


def _same(name: str, token: ReceivedToken, expected: Expected) -> Check:
    original, found = expected.original.get(name), token.claims.get(name)
    return IdTokenRefused.unless(found == original, Check(name, _SECTION, shown(original), shown(found)))
