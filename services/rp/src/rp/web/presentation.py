"""How values look on a page: secrets masked, times readable, everything else as it came."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from quart import Quart

from rp.check import masked
from rp.protocol import numeric_date
from rp.protocol.numeric_date import is_numeric_date

# Values that prove something to somebody: a page shows how they begin.
_SECRET_CLAIMS = frozenset({"nonce", "at_hash", "c_hash", "s_hash", "sid", "jti"})
_TIME_CLAIMS = frozenset({"exp", "iat", "nbf", "auth_time", "updated_at"})

# In the order in which a table shows them.
MEANINGS = {
    "iss": "who says so: the provider's issuer",
    "sub": "the person, as the provider names them",
    "aud": "for whom it was issued: this client",
    "azp": "the client that may use it",
    "exp": "from then on it is not to be accepted",
    "iat": "when it was issued",
    "auth_time": "when the person logged in",
    "nonce": "binds it to this one sign-in",
    "at_hash": "binds it to the access token that came along",
    "sid": "the provider's session",
    "acr": "how strong the login was",
    "amr": "how the person proved who they are",
    "alg": "how it is signed; pinned by this client's registration",
    "kid": "the key that signed it",
    "typ": "what it is",
    "name": "the full name, for showing",
    "given_name": "the given name",
    "family_name": "the family name",
    "preferred_username": "what the person wants to be called by; not unique",
    "email": "the preferred address; not a name for the person, it may change hands",
    "email_verified": "whether the provider knows that the address is theirs",
}


def install(app: Quart) -> None:
    """Give the templates their filters."""
    app.jinja_env.filters.update(claim=claim, in_order=in_order, safe_json=safe_json, moment=numeric_date.shown)
    app.jinja_env.globals["meanings"] = MEANINGS
    app.jinja_env.globals["login_path"] = login_path


def login_path(issuer: str, query: Mapping[str, str]) -> str:
    """The address that starts a sign-in at one of several providers."""
    return f"/login?{urlencode({'iss': issuer, **query})}"


def in_order(claims: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Names and values, the known ones first and in their order, the others as they came."""
    known = [name for name in MEANINGS if name in claims]
    return [(name, claims[name]) for name in (*known, *(name for name in claims if name not in MEANINGS))]


def claim(value: Any, name: str) -> str:
    """One claim's value as text."""
    if name in _SECRET_CLAIMS:
        return masked(value)
    if name in _TIME_CLAIMS and is_numeric_date(value):
        return numeric_date.shown(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def safe_json(value: Mapping[str, Any]) -> str:
    """An object as JSON for reading, its secrets masked."""
    shown = {name: masked(inner) if name in _SECRET_CLAIMS else inner for name, inner in value.items()}
    return json.dumps(shown, indent=2, ensure_ascii=False)
