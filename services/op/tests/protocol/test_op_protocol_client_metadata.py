"""The checks of client metadata (RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2)."""

from typing import Any

import pytest
from protocol_testing import BY_KEY, JWKS, METADATA, PUBLIC, REDIRECT_URI, faults_of

from op.protocol.clients.metadata import InvalidMetadata, InvalidRedirects, _form_of, client_of
from op.records import Client

IMPLICIT = {"grant_types": ["implicit"], "response_types": ["id_token"]}


def test_client_has_its_metadata_and_defaults() -> None:
    assert client_of(METADATA) == Client(
        client_id="app",
        client_secret="s" * 32,
        redirect_uris=(REDIRECT_URI,),
        grant_types=("authorization_code", "refresh_token"),
        response_types=("code",),
        application_type="web",
        scope="openid email profile",
        id_token_signed_response_alg="RS256",
        introspection_signed_response_alg="RS256",
        authorization_signed_response_alg="RS256",
        subject_type="public",
    )


@pytest.mark.spec("RFC 7591 §2")
def test_null_counts_as_absent() -> None:
    """RFC 7591 §2."""
    assert client_of(METADATA | {"jwks_uri": None, "require_nonce": None}) == client_of(METADATA)


def test_values_of_every_type_are_accepted() -> None:
    values: dict[str, Any] = {
        "client_name": "An app",
        "contacts": ["a@b.c"],
        "default_max_age": 0,
        "require_pkce": False,
        "jwks": JWKS,
        "backchannel_logout_uri": "http://client.test/out",
    }
    registered = client_of(METADATA | values)
    assert {name: getattr(registered, name) for name in values} == values | {"contacts": ("a@b.c",)}


NO_STRINGS: tuple[Any, ...] = (5, [], {}, True)
NO_OBJECTS: tuple[Any, ...] = ("x", [], [{}])


# --- Types -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        *(
            pytest.param({name: value}, f"{name} must be a list of strings", id=f"{name} {value!r}")
            for name in ("redirect_uris", "post_logout_redirect_uris", "request_uris", "grant_types", "response_types")
            for value in ("x", [5])
        ),
        *(
            pytest.param({name: "x"}, f"{name} must be a list of strings", id=name)
            for name in ("introspection_audience", "contacts", "default_acr_values")
        ),
        *(
            pytest.param({name: value}, f"{name} must be true or false", id=f"{name} {value!r}")
            for name in (
                "scope_claims_in_id_token",
                "first_party",
                "require_nonce",
                "require_pkce",
                "require_signed_request_object",
                "require_pushed_authorization_requests",
                "id_token_on_refresh",
                "require_auth_time",
                "backchannel_logout_session_required",
                "frontchannel_logout_session_required",
            )
            for value in ("yes", 1)
        ),
        *(pytest.param({"jwks": value}, "jwks must be an object", id=f"jwks {value!r}") for value in NO_OBJECTS),
        *(
            pytest.param(
                {"default_max_age": value}, "default_max_age must be a whole number of seconds", id=f"{value!r} seconds"
            )
            for value in (-1, 10_000_000_000, "60", 1.5, True)
        ),
        *(
            pytest.param({name: value}, f"{name} must be a string", id=f"{name} {value!r}")
            for name in ("client_id", "scope", "client_name", "token_endpoint_auth_method")
            for value in NO_STRINGS
        ),
    ],
)
def test_value_of_the_wrong_type_is_a_fault(changes: dict[str, Any], fault: str) -> None:
    assert faults_of(**changes) == [fault]


@pytest.mark.parametrize(
    ("hint", "phrase"),
    [
        (str, "a string"),
        (str | None, "a string"),
        (None | str, "a string"),
        (bool, "true or false"),
        (bool | None, "true or false"),
        (int | None, "a whole number of seconds"),
        (tuple[str, ...], "a list of strings"),
        (dict[str, Any] | None, "an object"),
    ],
    ids=str,
)
def test_form_of_a_value_follows_from_its_type(hint: Any, phrase: str) -> None:
    assert _form_of(hint).phrase == phrase


