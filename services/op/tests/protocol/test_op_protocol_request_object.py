"""Request objects (RFC 9101, OpenID Connect Core §6)."""

import base64
import json
from typing import Any

import pytest
from client_keys_testing import private_pem, public_jwk
from jose import jws
from protocol_testing import JWKS, NOW, client, refused

from op.errors import InvalidRequestObject, InvalidRequestUri, OAuthError, RequestNotSupported, RequestUriNotSupported
from op.protocol.authorization.request_object import (
    RequestObject,
    acceptable_algorithms,
    check_request_uri,
    merged,
    open_request_object,
    without_fragment,
)
from op.records import Client
from servicekit.web.parameters import Parameters

ISSUER = "https://op.test"
NO_JWT = "The request object is not a JWT."
BAD_TIME = "A time in the request object is invalid"
ITSELF = Client(client_id="app", registered_at=NOW)
SIGNING = client(jwks=JWKS, request_object_signing_alg="ES256")
KEYED = client(jwks=JWKS)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(claims: Any, **header: Any) -> str:
    return f"{part({'alg': 'none', **header})}.{part(claims)}."


def opened(text: str, registered: Client = ITSELF, keys: tuple[Any, ...] = ()) -> dict[str, str]:
    request_object = RequestObject.parse(text, registered)
    return dict(open_request_object(request_object, keys, client_id="app", issuer=ISSUER, now=NOW))


# --- By reference ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "fetched"),
    [
        ("https://a/b", "https://a/b"),
        ("https://a/b#hash", "https://a/b"),
        ("https://a/b#c#d", "https://a/b"),
        ("#", ""),
    ],
)
@pytest.mark.spec("OpenID Connect Core §6.2")
def test_fragment_is_not_fetched(uri: str, fetched: str) -> None:
    assert without_fragment(uri) == fetched


REGISTERED = client(request_uris=["https://client.test/other.jwt", "https://client.test/r.jwt#version"])


@pytest.mark.parametrize("suffix", ["", "#another-version", "#" + "x" * 486])
@pytest.mark.spec("OpenID Connect Core §6.2")
def test_registered_request_uri_is_accepted(suffix: str) -> None:
    """A request_uri has up to 512 characters and any fragment."""
    check_request_uri("https://client.test/r.jwt" + suffix, REGISTERED)


@pytest.mark.parametrize(
    ("uri", "description"),
    [
        ("https://client.test/r.jwt?x=1", "The request_uri must be one of the client's registered request_uris."),
        ("https://client.test/", "The request_uri must be one of the client's registered request_uris."),
        ("http://client.test/r.jwt", "The request_uri must be one of the client's registered request_uris."),
        ("file:///etc/passwd", "The request_uri must be one of the client's registered request_uris."),
        ("https://client.test/r.jwt#" + "x" * 487, "The request_uri must not be longer than 512 characters."),
    ],
    ids=lambda text: text[:40],
)
@pytest.mark.spec("RFC 9101 §10.4.1")
def test_unregistered_request_uri_is_rejected(uri: str, description: str) -> None:
    """RFC 9101 §10.4.1."""
    with refused(InvalidRequestUri, description):
        check_request_uri(uri, REGISTERED)


def test_client_without_request_uris_may_not_use_request_uri() -> None:
    with refused(RequestUriNotSupported, "This client may not use request_uri. Register the URL in its request_uris."):
        check_request_uri("https://client.test/r.jwt", client())


# --- The algorithm ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registered", "algorithms"),
    [
        pytest.param(client(), (), id="no keys"),
        pytest.param(KEYED, ("RS256", "ES256"), id="keys by value"),
        pytest.param(client(jwks_uri="https://client.test/jwks"), ("RS256", "ES256"), id="keys by reference"),
        pytest.param(client(jwks=JWKS, request_object_signing_alg="ES256"), ("ES256",), id="a registered algorithm"),
        pytest.param(client(jwks=JWKS, request_object_signing_alg="none"), ("none",), id="registered for none"),
        pytest.param(ITSELF, ("none",), id="registered itself, no keys"),
        pytest.param(Client(client_id="a", registered_at=0, jwks=JWKS), ("RS256", "ES256", "none"), id="itself, keys"),
    ],
)
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2")
def test_algorithms_depend_on_the_registration(registered: Client, algorithms: tuple[str, ...]) -> None:
    """Dynamic Client Registration 1.0 §2."""
    assert acceptable_algorithms(registered) == algorithms


