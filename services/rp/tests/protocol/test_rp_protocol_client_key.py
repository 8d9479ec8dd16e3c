"""The private key of this client, as PEM or as a JWK (RFC 7517 §4)."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat
from jose import jws
from rp_client_keys import client_jwk, client_pem, client_public_key, pem
from rp_testing import CLIENT_ID, CLIENT_SECRET

from rp.protocol.clients.client_authentication import ClientIdentity, authenticate
from rp.protocol.clients.client_key import ClientKey

TRADITIONAL = PrivateFormat.TraditionalOpenSSL


@pytest.mark.parametrize(
    ("text", "algorithm", "kid"),
    [
        pytest.param(client_pem("RS256"), "RS256", None, id="RSA, PKCS #8"),
        pytest.param(client_pem("RS256", TRADITIONAL), "RS256", None, id="RSA, PKCS #1"),
        pytest.param(client_pem("ES256"), "ES256", None, id="EC, PKCS #8"),
        pytest.param(client_pem("ES256", TRADITIONAL), "ES256", None, id="EC, SEC 1"),
        pytest.param(client_jwk("RS256", kid="mine"), "RS256", "mine", id="RSA, JWK"),
        pytest.param(f" {client_jwk('ES256', kid='k')}", "ES256", "k", id="EC, JWK after a space"),
        pytest.param(client_jwk("ES256", alg=None), "ES256", None, id="JWK without alg"),
        pytest.param(client_jwk("ES256", kid=7), "ES256", None, id="JWK with a kid that is not a string"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §9")
@pytest.mark.spec("RFC 7518 §3.2, §3.3, §3.4")
def test_private_key_is_read_and_signs(text: str, algorithm: str, kid: str | None) -> None:
    """The key of an assertion is RSA of 2048 bits or P-256, as PEM or JWK. A secret that signs has at least 32
    octets.
    """
    key = ClientKey.parse(text)
    assert (key.algorithm, key.kid) == (algorithm, kid)
    identity = ClientIdentity(CLIENT_ID, None, client_key=key)
    assertion = authenticate(identity, ("private_key_jwt",), (), audience="a", now=0).form["client_assertion"]
    assert jws.verify(assertion, client_public_key(algorithm), [algorithm])
    assert jws.get_unverified_header(assertion).get("kid") == kid


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("rubbish", id="rubbish"),
        pytest.param("{", id="not JSON"),
        pytest.param('{"kty":"oct","k":"c2VjcmV0LXNlY3JldA"}', id="a symmetric key"),
        pytest.param('{"kty":["RSA"]}', id="a kty that is not a string"),
        pytest.param(client_jwk("RS256", d=None), id="a public RSA key"),
        pytest.param(client_jwk("ES256", d=None), id="a public EC key"),
        pytest.param(client_jwk("ES256", d=""), id="an empty d"),
        pytest.param(client_jwk("RS256", alg="PS256"), id="a JWK of another algorithm"),
        pytest.param(pem(ec.generate_private_key(ec.SECP384R1())), id="another curve"),
        pytest.param(pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)), id="1024 bits"),  # noqa: S505
        pytest.param(client_pem("RS256")[:200], id="cut off"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §9", "RFC 7518 §3.2, §3.3, §3.4")
def test_invalid_key_is_rejected_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be a private key as PEM or JWK: ") as error:
        ClientKey.parse(text)
    assert text[:40] not in str(error.value)
    assert "c2VjcmV0" not in str(error.value)
    assert error.value.__cause__ is None


def test_printed_credentials_show_no_secret() -> None:
    identity = ClientIdentity(CLIENT_ID, CLIENT_SECRET, client_key=ClientKey.parse(client_pem("ES256")))
    assert "PRIVATE" not in repr(identity)
    assert CLIENT_SECRET not in repr(identity)