@pytest.mark.parametrize("seconds", [0, 9_999_999_999])
def test_default_max_age_is_in_seconds(seconds: int) -> None:
    assert client_of(METADATA | {"default_max_age": seconds}).default_max_age == seconds


@pytest.mark.parametrize("name", ["nonsense", "source", "registered_at", "changed_at", "registration_token"])
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2", "RFC 7591 §2")
def test_unknown_member_is_a_fault(name: str) -> None:
    """Client metadata have the names of the registry, and all faults are reported at once."""
    assert faults_of(**{name: "x"}) == [f"unknown member: {name}"]


@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2")
@pytest.mark.spec("RFC 7591 §2")
def test_all_faults_are_reported_at_once() -> None:
    metadata = {"zebra": "x", "apple": "x", "grant_types": "x", "first_party": 1}
    with pytest.raises(InvalidMetadata) as caught:
        client_of(metadata)
    faults = [
        "unknown member: apple",
        "unknown member: zebra",
        "grant_types must be a list of strings",
        "first_party must be true or false",
        "client_id is required",
    ]
    assert caught.value.faults == faults
    assert str(caught.value) == "; ".join(faults)
    assert len(faults_of(client_secret=None, grant_types=["x"], redirect_uris=["b"])) == 3


# --- Single values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client_id", ["a", "a" * 255, "a b", "~"])
@pytest.mark.spec("RFC 6749 §A.1")
def test_client_id_of_visible_ascii_is_accepted(client_id: str) -> None:
    """RFC 6749 §A.1."""
    assert client_of(METADATA | {"client_id": client_id}).client_id == client_id


@pytest.mark.parametrize("client_id", ["", "a" * 256, "a\nb", "a\n", "é", "\x7f"], ids=repr)
@pytest.mark.spec("RFC 6749 §A.1")
def test_invalid_client_id_is_a_fault(client_id: str) -> None:
    """A client_id is visible ASCII."""
    assert faults_of(client_id=client_id) == ["client_id must consist of 1 to 255 visible ASCII characters"]


METHODS = "client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, none"
GRANT_TYPES = (
    "authorization_code, implicit, refresh_token, client_credentials, urn:ietf:params:oauth:grant-type:device_code"
)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("token_endpoint_auth_method", "magic", METHODS),
        ("id_token_signed_response_alg", "none", "RS256, ES256, HS256"),
        ("introspection_signed_response_alg", "none", "RS256, ES256, HS256"),
        ("authorization_signed_response_alg", "none", "RS256, ES256, HS256"),
        ("userinfo_signed_response_alg", "PS256", "RS256, ES256, HS256"),
        ("request_object_signing_alg", "HS256", "RS256, ES256, none"),
        ("subject_type", "secret", "public, pairwise"),
        ("application_type", "desktop", "web, native"),
        ("access_token_format", "saml", "opaque, jwt"),
        ("grant_types", "password", GRANT_TYPES),
        ("response_types", "token", "code, id_token, id_token token"),
    ],
)
@pytest.mark.spec("JARM §2.2, §3")
def test_unsupported_value_is_a_fault(name: str, value: str, allowed: str) -> None:
    """The JWT is signed with the client's registered algorithm, never unsigned, and is not accepted as an id_token."""
    said: Any = [value] if name in ("grant_types", "response_types") else value
    assert f"{name} must be one of {allowed}, not {value}" in faults_of(**{name: said})


