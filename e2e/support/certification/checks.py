"""The checks of the conformance suite for all responses; each raises AssertionError.

Both a FAILURE and a WARNING of the suite are errors here.
"""

import base64
import hashlib
import json
import math
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from joserfc import jws
from joserfc.jwk import KeySet

from support.certification.browser import Arrival, Page

SKEW_SECONDS = 300
YEAR_SECONDS = 365 * 24 * 3600
MINIMUM_ENTROPY = 96  # Shannon entropy in bits, for values that should have 128
INTERACTION_REQUIRED_ERRORS = {
    "login_required",
    "interaction_required",
    "account_selection_required",
    "consent_required",
}

CLAIMS_OF_SCOPE = {  # OpenID Connect Core §5.4
    "openid": {"sub"},
    "profile": {
        *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile"),
        *("picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"),
    },
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
    "offline_access": set(),
}
_NOT_A_TEXT = {"email_verified": bool, "phone_number_verified": bool, "updated_at": int, "address": dict}
_OF_AN_ID_TOKEN = {
    *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "sid"),
    *("jti", "nbf"),
}
_DESCRIPTION = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 §4.1.2.1


@dataclass(frozen=True)
class Jwt:
    """A JWT with a valid signature of a key that the provider publishes."""

    value: str
    header: dict[str, Any]
    claims: dict[str, Any]


def verified(value: str, keys: Any) -> Jwt:
    """The signature, with the published key that the token names (OpenID Connect Core §10.1)."""
    known = KeySet.import_key_set(keys)
    signature = jws.deserialize_compact(value, known, algorithms=["RS256", "ES256"])
    assert signature.protected.get("kid") in {key["kid"] for key in keys["keys"]}
    return Jwt(value, dict(signature.protected), _json_of(signature.payload))


def _json_of(payload: bytes) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(payload)
    assert isinstance(claims, dict)
    return claims


# --- id_token ---------------------------------------------------------------------------------------------------------


def check_id_token(token: Jwt, *, issuer: str, client_id: str, nonce: str | None) -> None:
    """OpenID Connect Core §2, §3.1.3.7, and its standard claims of §5.1."""
    claims, now = token.claims, time.time()
    assert claims["iss"] == issuer
    assert claims["aud"] == client_id or client_id in claims["aud"]
    assert now - SKEW_SECONDS < claims["exp"] < now + 50 * YEAR_SECONDS
    assert abs(now - claims["iat"]) < SKEW_SECONDS
    if "auth_time" in claims:
        assert now - YEAR_SECONDS < claims["auth_time"] < now + SKEW_SECONDS
    assert claims.get("nonce") == nonce
    assert claims.get("acr") != ""
    assert re.fullmatch(r"[\x20-\x7e]{1,255}", claims["sub"])
    _check_types({name: value for name, value in claims.items() if name in _standard_claims()})


def check_hashes(token: Jwt, *, access_token: str, code: str | None = None) -> None:
    """`at_hash`, and `c_hash` if present (§3.1.3.6, §3.3.2.11)."""
    for name, of in (("at_hash", access_token), ("c_hash", code)):
        if name in token.claims:
            assert of is not None
            digest = hashlib.sha256(of.encode("ascii")).digest()
            assert token.claims[name] == base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def check_only_requested_claims(token: Jwt) -> None:
    """§5.4: with an access token UserInfo returns the claims of a scope."""
    assert token.claims.keys() <= _OF_AN_ID_TOKEN


def check_refreshed_id_token(first: Jwt, second: Jwt) -> None:
    """§12.2."""
    for name in ("iss", "sub", "aud"):
        assert second.claims[name] == first.claims[name]
    assert second.claims["iat"] > first.claims["iat"]
    assert second.claims.get("auth_time", first.claims["auth_time"]) == first.claims["auth_time"]
    assert second.claims.get("azp") == first.claims.get("azp")


# --- UserInfo ---------------------------------------------------------------------------------------------------------


