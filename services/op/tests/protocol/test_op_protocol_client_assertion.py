"""client_secret_jwt and private_key_jwt (RFC 7523 §3, OpenID Connect Core §9)."""

import base64
import json
from typing import Any

import pytest
from jose import jws
from protocol_testing import NOW, client, refused

from op.errors import InvalidClient
from op.protocol.clients.assertion import (
    ASSERTION_ALGORITHMS,
    ClientAssertion,
    VerifiedAssertion,
    assertion_algorithm,
    verify_assertion,
)
from op.records import Client

ISSUER = "https://op.test"
AUDIENCES = (ISSUER, f"{ISSUER}/token")
SECRET = "s" * 32
FAILED = "Client authentication failed."
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
    return verify_assertion(ClientAssertion.parse(assertion), "HS256", [SECRET], audiences=AUDIENCES, now=NOW)


def algorithm_of(header: dict[str, Any], registered: Client) -> str:
    return assertion_algorithm(ClientAssertion.parse(unsigned(header, {"sub": "app"})), registered)


@pytest.mark.spec("OpenID Connect Core §9")
def test_assertion_algorithms_are_supported() -> None:
    """Discovery publishes the algorithms."""
    assert " ".join(ASSERTION_ALGORITHMS) == "HS256 RS256 ES256"


# --- Who is it from --------------------------------------------------------------------------------------------------


@pytest.mark.spec("RFC 7523 §3 (2)")
def test_sub_names_the_asserted_client() -> None:
    """RFC 7523 §3 (2)."""
    assert ClientAssertion.parse(unsigned({}, {"sub": "app", "iss": "other"})).client_id == "app"


@pytest.mark.parametrize("payload", [{}, {"sub": 5}, {"sub": None}, {"sub": "é"}, {"sub": "\ud800"}, {"iss": "app"}])
def test_assertion_without_sub_is_rejected(payload: dict[str, Any]) -> None:
    with refused(InvalidClient, FAILED, "the assertion has no sub"):
        ClientAssertion.parse(unsigned({"alg": "RS256"}, payload))


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "e30.W10.", "W10.e30.", "é.é.é"])
def test_assertion_that_is_not_a_jwt_is_rejected(assertion: str) -> None:
    with refused(InvalidClient, FAILED, "the assertion is not a JWT"):
        ClientAssertion.parse(assertion)


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
def test_registered_algorithm_is_accepted(registered: Client, algorithm: str) -> None:
    assert algorithm_of({"alg": algorithm}, registered) == algorithm


@pytest.mark.parametrize(
    ("registered", "algorithm"),
    [
        pytest.param(by_key(), "HS256", id="RFC 8725 §3.1 a public key as a secret"),
        pytest.param(by_key(), "none", id="unsigned"),
        pytest.param(by_key(), None, id="no algorithm"),
        pytest.param(by_key(), ["RS256"], id="a list"),
        pytest.param(by_key(), "rs256", id="another case"),
        pytest.param(by_key("ES256"), "RS256", id="not the registered algorithm"),
        pytest.param(by_secret(), "RS256", id="a key where a secret is registered"),
        pytest.param(client(), "HS256", id="a client of another method"),
        pytest.param(client(token_endpoint_auth_method="none", client_secret=None), "HS256", id="a public client"),
    ],
)
@pytest.mark.spec("RFC 7523 §3 (9)")
def test_assertion_with_another_algorithm_is_rejected(registered: Client, algorithm: str | None) -> None:
    detail = f"the client is not registered for assertions with the algorithm {algorithm!r}"
    with refused(InvalidClient, FAILED, detail):
        algorithm_of({"alg": algorithm}, registered)


def test_algorithm_without_its_method_is_rejected() -> None:
    """A record whose method was changed may still have the algorithm of the previous one."""
    record = Client(client_id="app", client_secret=SECRET, token_endpoint_auth_signing_alg="HS256")
    with refused(InvalidClient, FAILED, "the client is not registered for assertions with the algorithm 'HS256'"):
        algorithm_of({"alg": "HS256"}, record)


@pytest.mark.spec("RFC 7515 §4.1.11")
def test_critical_extension_is_rejected() -> None:
    with refused(InvalidClient, FAILED, "the assertion has a critical extension (RFC 7515 §4.1.11)"):
        algorithm_of({"alg": "RS256", "crit": []}, by_key())


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
def test_valid_assertion_is_verified(changes: dict[str, Any], expires_at: int) -> None:
    assert check(signed(**changes)) == VerifiedAssertion("jti", expires_at)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        pytest.param({"iss": "other"}, "iss and sub must both be the client_id", id="§3 (1) another iss"),
        pytest.param({"iss": None}, "iss and sub must both be the client_id", id="§3 (1) no iss"),
        pytest.param({"sub": "other"}, "iss and sub must both be the client_id", id="§3 (2) another sub"),
        *(
            pytest.param({"aud": aud}, "aud is neither the issuer nor this endpoint", id=f"§3 (3) aud {aud}")
            for aud in OTHER_AUDIENCES
        ),
        *(
            pytest.param({"exp": exp}, "exp must be within the next 3600 seconds", id=f"§3 (4) exp {exp}")
            for exp in (None, 1, NOW, NOW + 3601)
        ),
        *(
            pytest.param({"exp": exp}, "exp is not a valid time", id=f"§3 (4) exp {str(exp)[:9]}")
            for exp in (True, "soon", -1, 10**400)
        ),
        pytest.param({"nbf": NOW + 61}, "nbf is in the future", id="§3 (5) not yet"),
        pytest.param({"iat": NOW + 61}, "iat is in the future", id="§3 (6) made in the future"),
        pytest.param({"iat": "x"}, "iat is not a valid time", id="§3 (6) iat is not a time"),
        pytest.param({"nbf": []}, "nbf is not a valid time", id="§3 (5) nbf is not a time"),
        *(pytest.param({"jti": jti}, "jti is required", id=f"Core §9 jti {jti!r}") for jti in (None, "", 7)),
    ],
)
@pytest.mark.spec("RFC 7523 §3 (1), (2), (3), (4), (5), (6)")
def test_assertion_with_wrong_claims_is_rejected(changes: dict[str, Any], detail: str) -> None:
    """RFC 7523 §3 (4), (5), (6): `exp` is required and at most an hour ahead. An assertion that is not yet valid
    is rejected.
    """
    with refused(InvalidClient, FAILED, detail):
        check(signed(**changes))


@pytest.mark.parametrize(("keys", "count"), [([], 0), (["x" * 32], 1), (["x" * 32, "y" * 32], 2)])
@pytest.mark.spec("RFC 7523 §3 (9)")
def test_assertion_signed_with_another_key_is_rejected(keys: list[str], count: int) -> None:
    """RFC 7523 §3 (9)."""
    with refused(InvalidClient, FAILED, f"the signature of the assertion matches none of the client's {count} keys"):
        verify_assertion(ClientAssertion.parse(signed()), "HS256", keys, audiences=AUDIENCES, now=NOW)