@pytest.mark.parametrize(
    "changes",
    [
        *({"id_token_signed_response_alg": algorithm} for algorithm in ("RS256", "ES256", "HS256")),
        *({"userinfo_signed_response_alg": algorithm} for algorithm in ("RS256", "ES256", "HS256")),
        *({"authorization_signed_response_alg": algorithm} for algorithm in ("ES256", "HS256")),
        *({"introspection_signed_response_alg": algorithm} for algorithm in ("ES256", "HS256")),
        *({"access_token_format": name} for name in ("opaque", "jwt")),
        *({"token_endpoint_auth_method": f"client_secret_{name}"} for name in ("basic", "post", "jwt")),
        {"request_object_signing_alg": "none"},
        {"request_object_signing_alg": "RS256", "jwks": JWKS},
        {"subject_type": "pairwise"},
        {"application_type": "native"},
        {"grant_types": ["client_credentials", "urn:ietf:params:oauth:grant-type:device_code"]},
        PUBLIC,
        BY_KEY,
    ],
    ids=lambda changes: str({name: value for name, value in changes.items() if name != "jwks"}),
)
def test_supported_value_is_accepted(changes: dict[str, Any]) -> None:
    assert faults_of(**changes) == []


@pytest.mark.parametrize("scope", ["", "openid  email", "openid,email\\", "openid\n", " openid"], ids=repr)
@pytest.mark.spec("RFC 6749 §3.3")
def test_malformed_scope_is_a_fault(scope: str) -> None:
    """RFC 6749 §3.3."""
    assert faults_of(scope=scope) == ["scope must consist of names separated by single spaces"]


# --- Redirect URIs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "uri",
    [
        "http://a/b",
        "https://a.test:8443/b?c=d",
        "app:/callback",
        "com.example.app:callback",
        'custom:"\\@',
        "http://a/" + "b" * 2039,
    ],
    ids=lambda uri: uri[:30],
)
@pytest.mark.parametrize("name", ["redirect_uris", "post_logout_redirect_uris"])
@pytest.mark.spec("RFC 6749 §3.1.2")
def test_absolute_redirect_uri_is_accepted(name: str, uri: str) -> None:
    assert getattr(client_of(METADATA | {name: [uri]}), name) == (uri,)


@pytest.mark.parametrize(
    ("uri", "fault"),
    [
        ("/callback", "a redirect URI must be absolute: /callback"),
        ("", "a redirect URI must be absolute: "),
        ("https:/callback", "a redirect URI must be absolute: https:/callback"),
        ("http:callback", "a redirect URI must be absolute: http:callback"),
        ("https://[::1", "a redirect URI must be absolute: https://[::1"),
        ("https://ä.test/", "a redirect URI must be absolute: https://ä.test/"),
        ("https://a.test/ b", "a redirect URI must be absolute: https://a.test/ b"),
        (
            "https://a.test\\@b.test/",
            "a redirect URI must not contain a backslash or user information: https://a.test\\@b.test/",
        ),
        ("https://a.test/\\", "a redirect URI must not contain a backslash or user information: https://a.test/\\"),
        (
            "http://a.test:x@b.test/",
            "a redirect URI must not contain a backslash or user information: http://a.test:x@b.test/",
        ),
        ("http://a/b#c", "a redirect URI must not have a fragment: http://a/b#c"),
        ("app:/b#", "a redirect URI must not have a fragment: app:/b#"),
        *(
            (f"{scheme}:x", f"a redirect URI must not have this scheme: {scheme}:x")
            for scheme in ("javascript", "data", "vbscript", "file", "about", "blob")
        ),
        ("JavaScript:x", "a redirect URI must not have this scheme: JavaScript:x"),
        ("http://a/" + "b" * 2040, "a redirect URI must not be longer than 2048 characters"),
    ],
    ids=lambda text: text[:40],
)
@pytest.mark.parametrize("name", ["redirect_uris", "post_logout_redirect_uris"])
@pytest.mark.spec("RFC 6749 §3.1.2")
@pytest.mark.spec("RFC 7591 §3.2.2")
def test_unsafe_redirect_uri_is_a_fault(name: str, uri: str, fault: str) -> None:
    """RFC 6749 §3.1.2: A redirect URI is absolute and has no fragment."""
    with pytest.raises(InvalidRedirects) as caught:
        client_of(METADATA | {name: [uri]})
    assert caught.value.faults == [fault]


