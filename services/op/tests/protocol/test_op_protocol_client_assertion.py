"""client_secret_jwt and private_key_jwt (RFC 7523 §3, OpenID Connect Core §9)."""

import base64
import json
import math
from typing import Any

import pytest
from jose import jws
from protocol_testing import NOW, client, refused

from op.errors import InvalidClient
from op.protocol.client_assertion import (
    ASSERTION_ALGORITHMS,
    VerifiedAssertion,
    asserted_client_id,
    check_assertion,
    header_for,
)
from op.protocol.client_jwt import Header, numeric_date, suitable_keys, verified_claims
from op.records import Client

ISSUER = "https://op.test"
AUDIENCES = (ISSUER, f"{ISSUER}/token")
SECRET = "s" * 32
FAILED = "client authentication failed"
HS256 = Header("HS256", None)
JWKS_URI = "https://client.test/jwks"


def by_key(algorithm: str | None = None) -> Client:
    return client(
        token_endpoint_auth_method="private_key_jwt",
        token_endpoint_auth_signing_alg=algorithm,
        client_secret=None,
        jwks_uri=JWKS_URI,
    )


def by_secret() -> Client:
    return client(token_endpoint_auth_method="client_secret_jwt")


def unsigned(header: Any, payload: Any = None) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, payload))
    return ".".join((*parts, "AAAA"))


def signed(**changes: Any) -> str:
    claims = {"iss": "app", "sub": "app", "aud": ISSUER, "iat": NOW, "exp": NOW + 60, "jti": "jti"} | changes
    payload = json.dumps({name: value for name, value in claims.items() if value is not None})
    return jws.sign(payload.encode(), SECRET, algorithm="HS256")


def check(assertion: str) -> VerifiedAssertion:
    return check_assertion(assertion, "app", HS256, [SECRET], audiences=AUDIENCES, now=NOW)


def test_assertion_algorithms() -> None:
    """OpenID Connect Core §9: discovery publishes them."""
    assert " ".join(ASSERTION_ALGORITHMS) == "HS256 RS256 ES256"


# --- Who is it from --------------------------------------------------------------------------------------------------


def test_asserted_client_is_the_sub() -> None:
    """RFC 7523 §3 (2)."""
    assert asserted_client_id(unsigned({}, {"sub": "app", "iss": "other"})) == "app"


@pytest.mark.parametrize("payload", [{}, {"sub": 5}, {"sub": None}, {"sub": "é"}, {"sub": "\ud800"}, {"iss": "app"}])
def test_assertion_without_sub_is_rejected(payload: dict[str, Any]) -> None:
    with refused(InvalidClient, FAILED, "the assertion has no sub"):
        asserted_client_id(unsigned({"alg": "RS256"}, payload))


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "e30.W10.x", "e30.bnVsbA.x", "e30.TmFO.x", "é.é.é"])
def test_assertion_whose_payload_is_no_object_is_rejected(assertion: str) -> None:
    with refused(InvalidClient, FAILED, "the assertion is no JWT"):
        asserted_client_id(assertion)


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "W10.e30.x"])
def test_assertion_whose_header_is_no_object_is_rejected(assertion: str) -> None:
    with refused(InvalidClient, FAILED, "the assertion is no JWT"):
        header_for(assertion, by_key())


# --- The header ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registered", "algorithm"),
    [
        pytest.param(by_key(), "RS256", id="private_key_jwt, RS256"),
        pytest.param(by_key(), "ES256", id="private_key_jwt, ES256"),
        pytest.param(by_key("ES256"), "ES256", id="the registered algorithm"),
        pytest.param(by_secret(), "HS256", id="client_secret_jwt"),
    ],
)
@pytest.mark.parametrize(("kid", "expected"), [("1", "1"), (None, None), (5, None), ([], None)])
def test_header_has_registered_algorithm_and_kid(
    registered: Client, algorithm: str, kid: Any, expected: str | None
) -> None:
    assert header_for(unsigned({"alg": algorithm, "kid": kid}, {}), registered) == Header(algorithm, expected)


