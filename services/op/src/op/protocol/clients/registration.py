"""Dynamic client registration: the metadata that a client may choose (RFC 7591 §2, §3, RFC 7592 §2)."""

import dataclasses
import json
import secrets
from collections.abc import Mapping
from typing import Any

from op.errors import InvalidClientMetadata, InvalidRedirectUri, InvalidRequest
from op.handle import digest
from op.protocol.authorization.response_type import GRANT_TYPE_OF, canonical
from op.protocol.authorization.scope import CLAIMS_BY_SCOPE
from op.protocol.authorization.user_code import DEVICE_CODE_GRANT
from op.protocol.clients.metadata import InvalidMetadata, InvalidRedirects, client_of
from op.protocol.clients.subject import sectors_of
from op.protocol.untrusted_json import parse_json
from op.records import Client
from servicekit.web.endpoints import Request

GRANT_TYPES = ("authorization_code", "implicit", "refresh_token", DEVICE_CODE_GRANT)
"""Not client_credentials: a client that registered itself gets tokens only with a user's consent."""

# Without the members that would give a client more rights: audiences, introspection, skipping the consent page.
REGISTRABLE = {field.name for field in dataclasses.fields(Client)} - {
    "client_id",
    "client_secret",
    "access_token_format",
    "audience",
    "introspection_audience",
    "registered_at",
    "changed_at",
    "registration_token",
    "source",
    "first_party",
    "require_nonce",
    "require_pkce",
    "scope_claims_in_id_token",
}
_THE_PROVIDERS_OWN = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)
_WITHOUT_SECRET = ("none", "private_key_jwt")


def parse_metadata(request: Request) -> dict[str, Any]:
    """The JSON object of a registration (RFC 7591 §3.1); raises InvalidRequest, InvalidClientMetadata."""
    content_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise InvalidRequest("The content type must be application/json.")
    try:
        value = parse_json(request.body)
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError:
        raise InvalidClientMetadata("The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise InvalidClientMetadata("The client metadata must be a JSON object.")
    return value


def new_client(
    metadata: Mapping[str, Any], client_id: str, registration_token: str, now: int, response_types: tuple[str, ...]
) -> Client:
    """A client with its metadata and the defaults of RFC 7591 §2; raises InvalidClientMetadata.

    Unknown metadata is ignored, and therefore missing in the response (§2).
    """
    client = _client(metadata, client_id, None, digest(registration_token), now)
    return _with_response_types(client, response_types)


def changed_client(metadata: Mapping[str, Any], client: Client, now: int, response_types: tuple[str, ...]) -> Client:
    """The client with all of its metadata replaced (RFC 7592 §2.2); raises InvalidRequest, InvalidClientMetadata.

    RFC 7591 §3.2.1.
    """
    named = [name for name in _THE_PROVIDERS_OWN if name in metadata]
    if named:
        raise InvalidRequest(f"Only the provider sets these members: {', '.join(named)}.")
    if metadata.get("client_id") != client.client_id:
        raise InvalidRequest("The client_id must be the one that is registered.")
    if metadata.get("client_secret", client.client_secret) != client.client_secret:
        raise InvalidRequest("The client_secret cannot be changed. Send the registered one, or none.")
    changed = _client(metadata, client.client_id, client.client_secret, client.registration_token, now)
    _check_subjects_stay(client, changed)
    changed = dataclasses.replace(changed, registered_at=client.registered_at, changed_at=now)
    return _with_response_types(changed, response_types)


def _check_subjects_stay(before: Client, after: Client) -> None:
    """A client with grants in one sector must not learn the subjects of another sector (Core §8.1).

    Raises InvalidClientMetadata.
    """
    same_sector = after.subject_type != "pairwise" or sectors_of(before) == sectors_of(after)
    if before.subject_type != after.subject_type or not same_sector:
        raise InvalidClientMetadata("The subject_type and the sector of a pairwise client cannot be changed.")


def registration_response(
    client: Client, *, registration_token: str, uri: str, secret_expires_at: int
) -> dict[str, Any]:
    """The complete registration (RFC 7591 §3.2.1), and how to manage it (RFC 7592 §3)."""
    values = {name: value for name, value in dataclasses.asdict(client).items() if name in REGISTRABLE}
    response = {
        "client_id": client.client_id,
        "client_id_issued_at": client.registered_at,
        "registration_access_token": registration_token,
        "registration_client_uri": uri,
        **{name: value for name, value in values.items() if value not in (None, "", (), {})},
    }
    if client.client_secret:
        response |= {"client_secret": client.client_secret, "client_secret_expires_at": secret_expires_at}
    return response


def _client(
    metadata: Mapping[str, Any], client_id: str, secret: str | None, token_digest: str | None, now: int
) -> Client:
    defaults: dict[str, Any] = {
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": _grant_types_of(metadata.get("response_types")),
        "scope": " ".join(CLAIMS_BY_SCOPE),
    }
    said = {name: value for name, value in metadata.items() if name in REGISTRABLE and value is not None}
    values = defaults | said
    if said.get("response_types") == []:
        del values["response_types"]
    grant_types = values["grant_types"]
    if isinstance(grant_types, list) and not all(grant_type in GRANT_TYPES for grant_type in grant_types):
        raise InvalidClientMetadata(f"The grant_types must be among {', '.join(GRANT_TYPES)}.")
    if values.get("subject_type") == "pairwise" and DEVICE_CODE_GRANT in grant_types:
        # A sector is proven by the redirect URIs, which the device grant does not use.
        raise InvalidClientMetadata("A client that uses the device grant cannot have the subject_type pairwise.")
    keyed = values.get("id_token_signed_response_alg") == "HS256"
    if values["token_endpoint_auth_method"] not in _WITHOUT_SECRET or (
        keyed and values["token_endpoint_auth_method"] != "none"
    ):
        values["client_secret"] = secret or secrets.token_urlsafe(32)
    try:
        client = client_of({**values, "client_id": client_id})
    except InvalidRedirects as invalid:
        raise InvalidRedirectUri(str(invalid)) from None
    except InvalidMetadata as invalid:
        raise InvalidClientMetadata(str(invalid)) from None
    return dataclasses.replace(client, registration_token=token_digest, registered_at=now)


def _grant_types_of(response_types: Any) -> list[str]:
    """The grant types for these response types; `authorization_code` if they are missing or unknown."""
    named = response_types if isinstance(response_types, list) else []
    known = [GRANT_TYPE_OF.get(canonical(name)) for name in named if isinstance(name, str)]
    return list(dict.fromkeys(grant_type for grant_type in known if grant_type)) or ["authorization_code"]


def _with_response_types(client: Client, offered: tuple[str, ...]) -> Client:
    """The client, if this provider offers all of its response types; raises InvalidClientMetadata."""
    if not set(client.response_types) <= set(offered):
        raise InvalidClientMetadata(f"The response_types must be among {', '.join(offered)}.")
    return client
