"""Scopes, and the claims that they request (RFC 6749 §3.3, OpenID Connect Core §5.4)."""

import re
from collections.abc import Mapping
from typing import Any

from op.errors import InvalidScope

OFFLINE_ACCESS = "offline_access"
CLAIMS_BY_SCOPE: dict[str, tuple[str, ...]] = {
    "openid": ("sub",),
    "email": ("email", "email_verified"),
    "profile": (
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    ),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
    OFFLINE_ACCESS: (),
}
CLAIM_TYPES: dict[str, type] = {  # all others are strings (§5.1)
    "email_verified": bool,
    "phone_number_verified": bool,
    "updated_at": int,
    "address": dict,
}
ADDRESS_MEMBERS = ("formatted", "street_address", "locality", "region", "postal_code", "country")  # §5.1.1
STANDARD_CLAIMS = tuple(claim for scope, claims in CLAIMS_BY_SCOPE.items() if scope != "openid" for claim in claims)

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")


def granted_scope(requested: str | None, registered: str) -> str:
    """The part of the requested scope that the client is registered for, in the order of the request.

    Unknown scopes are ignored (OpenID Connect Core §3.1.2.1). The default is everything that the client is registered
    for, except `openid` (RFC 6749 §3.3). Raises InvalidScope if nothing remains.
    """
    allowed = registered.split()
    if requested is None:
        granted = [scope for scope in allowed if scope != "openid"]
    else:
        _check_form(requested)
        granted = [scope for scope in dict.fromkeys(requested.split(" ")) if scope in allowed]
    if not granted:
        raise InvalidScope("This client may not use the requested scopes. Request scopes that it is registered for.")
    return " ".join(granted)


def client_scope(requested: str | None, registered: str) -> str:
    """The scope of a client that acts for itself: nothing that requires a user (RFC 6749 §4.4.2).

    Raises InvalidScope if nothing remains.
    """
    own = [scope for scope in registered.split() if scope not in ("openid", "offline_access")]
    return granted_scope(requested, " ".join(own))


def without_offline_access(granted: str) -> str:
    """The scope without `offline_access` (OpenID Connect Core §11); raises InvalidScope if nothing remains."""
    left = [scope for scope in granted.split() if scope != OFFLINE_ACCESS]
    if not left:
        raise InvalidScope("The scope offline_access requires prompt=consent and at least one other scope.")
    return " ".join(left)


def gives_refresh_token(registered: str, granted: str) -> bool:
    """Whether a client that may use refresh tokens gets one (OpenID Connect Core §11).

    A client that is registered for `offline_access` must request it; any other always gets a refresh token.
    """
    return OFFLINE_ACCESS in granted.split() or OFFLINE_ACCESS not in registered.split()


def narrowed_scope(requested: str | None, granted: str) -> str:
    """The scope of a refreshed token, which must not exceed the granted scope (RFC 6749 §6)."""
    if requested is None:
        return granted
    _check_form(requested)
    wanted = list(dict.fromkeys(requested.split(" ")))
    if not set(wanted) <= set(granted.split()):
        raise InvalidScope("The requested scope exceeds the granted scope.")
    return " ".join(wanted)


def still_registered(granted: str, registered: str) -> str:
    """The granted scopes for which the client is still registered; raises InvalidScope if there are none.

    RFC 6749 §6.
    """
    left = [scope for scope in granted.split() if scope in registered.split()]
    if not left:
        raise InvalidScope("This client is no longer registered for any of the granted scopes.")
    return " ".join(left)


def is_scope(text: str) -> bool:
    """Whether the text is a list of scope names, separated by single spaces (RFC 6749 §3.3)."""
    return _SCOPE.fullmatch(text) is not None


def _check_form(scope: str) -> None:
    if not is_scope(scope):
        raise InvalidScope("The scope must consist of names separated by single spaces.")


def claims_of(user_claims: Mapping[str, Any], scope: str) -> dict[str, Any]:
    """The known claims of a user that the scope requests (OpenID Connect Core §5.3.2; OpenID Connect Core §5.4)."""
    names = (name for value in scope.split() for name in CLAIMS_BY_SCOPE.get(value, ()))
    return {name: user_claims[name] for name in names if user_claims.get(name) is not None}