@pytest.mark.parametrize("grant_type", ["authorization_code", "implicit"])
@pytest.mark.spec("RFC 6749 §3.1.2.2")
def test_grant_with_redirects_requires_redirect_uris(grant_type: str) -> None:
    """A client of the authorization code grant must have registered its redirect URIs."""
    with pytest.raises(InvalidRedirects) as caught:
        client_of(METADATA | {"redirect_uris": [], "grant_types": [grant_type]})
    assert f"the grant type {grant_type} requires redirect_uris" in caught.value.faults


def test_other_grants_do_not_require_redirect_uris() -> None:
    assert faults_of(redirect_uris=[], grant_types=["client_credentials", "refresh_token"]) == []


def test_other_faults_are_not_redirect_faults() -> None:
    with pytest.raises(InvalidMetadata) as caught:
        client_of(METADATA | {"scope": ""})
    assert type(caught.value) is InvalidMetadata


@pytest.mark.parametrize(
    ("uri", "fits"),
    [
        ("http://localhost/cb", True),
        ("http://127.0.0.1:8400/cb", True),
        ("http://[::1]/cb", True),
        ("https://a.test/cb", True),
        ("com.example:/cb", True),
        ("http://a.test/cb", False),
        ("http://localhost.a.test/cb", False),
    ],
)
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2", "RFC 8252 §7")
def test_native_application_may_use_http_on_loopback(uri: str, fits: bool) -> None:
    """Dynamic Client Registration 1.0 §2, RFC 8252 §7."""
    expected = [] if fits else [f"a native application must not use http outside the loopback interface: {uri}"]
    assert faults_of(application_type="native", redirect_uris=[uri]) == expected
    assert faults_of(application_type="web", redirect_uris=[uri]) == []


@pytest.mark.parametrize(
    ("uri", "fits"),
    [
        ("https://a.test/cb", True),
        ("http://a.test/cb", False),
        ("https://localhost/cb", False),
        ("com.example:/cb", False),
    ],
)
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2")
def test_implicit_web_application_requires_https(uri: str, fits: bool) -> None:
    """Dynamic Client Registration 1.0 §2."""
    expected = [] if fits else [f"the grant type implicit requires https and a host other than localhost: {uri}"]
    assert faults_of(**IMPLICIT, redirect_uris=[uri]) == expected
    assert faults_of(**IMPLICIT, redirect_uris=["http://localhost/cb"], application_type="native") == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (IMPLICIT, "the grant type implicit requires https and a host other than localhost"),
        ({"application_type": "native"}, "a native application must not use http outside the loopback interface"),
    ],
)
def test_each_redirect_uri_is_checked(changes: dict[str, Any], fault: str) -> None:
    uris = ["http://a.test/", "https://b.test/", "http://c.test/", "https://d.test/"]
    assert faults_of(**changes, redirect_uris=uris) == [f"{fault}: {uris[0]}", f"{fault}: {uris[2]}"]


@pytest.mark.parametrize(
    ("grant_types", "response_types", "fits"),
    [
        (["implicit"], ["id_token"], True),
        (["implicit"], ["token id_token"], True),
        (["authorization_code", "implicit"], ["code", "id_token token"], True),
        (["authorization_code"], ["code"], True),
        (["authorization_code"], ["code", "id_token"], False),
        (["implicit"], ["code"], False),
    ],
)
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2")
def test_implicit_response_types_require_the_grant_type(
    grant_types: list[str], response_types: list[str], fits: bool
) -> None:
    """Dynamic Client Registration 1.0 §2."""
    fault = "the response types id_token and id_token token require the grant type implicit, and the reverse"
    assert faults_of(grant_types=grant_types, response_types=response_types) == ([] if fits else [fault])


@pytest.mark.spec("RFC 6749 §3.1.1")
def test_response_types_are_stored_in_canonical_order() -> None:
    """RFC 6749 §3.1.1."""
    registered = client_of(METADATA | {"grant_types": ["implicit"], "response_types": ["token id_token"]})
    assert registered.response_types == ("id_token token",)
