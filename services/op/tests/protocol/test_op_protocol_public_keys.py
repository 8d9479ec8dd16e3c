"""The public keys of clients (RFC 7517 §4, RFC 7518 §6)."""

from typing import Any

import pytest
from client_keys_testing import public_jwk

from op.protocol.clients.public_keys import KEY_LIMIT, is_public_key_set, usable_keys

RSA, EC = public_jwk("RS256"), public_jwk("ES256")


def test_keys_have_only_the_required_members() -> None:
    rsa, ec = usable_keys({"keys": [RSA | {"x5c": ["A"], "x5u": "https://a.test"}, EC | {"use": "sig", "ext": True}]})
    assert rsa == {name: RSA[name] for name in ("kty", "n", "e", "kid", "alg")}
    assert ec == {name: EC[name] for name in ("kty", "crv", "x", "y", "kid", "alg")} | {"use": "sig"}
    assert is_public_key_set({"keys": [RSA, EC]})


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(RSA | {"n": "A" * 342}, id="RFC 7518 §3.3 2048 bits"),
        pytest.param(RSA | {"n": "A" * 1366}, id="8192 bits"),
        pytest.param(RSA | {"e": "Aw"}, id="a short exponent"),
        pytest.param(RSA | {"e": "A" * 6}, id="a long exponent"),
        pytest.param({name: EC[name] for name in ("kty", "crv", "x", "y")}, id="no kid"),
        pytest.param(EC | {"x": "-_" * 21 + "A"}, id="base64url"),
    ],
)
def test_key_at_the_limits_is_usable(key: dict[str, str]) -> None:
    assert len(usable_keys({"keys": [key]})) == 1


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(RSA | {"n": 100_000_000}, id="a modulus that is a number"),
        pytest.param(RSA | {"n": 10**15}, id="a modulus that is a great number"),
        pytest.param(RSA | {"n": "A" * 341}, id="RFC 7518 §3.3 under 2048 bits"),
        pytest.param(RSA | {"n": "A" * 1367}, id="over 8192 bits"),
        pytest.param(RSA | {"n": RSA["n"] + "="}, id="no base64url"),
        pytest.param(RSA | {"n": "ä" * 342}, id="no ASCII"),
        pytest.param(RSA | {"e": 65537}, id="an exponent that is a number"),
        pytest.param(RSA | {"e": "A"}, id="an exponent of one character"),
        pytest.param(RSA | {"e": "A" * 7}, id="an exponent of seven characters"),
        pytest.param({"kty": "RSA"}, id="no members"),
        pytest.param({name: RSA[name] for name in ("kty", "n")}, id="no exponent"),
        pytest.param({name: value for name, value in RSA.items() if name != "kty"}, id="no kty"),
        pytest.param(RSA | {"kty": ["RSA"]}, id="kty is not a string"),
        pytest.param(RSA | {"kid": 5}, id="kid is not a string"),
        pytest.param(RSA | {"use": ["sig"]}, id="use is not a string"),
        pytest.param(RSA | {"alg": 256}, id="alg is not a string"),
        pytest.param(EC | {"crv": "P-384"}, id="another curve"),
        pytest.param({name: value for name, value in EC.items() if name != "crv"}, id="no curve"),
        pytest.param(EC | {"x": EC["x"][:-1]}, id="a short x"),
        pytest.param(EC | {"y": EC["y"] + "A"}, id="a long y"),
        pytest.param({"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}, id="another kind"),
        pytest.param({"kty": "oct", "k": "AAAA"}, id="a symmetric key"),
        pytest.param("key", id="no object"),
        *(
            pytest.param(RSA | {name: "AQAB"}, id=f"the private member {name}")
            for name in ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
        ),
    ],
)
@pytest.mark.spec("RFC 7517 §4, §5", "RFC 7518 §3.3, §6")
def test_unusable_key_is_ignored(key: Any) -> None:
    """RFC 7517 §5: Unusable keys of a fetched set are ignored, and the others are used."""
    assert usable_keys({"keys": [key, EC]}) == usable_keys({"keys": [EC]})
    assert not is_public_key_set({"keys": [key]})


@pytest.mark.parametrize("key", [RSA | {"d": "AQAB"}, {"kty": "oct", "k": "AAAA"}, "key"], ids=["d", "k", "no object"])
def test_key_set_with_a_private_key_is_rejected(key: Any) -> None:
    assert not is_public_key_set({"keys": [EC, key]})


def test_key_set_with_an_unusable_public_key_is_accepted() -> None:
    assert is_public_key_set({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}, EC]})


@pytest.mark.spec("RFC 7517 §4")
@pytest.mark.spec("RFC 7518 §3.3, §6")
def test_key_set_has_at_most_twenty_keys() -> None:
    """At most twenty keys of a client are used, registered or fetched: each public, RSA of 2048 to 8192 bits or
    EC on P-256, with members in base64url only.
    """
    keys = [EC | {"kid": str(number)} for number in range(21)]
    assert KEY_LIMIT == 20
    assert [key["kid"] for key in usable_keys({"keys": keys})] == [str(number) for number in range(20)]
    assert is_public_key_set({"keys": keys[:20]})
    assert not is_public_key_set({"keys": keys})


@pytest.mark.parametrize("jwks", [{}, {"keys": "x"}, {"keys": []}, {"keys": {}}, {"keys": None}], ids=str)
def test_malformed_key_set_has_no_keys(jwks: dict[str, Any]) -> None:
    assert usable_keys(jwks) == ()
    assert not is_public_key_set(jwks)


def test_tuple_of_keys_is_accepted() -> None:
    """A record from Redis has tuples instead of lists."""
    assert is_public_key_set({"keys": (EC,)})