def check_userinfo(claims: Mapping[str, Any], scope: str) -> None:
    """§5.1, §5.3.2, §5.4: the correct types, and all claims of the scope."""
    _check_types(claims)
    assert isinstance(claims["sub"], str)
    expected = {name for value in scope.split() for name in CLAIMS_OF_SCOPE[value]}
    assert expected <= claims.keys(), expected - claims.keys()
    if "updated_at" in claims:
        assert 631152000 < claims["updated_at"] < time.time() + SKEW_SECONDS, "between 1990 and now"
    assert not {"_claim_names", "_claim_sources"} & claims.keys()


def _standard_claims() -> set[str]:
    return set().union(*CLAIMS_OF_SCOPE.values())


def _check_types(claims: Mapping[str, Any]) -> None:
    """No claim is null or empty (§5.3.2), and a birthdate is valid."""
    for name, value in claims.items():
        assert type(value) is _NOT_A_TEXT.get(name, str), f"{name}: {value!r}"
        texts = value.values() if isinstance(value, dict) else [value] if isinstance(value, str) else []
        assert all(text.strip() and text != "null" for text in texts), f"{name}: {value!r}"
    birthdate = re.fullmatch(r"(\d{4})(-\d{2}-\d{2})?", claims.get("birthdate", "2000"))
    assert birthdate
    assert 1850 <= int(birthdate[1]) <= time.gmtime().tm_year


# --- Codes and tokens -------------------------------------------------------------------------------------------------


def check_entropy(secret: str) -> None:
    """RFC 6749 §10.10: at least 128 bits, as far as that can be measured."""
    assert len(secret) * 8 >= 128
    assert re.fullmatch(r"[\x20-\x7e]+", secret), "RFC 6749 §A: visible characters"
    counts = Counter(secret).values()
    shannon = -sum(n / len(secret) * math.log2(n / len(secret)) for n in counts)
    assert shannon * len(secret) > MINIMUM_ENTROPY


def check_token_response(response: requests.Response) -> dict[str, Any]:
    """RFC 6749 §5.1."""
    assert response.status_code == requests.codes.ok, response.text
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    assert "no-store" in response.headers["Cache-Control"]
    body: dict[str, Any] = response.json()
    assert "error" not in body
    assert body["token_type"].lower() == "bearer"
    assert type(body["expires_in"]) is int
    assert 0 < body["expires_in"] <= YEAR_SECONDS
    check_entropy(body["access_token"])
    if "refresh_token" in body:
        check_entropy(body["refresh_token"])
    return body


# --- Errors -----------------------------------------------------------------------------------------------------------


def check_error(body: Mapping[str, Any], *expected: str) -> None:
    """RFC 6749 §4.1.2.1, §5.2: a known code, and a description with allowed characters only."""
    assert body["error"] in expected, body
    assert _DESCRIPTION.fullmatch(body.get("error_description", "x")), body
    assert "error_uri" not in body


def check_token_error(response: requests.Response, *expected: str) -> None:
    """RFC 6749 §5.2: 400 with JSON."""
    assert response.status_code == requests.codes.bad_request, response.text
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    check_error(response.json(), *expected)


# --- Keys -------------------------------------------------------------------------------------------------------------


def check_keys(keys: Any) -> None:
    """RFC 7517: only public keys, each with its own kid, in unpadded base64url, that a library can load."""
    assert keys["keys"]
    names = [key["kid"] for key in keys["keys"]]
    assert len(set(names)) == len(names)
    for key in keys["keys"]:
        assert key["use"] == "sig"
        assert (key["kty"], key["alg"]) in {("RSA", "RS256"), ("EC", "ES256")}
        assert not {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & key.keys()
        members = ("n", "e") if key["kty"] == "RSA" else ("x", "y")
        for name in members:
            assert re.fullmatch(r"[A-Za-z0-9_-]+", key[name]), f"{name} of {key['kid']}"
    KeySet.import_key_set(keys)


def signing_keys(keys: dict[str, Any]) -> dict[str, str]:
    """The key material by kid."""
    return {key["kid"]: key["n"] if key["kty"] == "RSA" else key["x"] for key in keys["keys"]}


def check_error_page(arrival: Arrival | Page, *words: str) -> None:
    """An error page of the provider, of which the suite requires a screenshot."""
    assert isinstance(arrival, Page), arrival.url
    assert arrival.status == requests.codes.bad_request
    for word in words:
        assert word in arrival.text
