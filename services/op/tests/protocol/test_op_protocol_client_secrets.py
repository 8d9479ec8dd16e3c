"""Which secrets, keys and algorithms can be combined in client metadata (RFC 7591 §2, OpenID Connect Core §16.19)."""

from typing import Any

import pytest
from client_keys_testing import public_jwk
from protocol_testing import BY_KEY, JWKS, METADATA, PUBLIC, SAFE, faults_of

from op.protocol.clients.metadata import client_of

JWKS_URI = "https://client.test/jwks"
SHORT = "s" * 31
NEEDS_SECRET = "client_secret is required; register a public client with token_endpoint_auth_method none"
LONG_SECRET = "HS256 requires a client_secret of at least 32 bytes"
LONG_FOR_RESPONSES = "HS256 responses require a client_secret of at least 32 bytes"
NEEDS_KEYS = "signed request objects require jwks or jwks_uri"
KEY_SET = "jwks must contain public keys only: RSA with 2048 to 8192 bits, or EC with P-256"
BY_SECRET_JWT = {"token_endpoint_auth_method": "client_secret_jwt"}


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        pytest.param({"client_secret": "s"}, [], id="a short secret where nothing is keyed"),
        pytest.param({"client_secret": None}, [NEEDS_SECRET], id="no secret"),
        pytest.param({"client_secret": ""}, [NEEDS_SECRET], id="an empty secret"),
        pytest.param(BY_KEY, [], id="keys in place of a secret"),
        pytest.param(
            {"token_endpoint_auth_method": "none"},
            ["a client with token_endpoint_auth_method none must not have a client_secret"],
            id="a public client with a secret",
        ),
        pytest.param(
            PUBLIC | {"grant_types": ["client_credentials"]},
            ["client_credentials requires a confidential client"],
            id="RFC 6749 §4.4 a public client in its own name",
        ),
        pytest.param(BY_SECRET_JWT | {"client_secret": SHORT}, [LONG_SECRET], id="RFC 7518 §3.2 client_secret_jwt"),
        pytest.param(BY_SECRET_JWT, [], id="client_secret_jwt with 32 octets"),
        pytest.param({"client_secret": "é" * 16, **BY_SECRET_JWT}, [], id="octets, not characters"),
        *(
            pytest.param({name: "HS256", "client_secret": SHORT}, [LONG_SECRET], id=f"§16.19 {name}")
            for name in ("id_token_signed_response_alg", "introspection_signed_response_alg")
        ),
        *(
            pytest.param(PUBLIC | {name: "HS256"}, ["HS256 requires a client_secret"], id=f"a public client, {name}")
            for name in ("id_token_signed_response_alg", "introspection_signed_response_alg")
        ),
        *(
            pytest.param(BY_KEY | {name: "HS256"}, ["HS256 requires a client_secret"], id=f"keys alone, {name}")
            for name in ("id_token_signed_response_alg", "introspection_signed_response_alg")
        ),
        *(
            pytest.param({name: "HS256", "client_secret": SHORT}, [LONG_FOR_RESPONSES], id=f"§16.19 {name}")
            for name in ("authorization_signed_response_alg", "userinfo_signed_response_alg")
        ),
        *(
            pytest.param(PUBLIC | {name: "HS256"}, [LONG_FOR_RESPONSES], id=f"a public client, {name}")
            for name in ("authorization_signed_response_alg", "userinfo_signed_response_alg")
        ),
        pytest.param(
            BY_KEY | {"userinfo_signed_response_alg": "HS256"}, [LONG_FOR_RESPONSES], id="only keys, UserInfo"
        ),
    ],
)
@pytest.mark.spec(
    "OpenID Connect Core §16.19", "JARM §2.2, §3", "RFC 6749 §4.4", "RFC 7518 §3.2", "RFC 8725 §3.5", "RFC 9701 §6"
)
def test_secret_must_fit_methods_and_algorithms(changes: dict[str, Any], faults: list[str]) -> None:
    assert faults_of(**changes) == faults


