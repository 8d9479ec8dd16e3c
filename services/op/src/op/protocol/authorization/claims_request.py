"""Claims that are asked for one by one (OpenID Connect Core §5.5): the `claims` parameter, read and answered.

What was asked is kept as `{"id_token": {...}, "userinfo": {...}}`, each claim with `essential`, `value` and `values`.
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
    """The `claims` parameter; members that are not known are left out (§5.5, §5.5.1). Raises InvalidRequest."""
    if text is None:
        return {}
    if len(text) > CLAIMS_LIMIT:
        raise InvalidRequest(f"The parameter claims must not be longer than {CLAIMS_LIMIT} characters.")
    try:
        asked = parse_json(text)
    except ValueError:
        raise InvalidRequest("The parameter claims is not valid JSON.") from None
    if not isinstance(asked, dict):
        raise InvalidRequest("The parameter claims must be a JSON object.")
    return {place: _place(place, asked[place]) for place in PLACES if asked.get(place) is not None}


def _place(place: str, claims: Any) -> dict[str, Any]:
    if not isinstance(claims, dict):
        raise InvalidRequest(f"The member {place} of claims must be a JSON object.")
    return {name: _claim(asked) for name, asked in claims.items()}


def _claim(asked: Any) -> dict[str, Any]:
    """§5.5.1: null, or an object."""
    if asked is None:
        return {}
    if not isinstance(asked, dict):
        raise InvalidRequest("Each claim in claims must be null or a JSON object.")
    if not isinstance(asked.get("essential", False), bool):
        raise InvalidRequest("The member essential of a requested claim must be true or false.")
    if not isinstance(asked.get("values", []), list):
        raise InvalidRequest("The member values of a requested claim must be an array.")
    return {name: asked[name] for name in _MEMBERS if name in asked}


def asked_for(claims: Mapping[str, Any], place: str, name: str) -> dict[str, Any] | None:
    """How a claim was asked for in a place; None when it was not."""
    found: dict[str, Any] | None = claims.get(place, {}).get(name)
    return found


def accepts(asked: Mapping[str, Any], value: Any) -> bool:
    """Whether a value is the one, or one of those, that were asked for (§5.5.1)."""
    if "value" in asked and asked["value"] != value:
        return False
    return "values" not in asked or value in asked["values"]


def answer(claims: Mapping[str, Any], place: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """The standard claims that were asked for in a place and are known; one with another value is left out."""
    asked = claims.get(place, {})
    return {
        name: known[name]
        for name in asked
        if name in STANDARD_CLAIMS and known.get(name) is not None and accepts(asked[name], known[name])
    }


def individual_claims(claims: Mapping[str, Any], opened: Iterable[str]) -> list[str]:
    """The standard claims that are asked for one by one, beyond those that the scope opens, in a fixed order."""
    names = {name for place in PLACES for name in claims.get(place, {})} - set(opened)
    return [name for name in STANDARD_CLAIMS if name in names]


def demanded_subject(claims: Mapping[str, Any]) -> str | None:
    """The one `sub` that the id_token must have (§5.5.1); raises InvalidRequest for one that none can have."""
    asked = asked_for(claims, "id_token", "sub") or {}
    value = asked.get("value")
    if value is not None and not isinstance(value, str):
        raise InvalidRequest("The value of the requested claim sub must be a string.")
    return value
