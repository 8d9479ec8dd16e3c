"""Mode A: the provider's answer about a token, judged here (RFC 7662 §2.2)."""

from collections.abc import Mapping
from typing import Any

from rs.errors import InvalidToken, ProviderUnusable
from rs.protocol.claims import (
    Check,
    Claims,
    Expected,
    check_audience,
    check_client_id,
    check_expiration,
    check_issuer,
    check_not_before,
    check_scope,
    check_subject,
    if_sent,
    numeric_date,
    scope_names,
    shown,
)
from rs.protocol.verified_token import VerifiedToken


def check_active(answer: Claims, _expected: Expected, _now: float) -> None:
    """`active` is true; without a boolean there it is no answer at all (RFC 7662 §2.2)."""
    active = answer.get("active")
    if not isinstance(active, bool):
        raise ProviderUnusable(f"the provider's introspection answered active={shown(active)}")
    if not active:
        raise InvalidToken("the provider says that the token is not active")


def check_token_type(answer: Claims, _expected: Expected, _now: float) -> None:
    """A refresh token is active at the provider too, and opens nothing here (RFC 7662 §4)."""
    token_type = answer.get("token_type")
    if not isinstance(token_type, str) or token_type.lower() not in ("bearer", "access_token"):
        raise InvalidToken(f"token_type is {shown(token_type)}")


CHECKS: tuple[Check, ...] = (
    check_active,
    if_sent("token_type", check_token_type),
    if_sent("iss", check_issuer),
    check_audience,
    if_sent("exp", check_expiration),
    if_sent("nbf", check_not_before),
    check_subject,
    if_sent("client_id", check_client_id),
    if_sent("scope", check_scope),
)


def process(answer: Mapping[str, Any], expected: Expected, now: float) -> VerifiedToken:
    """The token that an introspection answer describes; `now` is in seconds since the epoch.

    Raises InvalidToken, and ProviderUnusable when it is no introspection answer.

    RFC 7662 §2.2.
    """
    for check in CHECKS:
        check(answer, expected, now)
    return VerifiedToken(
        sub=answer["sub"],
        client_id=answer.get("client_id"),
        scope=scope_names(answer),
        expires_at=numeric_date(answer, "exp") if "exp" in answer else None,
    )