def test_public_client_with_hs256_and_secret_has_two_faults() -> None:
    assert faults_of(token_endpoint_auth_method="none", id_token_signed_response_alg="HS256") == [
        "a client with token_endpoint_auth_method none must not have a client_secret",
        "HS256 requires a client_secret",
    ]


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        pytest.param({"jwks": JWKS}, [], id="keys by value"),
        pytest.param({"jwks_uri": JWKS_URI}, [], id="keys by reference"),
        pytest.param({"jwks": JWKS, "jwks_uri": JWKS_URI}, ["jwks and jwks_uri cannot be combined"], id="both"),
        pytest.param({"jwks": {}}, [KEY_SET], id="no keys"),
        pytest.param({"jwks": {"keys": []}}, [KEY_SET], id="an empty set"),
        pytest.param({"jwks": {"keys": [{"kty": "oct", "k": "x"}]}}, [KEY_SET], id="a symmetric key"),
        pytest.param({"jwks": {"keys": [public_jwk("ES256") | {"d": "x"}]}}, [KEY_SET], id="a private key"),
        pytest.param({"jwks_uri": "http://a.test/jwks"}, [f"jwks_uri {SAFE}"], id="not over TLS"),
        pytest.param(
            BY_KEY | {"jwks": None}, ["private_key_jwt requires jwks or jwks_uri"], id="private_key_jwt without keys"
        ),
        pytest.param(BY_KEY | {"jwks": None, "jwks_uri": JWKS_URI}, [], id="private_key_jwt by reference"),
        *(
            pytest.param(BY_KEY | {"token_endpoint_auth_signing_alg": algorithm}, [], id=f"private_key_jwt {algorithm}")
            for algorithm in ("RS256", "ES256")
        ),
        pytest.param(BY_SECRET_JWT | {"token_endpoint_auth_signing_alg": "HS256"}, [], id="client_secret_jwt HS256"),
        *(
            pytest.param(
                changes,
                ["token_endpoint_auth_signing_alg cannot be used with this token_endpoint_auth_method"],
                id=f"{changes.get('token_endpoint_auth_method')} {changes['token_endpoint_auth_signing_alg']}",
            )
            for changes in (
                BY_KEY | {"token_endpoint_auth_signing_alg": "HS256"},
                BY_SECRET_JWT | {"token_endpoint_auth_signing_alg": "RS256"},
                {"token_endpoint_auth_signing_alg": "RS256"},
                {"token_endpoint_auth_method": "client_secret_post", "token_endpoint_auth_signing_alg": "HS256"},
            )
        ),
    ],
)
@pytest.mark.spec("RFC 7518 §3", "RFC 7591 §2")
def test_keys_must_fit_the_method(changes: dict[str, Any], faults: list[str]) -> None:
    """RFC 7591 §2: Keys are registered by value or by reference: public keys only, over TLS or on the same host."""
    assert faults_of(**changes) == faults


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        pytest.param({"request_object_signing_alg": "none"}, [], id="unsigned"),
        pytest.param({"request_object_signing_alg": "RS256"}, [NEEDS_KEYS], id="RFC 9101 §4 RS256 without keys"),
        pytest.param({"request_object_signing_alg": "ES256"}, [NEEDS_KEYS], id="RFC 9101 §4 ES256 without keys"),
        pytest.param({"require_signed_request_object": True}, [NEEDS_KEYS], id="RFC 9101 §10.5 required without keys"),
        pytest.param({"require_signed_request_object": True, "jwks_uri": JWKS_URI}, [], id="required, with keys"),
        pytest.param(
            {"require_signed_request_object": True, "request_object_signing_alg": "none", "jwks": JWKS},
            ["require_signed_request_object cannot be combined with request_object_signing_alg none"],
            id="required and unsigned",
        ),
        pytest.param({"request_uris": ["https://a.test/r.jwt#version"]}, [], id="Core §6.2 a fragment"),
        pytest.param({"request_uris": ["http://localhost/r.jwt"]}, [], id="this machine"),
        pytest.param({"request_uris": ["https://a.test/" + "x" * 497]}, [], id="512 characters"),
        *(
            pytest.param(
                {"request_uris": ["https://a.test/good", uri]},
                [f"a request URI {SAFE}, of at most 512 characters: {uri}"],
                id=uri[:30],
            )
            for uri in ("http://a.test/r.jwt", "https://a.test/" + "x" * 498, "ftp://a.test/", "https://u@a.test/")
        ),
    ],
)
@pytest.mark.spec("OpenID Connect Core §6.2", "RFC 9101 §10.5")
def test_request_objects_require_keys(changes: dict[str, Any], faults: list[str]) -> None:
    """RFC 9101 §10.5, OpenID Connect Core §6.2."""
    assert faults_of(**changes) == faults


@pytest.mark.parametrize(
    ("changes", "one_sector"),
    [
        pytest.param({"redirect_uris": ["http://a/b", "https://A:8443/c"]}, True, id="one host"),
        pytest.param({"redirect_uris": ["http://a/b", "http://c/d"]}, False, id="two hosts"),
        pytest.param({"redirect_uris": ["app:/x"]}, False, id="no host"),
        pytest.param({"redirect_uris": [], "grant_types": ["client_credentials"]}, False, id="no redirect URI"),
        pytest.param(
            {"redirect_uris": ["http://a/b", "http://c/d"], "sector_identifier_uri": "https://s.test/x"},
            True,
            id="two hosts with a sector_identifier_uri",
        ),
    ],
)
@pytest.mark.spec("OpenID Connect Core §8, §8.1")
def test_pairwise_client_must_have_one_sector(changes: dict[str, Any], one_sector: bool) -> None:
    """OpenID Connect Core §8.1."""
    fault = "pairwise requires a sector_identifier_uri, or redirect_uris with a single host"
    assert faults_of(subject_type="pairwise", **changes) == ([] if one_sector else [fault])
    assert client_of(METADATA | {"redirect_uris": ["http://a/b", "http://c/d"]}).subject_type == "public"