@pytest.mark.parametrize(
    ("registered", "algorithm"),
    [
        pytest.param(by_key(), "HS256", id="RFC 8725 §3.1 a public key as a secret"),
        pytest.param(by_key(), "none", id="unsigned"),
        pytest.param(by_key(), None, id="no algorithm"),
        pytest.param(by_key(), "rs256", id="another case"),
        pytest.param(by_key("ES256"), "RS256", id="not the registered algorithm"),
        pytest.param(by_secret(), "RS256", id="a key where a secret is registered"),
        pytest.param(client(), "HS256", id="a client of another method"),
        pytest.param(client(token_endpoint_auth_method="none", client_secret=None), "HS256", id="a public client"),
    ],
)
def test_assertion_with_another_algorithm_is_rejected(registered: Client, algorithm: str | None) -> None:
    detail = f"an assertion with {algorithm!r} is not what the client is registered for"
    with refused(InvalidClient, FAILED, detail):
        header_for(unsigned({"alg": algorithm}, {}), registered)


def test_algorithm_alone_is_not_enough_without_the_method() -> None:
    """A record whose method was changed may still have the algorithm of the old one."""
    record = Client(client_id="app", client_secret=SECRET, token_endpoint_auth_signing_alg="HS256")
    with refused(InvalidClient, FAILED, "an assertion with 'HS256' is not what the client is registered for"):
        header_for(unsigned({"alg": "HS256"}, {}), record)


def test_critical_extension_is_rejected() -> None:
    """RFC 7515 §4.1.11."""
    with refused(InvalidClient, FAILED, "the assertion has a critical extension (RFC 7515 §4.1.11)"):
        header_for(unsigned({"alg": "RS256", "crit": []}, {}), by_key())


OTHER_AUDIENCES: tuple[Any, ...] = ("https://elsewhere.test", None, {"a": 1}, [[]], [], f"{ISSUER}/", 5)


# --- The claims ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expires_at"),
    [
        pytest.param({}, NOW + 60, id="all of them"),
        pytest.param({"aud": f"{ISSUER}/token"}, NOW + 60, id="§3 (3) the endpoint"),
        pytest.param({"aud": ["https://elsewhere.test", ISSUER]}, NOW + 60, id="§3 (3) several audiences"),
        pytest.param({"exp": NOW + 1}, NOW + 1, id="§3 (4) the shortest life"),
        pytest.param({"exp": NOW + 0.5}, NOW + 1, id="§3 (4) a fraction is rounded up"),
        pytest.param({"exp": NOW + 3600}, NOW + 3600, id="§3 (4) the longest life"),
        pytest.param({"nbf": NOW + 60, "iat": NOW + 60}, NOW + 60, id="§3 (5), (6) a clock that is ahead"),
        pytest.param({"iat": None}, NOW + 60, id="no iat"),
    ],
)
def test_good_assertion_is_verified(changes: dict[str, Any], expires_at: int) -> None:
    assert check(signed(**changes)) == VerifiedAssertion("jti", expires_at)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        pytest.param({"iss": "other"}, "iss and sub are not the client", id="§3 (1) another iss"),
        pytest.param({"iss": None}, "iss and sub are not the client", id="§3 (1) no iss"),
        pytest.param({"sub": "other"}, "iss and sub are not the client", id="§3 (2) another sub"),
        pytest.param({"sub": None}, "iss and sub are not the client", id="§3 (2) no sub"),
        *(
            pytest.param({"aud": aud}, "aud is neither the issuer nor this endpoint", id=f"§3 (3) aud {aud}")
            for aud in OTHER_AUDIENCES
        ),
        *(
            pytest.param({"exp": exp}, "exp must lie in the next 3600 s", id=f"§3 (4) exp {exp}")
            for exp in (None, 1, NOW, NOW + 3601)
        ),
        *(
            pytest.param({"exp": exp}, "exp is no time", id=f"§3 (4) exp {str(exp)[:9]}")
            for exp in (True, "soon", -1, 10**400)
        ),
        pytest.param({"nbf": NOW + 61}, "nbf lies in the future", id="§3 (5) not yet"),
        pytest.param({"iat": NOW + 61}, "iat lies in the future", id="§3 (6) made in the future"),
        pytest.param({"iat": "x"}, "iat is no time", id="§3 (6) iat is no time"),
        pytest.param({"nbf": []}, "nbf is no time", id="§3 (5) nbf is no time"),
        *(pytest.param({"jti": jti}, "jti is required", id=f"Core §9 jti {jti!r}") for jti in (None, "", 7)),
    ],
)
def test_assertion_with_wrong_claims_is_rejected(changes: dict[str, Any], detail: str) -> None:
    with refused(InvalidClient, FAILED, detail):
        check(signed(**changes))


