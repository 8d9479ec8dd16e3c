"""Individually requested claims (OpenID Connect Core §5.5): the `claims` parameter and the claims that it selects.

The parsed parameter is `{"id_token": {...}, "userinfo": {...}}`; each claim may have `essential`, `value` and `values`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from op.errors import InvalidRequest
from op.protocol.authorization.scope import STANDARD_CLAIMS
from op.protocol.untrusted_json import parse_json

PLACES = ("id_token", "userinfo")
CLAIMS_LIMIT = 4096

_MEMBERS = ("essential", "value", "values")


def parse_claims(text: str | None) -> dict[str, Any]:
    """Parse the `claims` parameter, without its unknown members (§5.5, §5.5.1); raises InvalidRequest."""
    if text is None:
        return {}
    if len(text) > CLAIMS_LIMIT:
        raise InvalidRequest(f"The parameter claims must not be longer than {CLAIMS_LIMIT} characters.")
    try:
        claims = parse_json(text)
    except ValueError:
        raise InvalidRequest("The parameter claims is not valid JSON.") from None
    if not isinstance(claims, dict):
        raise InvalidRequest("The parameter claims must be a JSON object.")
    return {place: _place(place, claims[place]) for place in PLACES if claims.get(place) is not None}


def _place(place: str, claims: Any) -> dict[str, Any]:
    if not isinstance(claims, dict):
        raise InvalidRequest(f"The member {place} of claims must be a JSON object.")
    return {name: _claim(claim) for name, claim in claims.items()}


def _claim(claim: Any) -> dict[str, Any]:
    """§5.5.1: null, or an object."""
    if claim is None:
        return {}
    if not isinstance(claim, dict):
        raise InvalidRequest("Each claim in claims must be null or a JSON object.")
    if not isinstance(claim.get("essential", False), bool):
        raise InvalidRequest("The member essential of a requested claim must be true or false.")
    if not isinstance(claim.get("values", []), list):
        raise InvalidRequest("The member values of a requested claim must be an array.")
    return {name: claim[name] for name in _MEMBERS if name in claim}


def requested_claim(claims: Mapping[str, Any], place: str, name: str) -> dict[str, Any] | None:
    """How a claim is requested in a place, or None if it is not."""
    found: dict[str, Any] | None = claims.get(place, {}).get(name)
    return found


def accepts(claim: Mapping[str, Any], value: Any) -> bool:
    """Whether a requested claim allows a value (§5.5.1)."""
    if "value" in claim and claim["value"] != value:
        return False
    return "values" not in claim or value in claim["values"]


def requested_claims(claims: Mapping[str, Any], place: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """The known standard claims that are requested in a place, without those whose value the request does not allow.

    OpenID Connect Core §5.5.
    """
    requested = claims.get(place, {})
    return {
        name: known[name]
        for name in requested
        if name in STANDARD_CLAIMS and known.get(name) is not None and accepts(requested[name], known[name])
    }


def individual_claims(claims: Mapping[str, Any], covered: Iterable[str]) -> list[str]:
    """The requested standard claims that are not covered by the scope, in a fixed order."""
    names = {name for place in PLACES for name in claims.get(place, {})} - set(covered)
    return [name for name in STANDARD_CLAIMS if name in names]


def demanded_subject(claims: Mapping[str, Any]) -> str | None:
    """The `sub` that the ID token must have (§5.5.1); raises InvalidRequest if it is not a string."""
    claim = requested_claim(claims, "id_token", "sub") or {}
    value = claim.get("value")
    if value is not None and not isinstance(value, str):
        raise InvalidRequest("The value of the requested claim sub must be a string.")
    return value
