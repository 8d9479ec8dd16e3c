"""Mode A: checks of the provider's introspection response (RFC 7662 §2.2)."""

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


def check_active(response: Claims, _expected: Expected, _now: float) -> None:
    """`active` must be true; if it is not a boolean, the response is malformed (RFC 7662 §2.2)."""
    active = response.get("active")
    if not isinstance(active, bool):
        raise ProviderUnusable(f"the provider's introspection response has active={shown(active)}")
    if not active:
        raise InvalidToken("the provider says that the token is not active")


def check_token_type(response: Claims, _expected: Expected, _now: float) -> None:
    """The token must be an access token: the provider reports refresh tokens as active too (RFC 7662 §4)."""
    token_type = response.get("token_type")
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


def process(response: Mapping[str, Any], expected: Expected, now: float) -> VerifiedToken:
    """The token that an introspection response describes; `now` is in seconds since the epoch (RFC 7662 §2.2).

    Raises InvalidToken, and ProviderUnusable if the response is malformed.
    """
    for check in CHECKS:
        check(response, expected, now)
    return VerifiedToken(
        sub=response["sub"],
        client_id=response.get("client_id"),
        scope=scope_names(response),
        expires_at=numeric_date(response, "exp") if "exp" in response else None,
    )
