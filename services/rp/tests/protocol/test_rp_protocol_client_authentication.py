"""How this client authenticates to the provider (OpenID Connect Core §9, RFC 6749 §2.3.1, RFC 7523)."""

import json
from base64 import b64decode
from typing import Any

import pytest
from jose import jws
from rp_client_keys import client_pem, client_public_key
from rp_protocol_testing import NOW
from rp_testing import CLIENT_ID, CLIENT_SECRET

from rp.protocol.clients.client_authentication import (
    AUDIENCES,
    ClientCredentials,
    ClientIdentity,
    authenticate,
    possible,
)
from rp.protocol.clients.client_key import ClientKey

AUDIENCE = "http://op/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
BASIC, POST = "client_secret_basic", "client_secret_post"
ALL = (BASIC, POST, "client_secret_jwt", "private_key_jwt", "none")
SHORT = "x" * 31


def client(key: str | None = None, **changes: Any) -> ClientIdentity:
    fields: dict[str, Any] = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return ClientIdentity(client_key=ClientKey.parse(client_pem(key)) if key else None, **(fields | changes))


def credentials(
    identity: ClientIdentity, supported: tuple[str, ...] = (), algorithms: tuple[str, ...] = ()
) -> ClientCredentials:
    return authenticate(identity, supported, algorithms, audience=AUDIENCE, now=NOW + 0.5)


def kind(found: ClientCredentials) -> str:
    """The method, or the algorithm of the assertion."""
    if found.headers:
        return BASIC
    if "client_assertion" in found.form:
        return str(jws.get_unverified_header(found.form["client_assertion"])["alg"])
    return POST if "client_secret" in found.form else "none"


# --- Which method ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identity", "methods"),
    [
        pytest.param(client(), (BASIC, POST, "client_secret_jwt"), id="a secret"),
        pytest.param(client(client_secret="x" * 32), (BASIC, POST, "client_secret_jwt"), id="of 32 octets"),
        pytest.param(client(client_secret="ö" * 16), (BASIC, POST, "client_secret_jwt"), id="of 32 octets in UTF-8"),
        pytest.param(client(client_secret=SHORT), (BASIC, POST), id="of 31 octets"),
        pytest.param(client("ES256"), ("private_key_jwt", BASIC, POST, "client_secret_jwt"), id="a key and a secret"),
        pytest.param(client("ES256", client_secret=None), ("private_key_jwt",), id="a key"),
        pytest.param(client(client_secret=None), ("none",), id="nothing"),
        pytest.param(client(client_secret=""), ("none",), id="an empty secret"),
    ],
)
def test_possible_methods_of_a_client(identity: ClientIdentity, methods: tuple[str, ...]) -> None:
    assert possible(identity) == methods


