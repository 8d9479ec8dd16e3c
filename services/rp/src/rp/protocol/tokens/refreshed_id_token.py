"""The ID token of a refresh response, compared with the one of the sign-in (OpenID Connect Core §12.2).

It is optional. If it is present, it must belong to the same login; `CHECKS` lists all checks in order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

from rp.check import Check, equality, secret_equality, shown
from rp.errors import IdTokenRefused
from rp.message import Message
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
    """What is expected at sign-in, and the claims of the ID token of the sign-in."""

    original: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of_refresh(cls, sign_in: id_token.Expected, original: Mapping[str, Any]) -> "Expected":
        """The expectations of the sign-in, and the claims of its ID token."""
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
    """Run every check in order. Raises IdTokenRefused with the first that fails."""
    for check in CHECKS:
        check(token, expected)


def check_same_issuer(token: ReceivedToken, expected: Expected) -> Check:
    """`iss` is that of the sign-in (OpenID Connect Core §12.2)."""
    return _same("iss", token, expected)


def check_same_subject(token: ReceivedToken, expected: Expected) -> Check:
    """`sub` is that of the sign-in: the user does not change (OpenID Connect Core §12.2)."""
    return _same("sub", token, expected)


def check_same_audience(token: ReceivedToken, expected: Expected) -> Check:
    """`aud` contains every audience of the sign-in (OpenID Connect Core §12.2)."""
    original = expected.original.get("aud")
    return IdTokenRefused.unless(
        audiences_of(original) <= audiences(token),
        equality("aud", _SECTION, original, token.claims.get("aud")),
    )


def check_same_authorized_party(token: ReceivedToken, expected: Expected) -> Check:
    """`azp` is that of the sign-in, or absent if it was absent there (OpenID Connect Core §12.2)."""
    return _same("azp", token, expected)


def check_same_login(token: ReceivedToken, expected: Expected) -> Check:
    """`auth_time`, if present, is still that of the login (OpenID Connect Core §12.2)."""
    original, found = expected.original.get("auth_time"), token.claims.get("auth_time")
    return IdTokenRefused.unless(
        found is None or original is None or found == original,
        Check("auth_time", _SECTION, Message("check", "%(value)s, or absent", value=shown(original)), shown(found)),
    )


def check_nonce(token: ReceivedToken, expected: Expected) -> Check:
    """`nonce` should be absent; if present, it is that of the sign-in (OpenID Connect Core §12.2)."""
    found = token.claims.get("nonce")
    passed = "nonce" not in token.claims or (
        isinstance(found, str) and compare_digest(found.encode(), expected.nonce.encode())
    )
    return IdTokenRefused.unless(passed, secret_equality("nonce", _SECTION, expected.nonce, found, optional=True))


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
    return IdTokenRefused.unless(found == original, equality(name, _SECTION, original, found))