@pytest.mark.parametrize(
    ("header", "registered", "expected"),
    [
        pytest.param({"alg": "RS256"}, KEYED, ("RS256", True), id="RS256"),
        pytest.param({"alg": "ES256"}, KEYED, ("ES256", True), id="ES256"),
        pytest.param({"alg": "none"}, ITSELF, ("none", False), id="none, registered itself"),
        pytest.param({"alg": "none"}, client(request_object_signing_alg="none"), ("none", False), id="none, for it"),
    ],
)
def test_header_with_a_registered_algorithm_is_accepted(
    header: dict[str, Any], registered: Client, expected: tuple[str, bool]
) -> None:
    request_object = RequestObject.parse(f"{part(header)}.e30.", registered)
    assert (request_object.algorithm, request_object.is_signed) == expected


NOT_REGISTERED = "This client may not use request objects. Register its keys or its request_object_signing_alg."
NOT_UNSIGNED = "This client may not use unsigned request objects. Sign the request object."
WRONG_ALG = "The request object must use the algorithm that the client is registered for."


@pytest.mark.parametrize(
    ("request_object", "registered", "error", "description"),
    [
        pytest.param(unsigned({}), client(), RequestNotSupported, NOT_REGISTERED, id="may not use request objects"),
        pytest.param(
            "nonsense", client(), RequestNotSupported, NOT_REGISTERED, id="malformed, may not use request objects"
        ),
        pytest.param(unsigned({}), KEYED, RequestNotSupported, NOT_UNSIGNED, id="unsigned, with keys"),
        pytest.param(
            unsigned({}),
            client(jwks=JWKS, request_object_signing_alg="ES256"),
            InvalidRequestObject,
            WRONG_ALG,
            id="unsigned, registered for an algorithm",
        ),
        pytest.param(f"{part({'alg': 'HS256'})}.e30.", KEYED, InvalidRequestObject, WRONG_ALG, id="RFC 8725 §2.1"),
        pytest.param(f"{part({'alg': 'ES256'})}.e30.", ITSELF, InvalidRequestObject, WRONG_ALG, id="no keys"),
        pytest.param("e30.e30.", KEYED, InvalidRequestObject, WRONG_ALG, id="no alg"),
        pytest.param(
            f"{part({'alg': 'ES256', 'crit': []})}.e30.",
            KEYED,
            InvalidRequestObject,
            "The request object has a crit header. Critical extensions are not supported.",
            id="RFC 7515 §4.1.11 crit",
        ),
        *(
            pytest.param(text, KEYED, InvalidRequestObject, NO_JWT, id=text[:12])
            for text in ("", "nonsense", "e30.e30", "e30.e30.e30.e30", "é.é.é", "W10.e30.", "e30.W10.", "x.x.")
        ),
    ],
)
@pytest.mark.spec("RFC 9101 §4, §6.1")
def test_invalid_header_is_rejected(
    request_object: str, registered: Client, error: type[OAuthError], description: str
) -> None:
    """A request object is signed with a key and an algorithm of the client's registration, or unsigned if that
    is registered. It is from this client and for this provider, has not expired, and contains no other request object.
    """
    with refused(error, description):
        RequestObject.parse(request_object, registered)


# --- What is inside --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "parameters"),
    [
        pytest.param({"state": "a b&c=d"}, {"state": "a b&c=d"}, id="a string"),
        pytest.param({"max_age": 300}, {"max_age": "300"}, id="a number"),
        pytest.param({"claims": {"userinfo": {}}}, {"claims": '{"userinfo": {}}'}, id="Core §6.1 claims"),
        pytest.param({"claims": "{}"}, {"claims": "{}"}, id="claims as a string"),
        pytest.param({"client_id": "app"}, {"client_id": "app"}, id="RFC 9101 §5 client_id"),
        pytest.param(
            {
                "iss": "app",
                "sub": "somebody",
                "aud": ISSUER,
                "jti": "x",
                "iat": NOW,
                "nbf": NOW,
                "exp": NOW + 1,
            },
            {},
            id="RFC 7519 §4.1 claims of the JWT",
        ),
        pytest.param({"aud": ["x", ISSUER]}, {}, id="several audiences"),
        pytest.param({"iat": NOW + 60, "nbf": NOW + 60}, {}, id="a clock that is ahead"),
        pytest.param({"state": ""}, {}, id="an empty value"),
    ],
)
@pytest.mark.spec("RFC 9101 §4, §6")
def test_members_become_parameters(claims: dict[str, Any], parameters: dict[str, str]) -> None:
    assert opened(unsigned(claims)) == parameters


OTHER_CLIENT = "The request object was issued by another client."
WRONG_TYPE = "A member of the request object has the wrong type."
UNREADABLE = "A parameter in the request object is malformed."
NESTED = "A request object must not contain request or request_uri."


