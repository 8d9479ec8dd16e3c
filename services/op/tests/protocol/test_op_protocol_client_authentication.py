"""The methods of client authentication (RFC 6749 §2.3)."""

import base64
import json

import pytest
from protocol_testing import client, refused

from op.errors import InvalidClient, InvalidRequest, OAuthError
from op.protocol.clients.assertion import ASSERTION_TYPE, ClientAssertion
from op.protocol.clients.authentication import METHODS, Credentials, check_credentials, presented_credentials
from op.records import Client
from servicekit.web.parameters import Parameters

SECRET = "s" * 32
TWO_WAYS = "The request uses two methods of client authentication. Use only one."
NEEDS_TYPE = f"A client_assertion requires the client_assertion_type {ASSERTION_TYPE}."
UNREADABLE = "The Authorization header is malformed."
ASSERTION = f"e30.{base64.urlsafe_b64encode(json.dumps({'sub': 'app'}).encode()).rstrip(b'=').decode()}.AAAA"
OF_ASSERTION = Credentials("", "app", None, ClientAssertion.parse(ASSERTION))
ASSERTED = {"client_assertion": ASSERTION, "client_assertion_type": ASSERTION_TYPE}


def basic(credentials: bytes) -> str:
    return "Basic " + base64.b64encode(credentials).decode()


def presented(authorization: str | None = None, **form: str) -> Credentials:
    return presented_credentials(authorization, Parameters(form))


@pytest.mark.spec("OpenID Connect Core §9")
def test_methods_are_those_of_core() -> None:
    methods = "client_secret_basic client_secret_post client_secret_jwt private_key_jwt none"
    assert " ".join(METHODS) == methods
    assert ASSERTION_TYPE == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.mark.parametrize(
    ("authorization", "form", "expected"),
    [
        pytest.param(basic(b"app:s"), {}, Credentials("client_secret_basic", "app", "s"), id="basic"),
        pytest.param(
            basic(b"app:s").upper()[:6] + basic(b"app:s")[6:],
            {},
            Credentials("client_secret_basic", "app", "s"),
            id="upper case",
        ),
        pytest.param(
            "basic  " + basic(b"app:s")[6:] + " ", {}, Credentials("client_secret_basic", "app", "s"), id="more spaces"
        ),
        pytest.param(
            basic(b"app:s:t"), {}, Credentials("client_secret_basic", "app", "s:t"), id="a colon in the secret"
        ),
        pytest.param(basic(b":"), {}, Credentials("client_secret_basic", "", ""), id="nothing on both sides"),
        pytest.param(
            basic(b"a%3Ab:s%2B+%25%C3%A9"),
            {},
            Credentials("client_secret_basic", "a:b", "s+ %é"),
            id="§2.3.1 form-encoded",
        ),
        pytest.param(
            basic(b"app:s"),
            {"client_id": "app"},
            Credentials("client_secret_basic", "app", "s"),
            id="the same client_id",
        ),
        pytest.param(
            None, {"client_id": "app", "client_secret": "s"}, Credentials("client_secret_post", "app", "s"), id="post"
        ),
        pytest.param(None, {"client_id": "app"}, Credentials("none", "app"), id="a public client"),
        pytest.param(
            None,
            ASSERTED,
            OF_ASSERTION,
            id="RFC 7521 §4.2 an assertion",
        ),
        pytest.param(
            None,
            ASSERTED | {"client_id": "app"},
            OF_ASSERTION,
            id="client_id too",
        ),
    ],
)
def test_credentials_are_read(authorization: str | None, form: dict[str, str], expected: Credentials) -> None:
    assert presented(authorization, **form) == expected


@pytest.mark.parametrize(
    ("authorization", "form", "error", "description"),
    [
        pytest.param(
            None,
            {},
            InvalidClient,
            "Client authentication is missing. Send the client's credentials, or the client_id of a public client.",
            id="nothing",
        ),
        pytest.param(
            None,
            {"client_secret": "s"},
            InvalidClient,
            "Client authentication is missing. Send the client's credentials, or the client_id of a public client.",
            id="a secret",
        ),
        pytest.param(
            basic(b"app:s"), {"client_secret": "s"}, InvalidRequest, TWO_WAYS, id="RFC 6749 §2.3 basic and post"
        ),
        pytest.param(basic(b"app:s"), ASSERTED, InvalidRequest, TWO_WAYS, id="basic and an assertion"),
        pytest.param(None, ASSERTED | {"client_secret": "s"}, InvalidRequest, TWO_WAYS, id="post and an assertion"),
        pytest.param(
            basic(b"app:s"), {"client_assertion_type": ASSERTION_TYPE}, InvalidRequest, TWO_WAYS, id="basic and a type"
        ),
        pytest.param(
            basic(b"app:s"),
            {"client_id": "other"},
            InvalidRequest,
            "The client_id differs from the one in the Authorization header.",
            id="another client_id with basic",
        ),
        pytest.param(
            None,
            ASSERTED | {"client_id": "other"},
            InvalidRequest,
            "The client_id differs from the one in the client_assertion.",
            id="another client_id with an assertion",
        ),
        pytest.param(None, {"client_assertion": ASSERTION}, InvalidRequest, NEEDS_TYPE, id="RFC 7521 §4.2 no type"),
        pytest.param(None, ASSERTED | {"client_assertion_type": "saml"}, InvalidRequest, NEEDS_TYPE, id="another type"),
        pytest.param(None, {"client_assertion_type": ASSERTION_TYPE}, InvalidRequest, NEEDS_TYPE, id="only a type"),
        pytest.param(
            "Bearer x", {}, InvalidClient, "The Authorization header must use the Basic scheme.", id="another scheme"
        ),
        pytest.param(
            "Basic", {}, InvalidClient, "The Authorization header must use the Basic scheme.", id="only the scheme"
        ),
        pytest.param("Basic !!!", {}, InvalidClient, UNREADABLE, id="no base64"),
        pytest.param("Basic é", {}, InvalidClient, UNREADABLE, id="no ASCII"),
        pytest.param(basic(b"\xff:\xff"), {}, InvalidClient, UNREADABLE, id="no UTF-8"),
        pytest.param(basic(b"a:%ff"), {}, InvalidClient, UNREADABLE, id="no UTF-8 in the secret"),
        pytest.param(basic(b"%ff:a"), {}, InvalidClient, UNREADABLE, id="no UTF-8 in the client_id"),
        pytest.param(
            basic(b"no-colon"),
            {},
            InvalidClient,
            "The credentials in the Authorization header must contain a colon.",
            id="no colon",
        ),
    ],
)
@pytest.mark.spec("RFC 6749 §2.3", "RFC 7521 §4.2")
def test_malformed_credentials_are_rejected(
    authorization: str | None, form: dict[str, str], error: type[OAuthError], description: str
) -> None:
    with refused(error, description):
        presented(authorization, **form)


