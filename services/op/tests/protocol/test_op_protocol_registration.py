"""Dynamic client registration: the metadata that a client may choose (RFC 7591, RFC 7592)."""

import dataclasses
import json
from typing import Any

import pytest
from protocol_testing import JWKS, NOW, REDIRECT_URI, refused

from op.errors import InvalidClientMetadata, InvalidRedirectUri, InvalidRequest, OAuthError
from op.handle import digest
from op.protocol.authorization.user_code import DEVICE_CODE_GRANT
from op.protocol.clients.registration import (
    REGISTRABLE,
    changed_client,
    new_client,
    registration_response,
)
from op.records import Client

OFFERED = ("code",)
ALL_TYPES = ("code", "id_token", "id_token token")
SAID: dict[str, Any] = {"redirect_uris": [REDIRECT_URI]}


def registered(*, offered: tuple[str, ...] = OFFERED, **changes: Any) -> Client:
    return new_client(SAID | changes, "id", "token", NOW, offered)


def updated(client: Client, *, offered: tuple[str, ...] = OFFERED, **changes: Any) -> Client:
    return changed_client(SAID | {"client_id": "id"} | changes, client, NOW + 9, offered)


# --- A new client ----------------------------------------------------------------------------------------------------


@pytest.mark.spec("RFC 7591 §2")
def test_new_client_has_the_defaults_of_rfc_7591() -> None:
    client = registered()
    assert client.client_secret is not None
    assert len(client.client_secret) == 43
    assert client == Client(
        client_id="id",
        client_secret=client.client_secret,
        redirect_uris=(REDIRECT_URI,),
        token_endpoint_auth_method="client_secret_basic",
        grant_types=("authorization_code",),
        response_types=("code",),
        scope="openid email profile address phone offline_access",
        registered_at=NOW,
        registration_token=digest("token"),
    )


def test_each_new_client_has_its_own_secret() -> None:
    assert registered().client_secret != registered().client_secret


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "openid"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"grant_types": ["refresh_token"]},
        {"client_name": "An app"},
        {"jwks": JWKS},
        {"default_max_age": 60},
    ],
    ids=" ".join,
)
def test_new_client_has_its_metadata(changes: dict[str, Any]) -> None:
    client = registered(**changes)
    got = {name: getattr(client, name) for name in changes}
    assert got == {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}


def test_null_means_the_default() -> None:
    assert registered(scope=None).scope == registered().scope


NOT_REGISTRABLE = (
    "client_id client_secret access_token_format audience introspection_audience registered_at changed_at "
    "registration_token source first_party require_nonce require_pkce scope_claims_in_id_token"
)


@pytest.mark.spec("RFC 7591 §2")
def test_members_that_give_rights_cannot_be_registered() -> None:
    """What clients may choose is an allow list: whether a new field of Client is on it must be decided here."""
    assert {field.name for field in dataclasses.fields(Client)} - REGISTRABLE == set(NOT_REGISTRABLE.split())


@pytest.mark.parametrize("name", [*NOT_REGISTRABLE.split(), "something_new", "client_name#de"])
@pytest.mark.spec("RFC 7591 §2")
def test_unknown_metadata_is_ignored(name: str) -> None:
    """RFC 7591 §2."""
    said: dict[str, Any] = {name: ["chosen"]}
    client = registered(**said)
    assert dataclasses.replace(client, client_secret=None) == dataclasses.replace(registered(), client_secret=None)