@pytest.mark.parametrize(("keys", "count"), [([], 0), (["x" * 32], 1), (["x" * 32, "y" * 32], 2)])
def test_assertion_that_no_key_fits_is_rejected(keys: list[str], count: int) -> None:
    """RFC 7523 §3 (9)."""
    with refused(InvalidClient, FAILED, f"no key of the client fits the assertion; {count} were tried"):
        check_assertion(signed(), "app", HS256, keys, audiences=AUDIENCES, now=NOW)


# --- What JWTs of clients have in common -----------------------------------------------------------------------------


RSA = {"kty": "RSA", "kid": "1"}
EC = {"kty": "EC", "kid": "1"}


@pytest.mark.parametrize(
    ("key", "header", "suits"),
    [
        (RSA, Header("RS256", "1"), True),
        (RSA, Header("RS256", None), True),
        (RSA, Header("RS256", "2"), False),
        (RSA, Header("ES256", "1"), False),
        (EC, Header("ES256", "1"), True),
        (EC, Header("RS256", "1"), False),
        (RSA | {"use": "sig", "alg": "RS256"}, Header("RS256", "1"), True),
        (RSA | {"use": "enc"}, Header("RS256", "1"), False),
        (RSA | {"alg": "PS256"}, Header("RS256", "1"), False),
        ({"kty": "RSA"}, Header("RS256", "1"), False),
        ({"kty": "RSA"}, Header("RS256", None), True),
        ({"kid": "1"}, Header("RS256", "1"), False),
    ],
    ids=str,
)
def test_suitable_keys_match_type_use_alg_and_kid(key: dict[str, str], header: Header, suits: bool) -> None:
    """RFC 7517 §4."""
    assert suitable_keys([key, {"kty": "oct"}], header) == ([key] if suits else [])


def test_any_of_the_keys_may_have_signed() -> None:
    assert verified_claims(signed(), HS256, ["x" * 32, None, SECRET]) == json.loads(
        jws.verify(signed(), SECRET, "HS256")
    )


@pytest.mark.parametrize("payload", [b"[]", b"x", b'{"a": NaN}', b"\xff"], ids=repr)
def test_signed_payload_must_be_an_object(payload: bytes) -> None:
    assert verified_claims(jws.sign(payload, SECRET, algorithm="HS256"), HS256, [SECRET]) is None


def test_algorithm_is_the_one_of_the_header_that_was_checked() -> None:
    assert verified_claims(signed(), Header("HS512", None), [SECRET]) is None


@pytest.mark.parametrize(
    ("value", "expected"), [(None, None), (0, 0), (5, 5), (5.2, 6), (253402300799, 253402300799)], ids=str
)
def test_numeric_date_is_rounded_up(value: float | None, expected: int | None) -> None:
    """RFC 7519 §2."""
    assert numeric_date({"exp": value}, "exp") == expected
    assert numeric_date({}, "exp") is None


@pytest.mark.parametrize(
    "value", ["5", True, False, -1, 253402300800, math.inf, math.nan, 10**400, [], {}], ids=lambda v: str(v)[:20]
)
def test_what_is_no_numeric_date_is_rejected(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^exp is no time$"):
        numeric_date({"exp": value}, "exp")


@pytest.mark.parametrize(("algorithm", "is_signed"), [("RS256", True), ("none", False)])
def test_header_says_whether_a_jwt_is_signed(algorithm: str, is_signed: bool) -> None:
    assert Header(algorithm, None).is_signed is is_signed
