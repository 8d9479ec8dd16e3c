"""A published key, prepared for one algorithm (RFC 7517 §4, RFC 7518 §3.3, §3.4)."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from rs.protocol.verification_key import verification_key

SIGNED = b"header.payload"


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param((), id="as the provider publishes it"),
        pytest.param(("alg",), id="without alg"),
        pytest.param(("use",), id="without use"),
        pytest.param(("alg", "use", "kid"), id="only the required members"),
    ],
)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_jwk_for_the_algorithm_is_accepted(request, algorithm, missing):
    signing_key = request.getfixturevalue("rsa_key" if algorithm == "RS256" else "ec_key")
    document = {name: value for name, value in signing_key.document.items() if name not in missing}
    key = verification_key(document, algorithm)
    assert key is not None
    assert key.verify(SIGNED, signing_key.sign(SIGNED))
    assert not key.verify(b"header.changed", signing_key.sign(SIGNED))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"kty": "EC"}, id="kty of another algorithm"),
        pytest.param({"kty": "oct", "k": "c2VjcmV0"}, id="kty of a secret"),
        pytest.param({"kty": None}, id="kty that is null"),
        pytest.param({"alg": "RS512"}, id="alg another"),
        pytest.param({"use": "enc"}, id="use is encryption"),
        pytest.param({"n": "!"}, id="n malformed"),
        pytest.param({"n": None}, id="n missing"),
        pytest.param({"d": "AQAB"}, id="a private key"),
    ],
)
@pytest.mark.spec("RFC 7517 §4, §5")
def test_jwk_for_another_algorithm_is_rejected(rsa_key, change):
    """A key of the set is ignored if it is not for the configured algorithm or cannot be read."""
    assert verification_key({**rsa_key.document, **change}, "RS256") is None


def test_private_key_is_rejected(rsa_key):
    """If the provider publishes it by mistake, everybody can sign with it."""
    assert rsa_key.private_document["d"]
    assert verification_key(rsa_key.private_document, "RS256") is None


@pytest.mark.spec("RFC 7518 §3.3")
def test_rsa_key_under_2048_bits_is_rejected(make_key):
    """RS256 needs a modulus of at least 2048 bits."""
    assert verification_key(make_key("small", bits=1024).document, "RS256") is None


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_key_of_another_type_is_rejected(rsa_key, ec_key, algorithm):
    document = {**(ec_key if algorithm == "RS256" else rsa_key).document, "alg": algorithm}
    assert verification_key(document, algorithm) is None


@pytest.mark.spec("RFC 7518 §3.4")
def test_key_on_another_curve_is_rejected(make_key):
    """ES256 keys are on the curve P-256."""
    document = make_key("other", "ES256", curve=ec.SECP384R1).document
    assert verification_key(document, "ES256") is None
