"""How values look on a page: secrets are masked, times are readable, differences are marked."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from quart import Quart

from rp.check import Check, common_prefix_length, masked
from rp.message import Message
from rp.protocol import numeric_date
from rp.protocol.numeric_date import is_numeric_date
from rp.web.translation import is_message, localized, translated

# Values that prove something: a page shows only their beginning.
_SECRET_CLAIMS = frozenset({"nonce", "at_hash", "c_hash", "s_hash", "sid", "jti"})
_TIME_CLAIMS = frozenset({"exp", "iat", "nbf", "auth_time", "updated_at"})

# In the order in which a list shows them.
MEANINGS = {
    "iss": Message("claim", "the issuer: the provider that issued the token"),
    "sub": Message("claim", "the identifier of the user at the provider"),
    "aud": Message("claim", "the audience: this client"),
    "azp": Message("claim", "the client that the token was issued to"),
    "exp": Message("claim", "when the token expires"),
    "iat": Message("claim", "when the token was issued"),
    "auth_time": Message("claim", "when the user logged in"),
    "nonce": Message("claim", "binds the token to this sign-in"),
    "at_hash": Message("claim", "binds the token to the access token"),
    "sid": Message("claim", "the session at the provider"),
    "acr": Message("claim", "the assurance level of the login"),
    "amr": Message("claim", "the methods of the login"),
    "alg": Message("claim", "the signature algorithm, fixed by the registration"),
    "kid": Message("claim", "the key that signed the token"),
    "typ": Message("claim", "the type of the token"),
    "name": Message("claim", "the full name"),
    "given_name": Message("claim", "the given name"),
    "family_name": Message("claim", "the family name"),
    "preferred_username": Message("claim", "the preferred user name, which is not unique"),
    "email": Message("claim", "the email address, which can change"),
    "email_verified": Message("claim", "whether the provider has verified the address"),
}

Parts = tuple[str, str, str]
"""A value split into what precedes a difference, what differs, and what follows."""


def install(app: Quart) -> None:
    """Add the filters and globals of the templates."""
    app.jinja_env.filters.update(
        claim=claim, in_order=in_order, safe_json=safe_json, in_utc=numeric_date.in_utc, difference=difference
    )
    app.jinja_env.globals["meanings"] = MEANINGS
    app.jinja_env.globals["login_path"] = login_path
    app.jinja_env.filters["translated"] = translated
    app.jinja_env.globals["localized"] = localized
    app.jinja_env.tests["message"] = is_message


def difference(check: Check) -> tuple[Parts, Parts]:
    """The expected and the found value, with the differing part marked if the two are easily confused.

    Nothing is marked if at least one is our own text, or if the values have less than half in common.
    """
    expected, found = check.expected, check.found
    before = common_prefix_length(expected, found)
    shortest = min(len(expected), len(found))
    after = min(common_prefix_length(expected[::-1], found[::-1]), shortest - before)
    if is_message(expected) or is_message(found) or expected == found or 2 * (before + after) < shortest:
        return (expected, "", ""), (found, "", "")
    return _parts(expected, before, after), _parts(found, before, after)


def _parts(text: str, before: int, after: int) -> Parts:
    end = len(text) - after
    return text[:before], text[before:end], text[end:]


def login_path(issuer: str, query: Mapping[str, str]) -> str:
    """The path that starts a sign-in at one of several providers."""
    path = f"/login?{urlencode({'iss': issuer, **query})}"
    return path if "ui_locales" in query else localized(path)


def in_order(claims: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Names and values: known names first in their order, then the others as they were received."""
    known = [name for name in MEANINGS if name in claims]
    return [(name, claims[name]) for name in (*known, *(name for name in claims if name not in MEANINGS))]


def claim(value: Any, name: str) -> str:
    """The value of a claim as text."""
    if name in _SECRET_CLAIMS:
        return masked(value)
    if name in _TIME_CLAIMS and is_numeric_date(value):
        return numeric_date.in_utc(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def safe_json(value: Mapping[str, Any]) -> str:
    """An object as readable JSON, with its secrets masked."""
    shown = {name: masked(inner) if name in _SECRET_CLAIMS else inner for name, inner in value.items()}
    return json.dumps(shown, indent=2, ensure_ascii=False)
