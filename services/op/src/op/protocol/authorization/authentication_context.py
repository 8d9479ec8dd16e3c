"""How users authenticate, and what a request may demand of it (OpenID Connect Core §2, §3.1.2.1, §5.5.1.1)."""

from collections.abc import Mapping
from typing import Any

from op.errors import UnmetAuthenticationRequirements
from op.protocol.authorization.claims_request import accepts, requested_claim

ACR = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
AMR = ("pwd",)  # RFC 8176 §2
ACR_VALUES = (ACR,)


def with_acr_values(claims: Mapping[str, Any], acr_values: str | None) -> dict[str, Any]:
    """`acr_values` requests `acr` as a voluntary claim; the `claims` parameter has precedence (§3.1.2.1)."""
    if acr_values is None:
        return dict(claims)
    voluntary = {"acr": {"values": acr_values.split()}, "amr": {}}
    return {**claims, "id_token": {**voluntary, **claims.get("id_token", {})}}


def check_acr(claims: Mapping[str, Any]) -> None:
    """An essential `acr` must be supported (§5.5.1.1); raises UnmetAuthenticationRequirements."""
    requested = requested_claim(claims, "id_token", "acr") or {}
    if requested.get("essential") and not accepts(requested, ACR):
        raise UnmetAuthenticationRequirements(
            "This provider does not support the required acr. Use one of its acr_values_supported."
        )


def authentication_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """`acr` and `amr` if they are requested, with the values of the actual authentication (§5.5.1.1).

    OpenID Connect Core §3.1.2.1.
    """
    done = {"acr": ACR, "amr": list(AMR)}
    return {name: value for name, value in done.items() if requested_claim(claims, "id_token", name) is not None}
