"""JWTs that clients sign: parsing, verification and times (RFC 7515, RFC 7517, RFC 7519)."""

import base64
import json
import math
from types import MappingProxyType
from typing import Any

import pytest
from jose import jws

from op.protocol.signed_jwt import SignedJwt, numeric_date, suitable_keys

SECRET = "s" * 32
RSA = {"kty": "RSA", "kid": "1"}
EC = {"kty": "EC", "kid": "1"}


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed(secret: str = SECRET, algorithm: str = "HS256") -> SignedJwt:
    return SignedJwt.parse(jws.sign(b'{"a": 1}', secret, algorithm=algorithm))


@pytest.mark.spec("RFC 7515 §7.1")
def test_jwt_is_parsed() -> None:
    """RFC 7515 §7.1."""
    header, claims = part({"alg": "RS256", "kid": "1"}), part({"sub": "app"})
    jwt = SignedJwt.parse(f"{header}.{claims}.AQID")
    assert jwt.header == {"alg": "RS256", "kid": "1"}
    assert jwt.claims == {"sub": "app"}
    assert jwt.signing_input == f"{header}.{claims}".encode()
    assert jwt.signature == b"\x01\x02\x03"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "e30.e30",
        "e30.e30.e30.e30",
        "é.é.é",
        "W10.e30.",
        "e30.W10.",
        "e30.bnVsbA.",
        "e30.TmFO.",
        "x.e30.",
        "e30.x.",
        "e30..",
        f"{part({'a': 1}).replace('e', '!')}.e30.",
        f"e30.{'W' * 3000}.",
    ],
    ids=lambda text: text[:16],
)
def test_text_that_is_not_a_jwt_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        SignedJwt.parse(text)


@pytest.mark.parametrize(
    ("header", "algorithm", "kid"),
    [({"alg": "RS256", "kid": "1"}, "RS256", "1"), ({"alg": 5, "kid": 5}, 5, None), ({}, None, None)],
    ids=str,
)
def test_algorithm_is_unchecked_and_kid_is_text(header: dict[str, Any], algorithm: object, kid: str | None) -> None:
    jwt = SignedJwt.parse(f"{part(header)}.e30.")
    assert (jwt.algorithm, jwt.kid) == (algorithm, kid)


@pytest.mark.spec("RFC 7515 §5.2")
def test_any_of_the_keys_may_have_signed() -> None:
    assert signed().is_signed_by(["x" * 32, SECRET], "HS256")
    assert not signed().is_signed_by(["x" * 32], "HS256")
    assert not signed().is_signed_by([], "HS256")


def test_key_may_be_any_mapping() -> None:
    """As `usable_keys` returns them."""
    key = MappingProxyType({"kty": "oct", "k": base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode()})
    assert signed().is_signed_by([key], "HS256")


def test_malformed_key_has_not_signed() -> None:
    assert signed().is_signed_by([{"kty": "RSA"}, {}, SECRET], "HS256")
    assert not signed().is_signed_by([{"kty": "RSA"}, {}], "HS256")


@pytest.mark.spec("RFC 8725 §3.1")
def test_algorithm_of_the_header_must_be_the_expected_one() -> None:
    assert not signed().is_signed_by([SECRET], "HS512")
    assert not signed(algorithm="HS512").is_signed_by([SECRET], "HS256")


def test_changed_claims_are_rejected() -> None:
    header, _, signature = jws.sign(b'{"a": 1}', SECRET, algorithm="HS256").split(".")
    assert not SignedJwt.parse(f"{header}.{part({'a': 2})}.{signature}").is_signed_by([SECRET], "HS256")


@pytest.mark.parametrize(
    ("key", "algorithm", "kid", "suits"),
    [
        (RSA, "RS256", "1", True),
        (RSA, "RS256", None, True),
        (RSA, "RS256", "2", False),
        (RSA, "ES256", "1", False),
        (EC, "ES256", "1", True),
        (EC, "RS256", "1", False),
        (RSA | {"use": "sig", "alg": "RS256"}, "RS256", "1", True),
        (RSA | {"use": "enc"}, "RS256", "1", False),
        (RSA | {"alg": "PS256"}, "RS256", "1", False),
        ({"kty": "RSA"}, "RS256", "1", False),
        ({"kty": "RSA"}, "RS256", None, True),
        ({"kid": "1"}, "RS256", "1", False),
    ],
    ids=str,
)
@pytest.mark.spec("RFC 7517 §4")
def test_suitable_keys_match_type_use_alg_and_kid(
    key: dict[str, str], algorithm: str, kid: str | None, suits: bool
) -> None:
    assert suitable_keys([key, {"kty": "oct"}], algorithm, kid) == ((key,) if suits else ())


@pytest.mark.parametrize(
    ("value", "expected"), [(None, None), (0, 0), (5, 5), (5.2, 6), (253402300799, 253402300799)], ids=str
)
@pytest.mark.spec("RFC 7519 §2")
def test_numeric_date_is_rounded_up(value: float | None, expected: int | None) -> None:
    assert numeric_date({"exp": value}, "exp") == expected
    assert numeric_date({}, "exp") is None


@pytest.mark.parametrize(
    "value", ["5", True, False, -1, 253402300800, math.inf, math.nan, 10**400, [], {}], ids=lambda v: str(v)[:20]
)
def test_invalid_numeric_date_is_rejected(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^exp is not a valid time$"):
        numeric_date({"exp": value}, "exp")