@pytest.mark.parametrize(
    ("identity", "supported", "used"),
    [
        pytest.param(client(), (), BASIC, id="Discovery §3 basic by default"),
        pytest.param(client(), (POST,), POST, id="post if basic is not supported"),
        pytest.param(client(), ("client_secret_jwt",), "HS256", id="a secret signs if nothing else is supported"),
        pytest.param(client(), ("client_secret_jwt", BASIC), BASIC, id="basic is preferred"),
        pytest.param(client(method="client_secret_jwt"), (BASIC,), "HS256", id="the registered method is preferred"),
        pytest.param(client("ES256"), ALL, "ES256", id="a key is preferred"),
        pytest.param(client("ES256"), (BASIC,), BASIC, id="a key that is not supported"),
        pytest.param(client(client_secret=None), ("none",), "none", id="no credentials"),
        pytest.param(client(method="none"), (), "none", id="none despite a secret"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §9")
@pytest.mark.spec("RFC 6749 §2.3.1")
def test_best_method_of_both_sides_is_used(identity: ClientIdentity, supported: tuple[str, ...], used: str) -> None:
    """OpenID Connect Core §9: The relying party supports client_secret_basic, client_secret_post,
    client_secret_jwt, private_key_jwt and none: the configured one, else the best that discovery offers.
    """
    assert kind(credentials(identity, supported)) == used


@pytest.mark.parametrize(
    ("identity", "supported", "methods"),
    [
        pytest.param(client(), ("private_key_jwt",), f"{BASIC}, {POST}, client_secret_jwt", id="no key"),
        pytest.param(client(), ("tls_client_auth",), f"{BASIC}, {POST}, client_secret_jwt", id="an unknown method"),
        pytest.param(client(client_secret=None), (), "none", id="basic without a secret"),
        pytest.param(client(client_secret=SHORT), ("client_secret_jwt",), f"{BASIC}, {POST}", id="a short secret"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §9")
@pytest.mark.spec("OpenID Connect Discovery §3")
def test_no_common_method_is_an_error(identity: ClientIdentity, supported: tuple[str, ...], methods: str) -> None:
    """OpenID Connect Discovery §3: Without a list of methods, a provider supports client_secret_basic."""
    with pytest.raises(ValueError, match=f"^it does not support any of {methods}$"):
        credentials(identity, supported)


@pytest.mark.parametrize(
    ("identity", "method", "algorithm"),
    [
        pytest.param(client(method="client_secret_jwt"), "client_secret_jwt", "HS256", id="a secret"),
        pytest.param(client("ES256", method="private_key_jwt"), "private_key_jwt", "ES256", id="a key"),
    ],
)
def test_algorithm_must_be_supported(identity: ClientIdentity, method: str, algorithm: str) -> None:
    assert kind(credentials(identity, (), ("RS512", algorithm))) == algorithm
    with pytest.raises(ValueError, match=f"^it does not support {method} with {algorithm}$"):
        credentials(identity, (), ("RS512",))


@pytest.mark.parametrize("method", [BASIC, POST, "none"])
def test_algorithms_say_nothing_about_other_methods(method: str) -> None:
    assert kind(credentials(client("ES256", method=method), (), ("ES512",))) == method


def test_assertion_names_the_endpoint_or_the_issuer() -> None:
    assert AUDIENCES == ("token_endpoint", "issuer")
    assert client().assertion_audience == "token_endpoint"


# --- The credentials -------------------------------------------------------------------------------------------------


@pytest.mark.spec("OpenID Connect Discovery §3")
@pytest.mark.spec("RFC 6749 §2.3.1")
def test_client_secret_basic_encodes_both_halves_first() -> None:
    """RFC 6749 §2.3.1: The relying party form-encodes both parts before base64. It sends them in the form if the
    provider supports nothing else.
    """
    found = credentials(client(client_id="a:b", client_secret="c d&ö"))
    scheme, _, encoded = found.headers.pop("Authorization").partition(" ")
    assert (scheme, b64decode(encoded)) == ("Basic", b"a%3Ab:c+d%26%C3%B6")
    assert found == ClientCredentials({}, {})


@pytest.mark.parametrize(
    ("method", "form"),
    [(POST, {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}), ("none", {"client_id": CLIENT_ID})],
)
def test_credentials_in_the_form(method: str, form: dict[str, str]) -> None:
    assert credentials(client(method=method)) == ClientCredentials({}, form)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "HS256"])
@pytest.mark.spec("OpenID Connect Core §9", "RFC 7523 §3")
def test_assertion_has_issuer_audience_and_lifetime(algorithm: str) -> None:
    """RFC 7523 §3."""
    by_secret = algorithm == "HS256"
    identity = client(method="client_secret_jwt") if by_secret else client(algorithm, method="private_key_jwt")
    key = CLIENT_SECRET.encode() if by_secret else client_public_key(algorithm)
    seen = []
    for _ in range(2):
        found = credentials(identity, (), (algorithm,))
        assertion = found.form["client_assertion"]
        assert found == ClientCredentials({}, {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion})
        assert jws.get_unverified_header(assertion) == {"alg": algorithm, "typ": "JWT"}
        seen.append(json.loads(jws.verify(assertion, key, [algorithm])))
    ids = {claims.pop("jti") for claims in seen}
    assert [len(one) for one in ids] == [43, 43]
    assert seen[0] == {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": AUDIENCE, "iat": NOW, "exp": NOW + 60}