@pytest.mark.parametrize(
    ("changes", "has_secret"),
    [
        ({"token_endpoint_auth_method": "client_secret_jwt"}, True),
        ({"token_endpoint_auth_method": "none"}, False),
        ({"token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS}, False),
        (
            {
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks": JWKS,
                "id_token_signed_response_alg": "HS256",
            },
            True,
        ),
    ],
    ids=lambda value: str(value)[:60],
)
@pytest.mark.spec("RFC 7591 §3.2.1")
def test_client_gets_a_secret_if_it_needs_one(changes: dict[str, Any], has_secret: bool) -> None:
    """RFC 7591 §3.2.1."""
    assert bool(registered(**changes).client_secret) is has_secret


@pytest.mark.parametrize(
    ("response_types", "grant_types"),
    [
        (None, ("authorization_code",)),
        ([], ("authorization_code",)),
        (["code"], ("authorization_code",)),
        (["id_token"], ("implicit",)),
        (["token id_token", "id_token"], ("implicit",)),
        (["id_token", "code"], ("implicit", "authorization_code")),
    ],
    ids=str,
)
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2")
def test_grant_types_follow_from_response_types(response_types: Any, grant_types: tuple[str, ...]) -> None:
    assert registered(response_types=response_types, offered=ALL_TYPES).grant_types == grant_types


def test_empty_response_types_mean_the_default() -> None:
    assert registered(response_types=[]).response_types == ("code",)


GRANT_TYPES = f"authorization_code, implicit, refresh_token, {DEVICE_CODE_GRANT}"


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        pytest.param(
            {"grant_types": ["client_credentials"]},
            InvalidClientMetadata,
            f"The grant_types must be among {GRANT_TYPES}.",
            id="in its own name",
        ),
        pytest.param(
            {"grant_types": [{}]},
            InvalidClientMetadata,
            f"The grant_types must be among {GRANT_TYPES}.",
            id="invalid grant_types",
        ),
        pytest.param(
            {"grant_types": "x"}, InvalidClientMetadata, "grant_types must be a list of strings", id="no list"
        ),
        pytest.param(
            {"subject_type": "pairwise", "grant_types": ["authorization_code", DEVICE_CODE_GRANT]},
            InvalidClientMetadata,
            "A client that uses the device grant cannot have the subject_type pairwise.",
            id="Core §8.1 a device proves no sector",
        ),
        pytest.param(
            {"response_types": ["id_token"]},
            InvalidClientMetadata,
            "The response_types must be among code.",
            id="a response type that is off",
        ),
        pytest.param(
            {"response_types": [5]},
            InvalidClientMetadata,
            "response_types must be a list of strings",
            id="a number for a response type",
        ),
        pytest.param(
            {"response_types": "code"},
            InvalidClientMetadata,
            "response_types must be a list of strings",
            id="a string for response types",
        ),
        pytest.param(
            {"redirect_uris": ["x"]},
            InvalidRedirectUri,
            "a redirect URI must be absolute: x",
            id="RFC 7591 §3.2.2 redirect_uris",
        ),
        pytest.param(
            {"redirect_uris": None},
            InvalidRedirectUri,
            "the grant type authorization_code requires redirect_uris",
            id="no redirect_uris",
        ),
        pytest.param(
            {"redirect_uris": ["x"], "scope": ""},
            InvalidRedirectUri,
            "a redirect URI must be absolute: x; scope must consist of names separated by single spaces",
            id="redirect_uris among others",
        ),
        pytest.param(
            {"logo_uri": "javascript:x"},
            InvalidClientMetadata,
            "logo_uri must be an http or https URL",
            id="any other fault",
        ),
        pytest.param(
            {"token_endpoint_auth_method": "none", "id_token_signed_response_alg": "HS256"},
            InvalidClientMetadata,
            "HS256 requires a client_secret",
            id="Core §16.19 HS256 for a public client",
        ),
        pytest.param(
            {"token_endpoint_auth_method": []},
            InvalidClientMetadata,
            "token_endpoint_auth_method must be a string",
            id="an invalid method",
        ),
    ],
)
@pytest.mark.spec("OpenID Connect Core §8, §8.1")
@pytest.mark.spec("RFC 7591 §3.2.2")
def test_metadata_is_rejected(changes: dict[str, Any], error: type[OAuthError], description: str) -> None:
    with refused(error, description):
        registered(**changes)


# --- An update -------------------------------------------------------------------------------------------------------


@pytest.mark.spec("RFC 7592 §2.2")
def test_update_replaces_the_metadata_and_keeps_the_identity() -> None:
    before = registered(client_name="Before", scope="openid")
    after = updated(before, client_secret=before.client_secret, client_name="After")
    assert after == dataclasses.replace(
        before, client_name="After", scope=registered().scope, registered_at=NOW, changed_at=NOW + 9
    )