@pytest.mark.parametrize(
    ("claims", "description"),
    [
        pytest.param({"iss": "other"}, OTHER_CLIENT, id="RFC 9101 §4 iss"),
        pytest.param({"iss": None}, OTHER_CLIENT, id="iss is null"),
        pytest.param({"client_id": "other"}, OTHER_CLIENT, id="RFC 9101 §5 client_id"),
        pytest.param(
            {"sub": "app"},
            "The request object is a client assertion. Its sub must not be the client_id.",
            id="RFC 9101 §10.8",
        ),
        *(
            pytest.param(
                {"aud": aud},
                "The request object was issued for another provider. Its aud must contain the issuer.",
                id=f"RFC 9101 §4 aud {aud}",
            )
            for aud in ("https://other.test", [], ["x"], None, 5)
        ),
        pytest.param({"request": "a.b.c"}, NESTED, id="RFC 9101 §4 nested"),
        pytest.param({"request_uri": "urn:x"}, NESTED, id="RFC 9101 §4 nested reference"),
        pytest.param({"exp": NOW}, "The request object has expired.", id="expired"),
        pytest.param({"nbf": NOW + 61}, "The request object is not valid yet.", id="nbf in the future"),
        pytest.param({"iat": NOW + 61}, "The request object is not valid yet.", id="iat in the future"),
        *(
            pytest.param({name: value}, f"{BAD_TIME}: {name}.", id=f"{name} {str(value)[:9]}")
            for name, value in (("exp", "soon"), ("exp", 10**400), ("nbf", True), ("iat", []))
        ),
        pytest.param({"state": ["x"]}, WRONG_TYPE, id="a list"),
        pytest.param({"state": {}}, WRONG_TYPE, id="an object"),
        pytest.param({"max_age": True}, WRONG_TYPE, id="a boolean"),
        pytest.param({"max_age": 1.5}, WRONG_TYPE, id="a fraction"),
        pytest.param({"state": None}, WRONG_TYPE, id="null"),
        pytest.param({"claims": []}, WRONG_TYPE, id="claims as a list"),
        pytest.param({"state": "a\nb"}, UNREADABLE, id="a line feed"),
        pytest.param({"state": "\ud800"}, UNREADABLE, id="half a character"),
    ],
)
@pytest.mark.spec("RFC 9101 §4, §6.1, §10.8")
def test_invalid_request_object_is_rejected(claims: dict[str, Any], description: str) -> None:
    """RFC 9101 §10.8: A client assertion is not accepted as a request object."""
    with refused(InvalidRequestObject, description):
        opened(unsigned(claims))


@pytest.mark.spec("RFC 7519 §6")
def test_unsigned_request_object_must_not_have_a_signature() -> None:
    """RFC 7519 §6."""
    with refused(InvalidRequestObject, "An unsigned request object must not have a signature."):
        opened(unsigned({}) + "AAAA")


@pytest.mark.spec("RFC 9101 §6.2")
def test_signed_request_object_is_verified() -> None:
    signed = jws.sign({"state": "x"}, private_pem("ES256"), algorithm="ES256")
    assert opened(signed, SIGNING, (public_jwk("RS256"), public_jwk("ES256"))) == {"state": "x"}
    for keys in ((), (public_jwk("RS256"),)):
        with refused(InvalidRequestObject, "The signature of the request object does not match any key of the client."):
            opened(signed, SIGNING, keys)
    changed = signed.replace(signed.split(".")[1], part({"state": "y"}))
    with refused(InvalidRequestObject, "The signature of the request object does not match any key of the client."):
        opened(changed, SIGNING, (public_jwk("ES256"),))


# --- Inside and outside ----------------------------------------------------------------------------------------------


@pytest.mark.spec("OpenID Connect Core §6.1")
def test_request_object_has_precedence() -> None:
    """OpenID Connect Core §6.1."""
    outside = Parameters({"state": "out", "nonce": "out", "request": "x", "request_uri": "y"}, frozenset({"scope"}))
    together = merged(outside, Parameters({"state": "in", "scope": "in"}))
    assert dict(together) == {"state": "in", "nonce": "out", "scope": "in"}
    assert together.repeated == {"scope"}


@pytest.mark.parametrize("name", ["client_id", "response_type"])
@pytest.mark.spec("OpenID Connect Core §6.1", "RFC 9101 §5")
def test_client_id_and_response_type_must_agree(name: str) -> None:
    """OpenID Connect Core §6.1, RFC 9101 §5."""
    assert merged(Parameters({name: "a"}), Parameters({name: "a"}))[name] == "a"
    assert merged(Parameters({name: "a"}), Parameters({}))[name] == "a"
    assert merged(Parameters({}), Parameters({name: "a"}))[name] == "a"
    with refused(InvalidRequestObject, f"A parameter differs inside and outside the request object: {name}."):
        merged(Parameters({name: "a"}), Parameters({name: "b"}))