def test_assertion_is_parsed_when_it_is_presented() -> None:
    with refused(InvalidClient, "Client authentication failed.", "the assertion is not a JWT"):
        presented(None, client_assertion="x", client_assertion_type=ASSERTION_TYPE)


def test_secrets_are_not_in_the_repr() -> None:
    shown = repr(Credentials("none", "app", "a-secret", ClientAssertion.parse(ASSERTION)))
    assert shown == "Credentials(method='none', client_id='app')"


PUBLIC = client(token_endpoint_auth_method="none", client_secret=None)
BASIC = client(token_endpoint_auth_method="client_secret_basic")
POST = client(token_endpoint_auth_method="client_secret_post")
BY_KEY = client(token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks_uri="https://client.test/jwks")


@pytest.mark.parametrize(
    ("method", "registered"),
    [
        pytest.param("client_secret_basic", client(), id="no method registered, basic"),
        pytest.param("client_secret_post", client(), id="no method registered, post"),
        pytest.param("client_secret_basic", BASIC, id="basic"),
        pytest.param("client_secret_post", POST, id="post"),
        pytest.param("none", PUBLIC, id="a public client"),
    ],
)
@pytest.mark.spec("RFC 6749 §2.3.1, §3.2.1")
def test_client_is_authenticated(method: str, registered: Client) -> None:
    assert check_credentials(Credentials(method, "app", SECRET), registered) is registered


@pytest.mark.parametrize(
    ("method", "secret", "registered", "detail"),
    [
        pytest.param("client_secret_basic", SECRET, None, "unknown client", id="an unknown client"),
        pytest.param("none", None, None, "unknown client", id="an unknown public client"),
        pytest.param("client_secret_basic", "wrong", BASIC, "wrong secret", id="a wrong secret"),
        pytest.param("client_secret_post", "wrong", BASIC, "wrong secret", id="a wrong secret by another method"),
        pytest.param("client_secret_basic", SECRET + "x", BASIC, "wrong secret", id="a longer secret"),
        pytest.param("client_secret_basic", "", BASIC, "wrong secret", id="an empty secret"),
        pytest.param("client_secret_basic", None, BASIC, "wrong secret", id="no secret"),
        pytest.param("client_secret_basic", "é", BASIC, "wrong secret", id="no ASCII"),
        pytest.param("client_secret_basic", "", PUBLIC, "wrong secret", id="an empty secret of a public client"),
        pytest.param("client_secret_post", None, BY_KEY, "wrong secret", id="a client that has keys"),
        pytest.param("none", None, BASIC, "no secret was sent", id="a confidential client without its secret"),
        pytest.param("none", None, client(), "no secret was sent", id="the same without a registered method"),
    ],
)
@pytest.mark.spec("RFC 6749 §5.2")
def test_failed_authentication_always_has_same_description(
    method: str, secret: str | None, registered: Client | None, detail: str
) -> None:
    """RFC 6749 §5.2: an unknown client and a wrong secret lead to the same error."""
    with refused(InvalidClient, "Client authentication failed.", detail):
        check_credentials(Credentials(method, "app", secret), registered)


@pytest.mark.parametrize(
    ("method", "registered"),
    [
        ("client_secret_post", BASIC),
        ("client_secret_basic", POST),
        ("client_secret_basic", client(token_endpoint_auth_method="client_secret_jwt")),
    ],
)
@pytest.mark.spec("OpenID Connect Core §9")
def test_unregistered_method_is_rejected(method: str, registered: Client) -> None:
    """OpenID Connect Core §9: a client with the correct secret learns its registered method."""
    description = f"This client must authenticate with {registered.token_endpoint_auth_method}, not with {method}."
    with refused(InvalidClient, description):
        check_credentials(Credentials(method, "app", SECRET), registered)