def test_update_issues_a_missing_secret() -> None:
    before = registered(token_endpoint_auth_method="none")
    assert updated(before, token_endpoint_auth_method="client_secret_post").client_secret


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        *(
            pytest.param({name: None}, InvalidRequest, f"Only the provider sets these members: {name}.", id=name)
            for name in (
                "registration_access_token",
                "registration_client_uri",
                "client_secret_expires_at",
                "client_id_issued_at",
            )
        ),
        pytest.param(
            {"client_id_issued_at": 0, "registration_client_uri": "x"},
            InvalidRequest,
            "Only the provider sets these members: registration_client_uri, client_id_issued_at.",
            id="two of them",
        ),
        pytest.param(
            {"client_id": "other"}, InvalidRequest, "The client_id must be the one that is registered.", id="client_id"
        ),
        pytest.param(
            {"client_id": None}, InvalidRequest, "The client_id must be the one that is registered.", id="no client_id"
        ),
        pytest.param(
            {"client_secret": "chosen"},
            InvalidRequest,
            "The client_secret cannot be changed. Send the registered one, or none.",
            id="client_secret",
        ),
        pytest.param({"redirect_uris": ["x"]}, InvalidRedirectUri, "a redirect URI must be absolute: x", id="metadata"),
        pytest.param(
            {"response_types": ["id_token"]},
            InvalidClientMetadata,
            "The response_types must be among code.",
            id="a response type that is off",
        ),
    ],
)
@pytest.mark.spec("RFC 7592 §2.2")
def test_update_is_rejected(changes: dict[str, Any], error: type[OAuthError], description: str) -> None:
    with refused(error, description):
        updated(registered(), **changes)


ELSEWHERE = ["https://victim.test/cb"]


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        pytest.param(
            "public", {"subject_type": "public", "redirect_uris": ELSEWHERE}, True, id="a public client moves"
        ),
        pytest.param("pairwise", {"subject_type": "pairwise"}, True, id="nothing changes"),
        pytest.param(
            "pairwise",
            {"subject_type": "pairwise", "redirect_uris": ["http://client.test/another"]},
            True,
            id="the same host",
        ),
        pytest.param("pairwise", {"subject_type": "pairwise", "redirect_uris": ELSEWHERE}, False, id="another host"),
        pytest.param("public", {"subject_type": "pairwise"}, False, id="pairwise afterwards"),
        pytest.param("pairwise", {"subject_type": "public"}, False, id="public afterwards"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §8, §8.1")
def test_update_keeps_subject_type_and_sector(before: str, after: dict[str, Any], allowed: bool) -> None:
    client = registered(subject_type=before)
    if allowed:
        assert updated(client, **after).changed_at == NOW + 9
        return
    with refused(InvalidClientMetadata, "The subject_type and the sector of a pairwise client cannot be changed."):
        updated(client, **after)


# --- The response ----------------------------------------------------------------------------------------------------


@pytest.mark.spec("RFC 7591 §3.2.1", "RFC 7592 §3")
def test_response_has_the_whole_registration() -> None:
    """RFC 7591 §3.2.1, RFC 7592 §3."""
    client = registered(client_name="An app", jwks=JWKS, default_max_age=0, contacts=[], logo_uri="")
    response = registration_response(client, registration_token="token", uri="https://op.test/r", secret_expires_at=5)
    assert json.loads(json.dumps(response)) == {
        "client_id": "id",
        "client_id_issued_at": NOW,
        "client_secret": client.client_secret,
        "client_secret_expires_at": 5,
        "registration_access_token": "token",
        "registration_client_uri": "https://op.test/r",
        "client_name": "An app",
        "redirect_uris": [REDIRECT_URI],
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "application_type": "web",
        "default_max_age": 0,
        "scope": "openid email profile address phone offline_access",
        "jwks": JWKS,
        "id_token_signed_response_alg": "RS256",
        "introspection_signed_response_alg": "RS256",
        "authorization_signed_response_alg": "RS256",
        "subject_type": "public",
        **dict.fromkeys(
            (
                "require_auth_time",
                "require_signed_request_object",
                "require_pushed_authorization_requests",
                "id_token_on_refresh",
                "backchannel_logout_session_required",
                "frontchannel_logout_session_required",
            ),
            False,
        ),
    }


def test_response_without_a_secret_has_no_expiry() -> None:
    client = registered(token_endpoint_auth_method="none")
    response = registration_response(client, registration_token="token", uri="x", secret_expires_at=5)
    assert not {"client_secret", "client_secret_expires_at"} & response.keys()
