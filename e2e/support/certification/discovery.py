"""The conformance suite's checks of a discovery document (OpenID Connect Discovery 1.0 §3, RFC 8414 §2)."""

import re
from typing import Any
from urllib.parse import urlsplit

import requests

from support.certification.client import Op

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_SPECIFIED = {  # the suite warns about members of unknown specifications
    "RFC 8414": {
        *("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint"),
        *("scopes_supported", "response_types_supported", "response_modes_supported", "grant_types_supported"),
        *("token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported"),
        *("service_documentation", "ui_locales_supported", "op_policy_uri", "op_tos_uri", "revocation_endpoint"),
        *("revocation_endpoint_auth_methods_supported", "revocation_endpoint_auth_signing_alg_values_supported"),
        *("introspection_endpoint", "introspection_endpoint_auth_methods_supported"),
        *("introspection_endpoint_auth_signing_alg_values_supported", "code_challenge_methods_supported"),
    },
    "OpenID Connect Discovery 1.0": {
        *("userinfo_endpoint", "subject_types_supported", "id_token_signing_alg_values_supported"),
        *("userinfo_signing_alg_values_supported", "request_object_signing_alg_values_supported"),
        *("acr_values_supported", "display_values_supported", "claim_types_supported", "claims_supported"),
        *("claims_locales_supported", "claims_parameter_supported", "request_parameter_supported"),
        *("request_uri_parameter_supported", "require_request_uri_registration"),
    },
    "the logout specifications": {
        *("end_session_endpoint", "backchannel_logout_supported", "backchannel_logout_session_supported"),
        *("frontchannel_logout_supported", "frontchannel_logout_session_supported"),
    },
    "RFC 8628": {"device_authorization_endpoint"},
    "RFC 9101": {"require_signed_request_object"},
    "RFC 9126": {"pushed_authorization_request_endpoint", "require_pushed_authorization_requests"},
    "RFC 9207": {"authorization_response_iss_parameter_supported"},
    "RFC 9701": {"introspection_signing_alg_values_supported"},
    "JARM": {"authorization_signing_alg_values_supported"},
    "Prompt Create 1.0": {"prompt_values_supported"},
}


def check_discovery(op: Op) -> None:
    """The module oidcc-discovery-endpoint-verification, without what depends on registration."""
    response = op.get(f"{op.issuer}/.well-known/openid-configuration")
    assert response.status_code == requests.codes.ok
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    metadata: dict[str, Any] = response.json()
    assert metadata["issuer"] == op.issuer
    parts = urlsplit(metadata["issuer"])
    assert (parts.scheme, parts.query, parts.fragment) == ("https", "", "")
    assert metadata.keys() <= set().union(*_SPECIFIED.values())
    _check_types(metadata)
    check_endpoints(metadata, "authorization", "token", "userinfo", "registration")
    assert metadata["jwks_uri"].startswith("https://")
    op.keys()
    assert set(metadata["subject_types_supported"]) & {"public", "pairwise"}
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert "RS256" in metadata["request_object_signing_alg_values_supported"]
    assert "openid" in metadata["scopes_supported"]
    assert "S256" in metadata["code_challenge_methods_supported"]
    assert metadata["claims_supported"]
    assert metadata["claims_parameter_supported"] is True
    assert metadata["request_parameter_supported"] is True
    assert all(_SCOPE.fullmatch(scope) for scope in metadata["scopes_supported"])
    locales = metadata["ui_locales_supported"] + metadata.get("claims_locales_supported", [])
    assert all(_LANGUAGE.fullmatch(locale) for locale in locales)


def check_endpoints(metadata: dict[str, Any], *needed: str) -> None:
    """The required endpoints are present, and all endpoints use TLS."""
    assert {f"{name}_endpoint" for name in needed} <= metadata.keys()
    for name, value in metadata.items():
        assert not name.endswith("_endpoint") or urlsplit(value).scheme == "https", name


def _check_types(metadata: dict[str, Any]) -> None:
    """Lists are non-empty lists of strings, and flags are booleans."""
    for name, value in metadata.items():
        if isinstance(value, list):
            assert value, name
            assert all(isinstance(one, str) for one in value), name
        else:
            assert isinstance(value, bool | str), name
            assert isinstance(value, bool) == (name.startswith("require") or name.endswith("_supported")), name
