"""Client metadata (RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2): what makes a valid client."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from op.protocol.authorization.request import MAX_AGE_LIMIT
from op.protocol.authorization.request_object import (
    REQUEST_OBJECT_ALGORITHMS,
    REQUEST_URI_LIMIT,
    SIGNED,
    without_fragment,
)
from op.protocol.authorization.response_type import GRANT_TYPE_OF, IMPLICIT, canonical
from op.protocol.authorization.scope import is_scope
from op.protocol.authorization.user_code import DEVICE_CODE_GRANT
from op.protocol.clients.assertion import ALGORITHMS_BY_METHOD
from op.protocol.clients.authentication import METHODS
from op.protocol.clients.public_keys import is_public_key_set
from op.protocol.clients.subject import SUBJECT_TYPES, sectors_of
from op.protocol.clients.uri import split_uri
from op.protocol.signed_jwt import UNSIGNED
from op.records import Client, record_of

ID_TOKEN_ALGORITHMS = ("RS256", "ES256", "HS256")
ACCESS_TOKEN_FORMATS = ("opaque", "jwt")
GRANT_TYPES = ("authorization_code", "implicit", "refresh_token", "client_credentials", DEVICE_CODE_GRANT)
APPLICATION_TYPES = ("web", "native")
HS256_SECRET_OCTETS = 32
_HS256 = "HS256"

_LOOPBACK = ("localhost", "127.0.0.1", "::1")

_VISIBLE = re.compile(r"[\x20-\x7e]+")
_CLIENT_ID_LIMIT = 255
_REDIRECT_URI_LIMIT = 2048
_URI = re.compile(r"[\x21\x22\x24-\x3a\x3c-\x7e]{1,2048}")  # without space, `#`, and `;` which ends a CSP directive
_FORBIDDEN_SCHEMES = ("javascript", "data", "vbscript", "file", "about", "blob")
_PROVIDERS_OWN = {"source", "registered_at", "changed_at", "registration_token"}
_URI_NAMES = ("client_uri", "logo_uri", "policy_uri", "tos_uri")


class InvalidMetadata(ValueError):
    """Metadata that makes no client; `faults` has a line for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class InvalidRedirects(InvalidMetadata):
    """Its redirect URIs are at fault, among others perhaps (RFC 7591 §3.2.2)."""


def client_of(metadata: Mapping[str, Any]) -> Client:
    """A client made of metadata; raises InvalidMetadata with every fault at once.

    OpenID Connect Dynamic Client Registration §2; RFC 7591 §2, §3.2.2.
    """
    values = {name: value for name, value in metadata.items() if value is not None}
    faults = [f"unknown: {name}" for name in sorted(map(str, set(metadata) - _FORMS.keys()))]
    faults += [
        f"{name} must be {_FORMS[name].phrase}"
        for name, value in values.items()
        if name in _FORMS and not _FORMS[name].fits(value)
    ]
    if "client_id" not in values:
        faults.append("client_id is required")
    if faults:
        raise InvalidMetadata(faults)
    client = record_of(Client, values)
    client = replace(client, response_types=tuple(map(canonical, client.response_types)))
    faults = [fault for check in _CHECKS for fault in check(client)]
    if faults:
        raise (InvalidRedirects if _check_redirect_uris(client) else InvalidMetadata)(faults)
    return client


@dataclass(frozen=True, slots=True)
class _Form:
    """What a value has to be, and how that is said."""

    phrase: str
    fits: Callable[[Any], bool]


def _is_strings(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_AGE_LIMIT


_FORM_OF_TYPE: Mapping[object, _Form] = {
    str: _Form("a string", lambda value: isinstance(value, str)),
    bool: _Form("true or false", lambda value: isinstance(value, bool)),
    int: _Form("a whole number of seconds", _is_seconds),
    tuple: _Form("a list of strings", _is_strings),
    dict: _Form("an object", lambda value: isinstance(value, dict)),
}


def _form_of(hint: Any) -> _Form:
    """The form of a field of `Client`, by its type: `str`, `str | None`, `tuple[str, ...]` and so on."""
    kinds = [kind for kind in get_args(hint) if kind is not NoneType] if isinstance(hint, UnionType) else [hint]
    return _FORM_OF_TYPE[get_origin(kinds[0]) or kinds[0]]


_FORMS: Mapping[str, _Form] = {
    name: _form_of(hint) for name, hint in get_type_hints(Client).items() if name not in _PROVIDERS_OWN
}
"""The metadata that a client may have, by name, each with its form."""


def _check_client_id(client: Client) -> list[str]:
    """RFC 6749 §A.1: visible ASCII."""
    valid = _VISIBLE.fullmatch(client.client_id) and len(client.client_id) <= _CLIENT_ID_LIMIT
    return [] if valid else [f"client_id must be 1 to {_CLIENT_ID_LIMIT} visible ASCII characters"]


def _check_choices(client: Client) -> list[str]:
    choices: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
        ("token_endpoint_auth_method", client.token_endpoint_auth_method, METHODS),
        ("id_token_signed_response_alg", client.id_token_signed_response_alg, ID_TOKEN_ALGORITHMS),
        ("introspection_signed_response_alg", client.introspection_signed_response_alg, ID_TOKEN_ALGORITHMS),
        ("authorization_signed_response_alg", client.authorization_signed_response_alg, ID_TOKEN_ALGORITHMS),
        ("userinfo_signed_response_alg", client.userinfo_signed_response_alg, ID_TOKEN_ALGORITHMS),
        ("request_object_signing_alg", client.request_object_signing_alg, REQUEST_OBJECT_ALGORITHMS),
        ("subject_type", client.subject_type, SUBJECT_TYPES),
        ("application_type", client.application_type, APPLICATION_TYPES),
        ("access_token_format", client.access_token_format, ACCESS_TOKEN_FORMATS),
        *(("grant_types", grant_type, GRANT_TYPES) for grant_type in client.grant_types),
        *(("response_types", response_type, tuple(GRANT_TYPE_OF)) for response_type in client.response_types),
    )
    return [
        f"{name} must be one of {', '.join(allowed)}, not {value}"
        for name, value, allowed in choices
        if value is not None and value not in allowed
    ]


def _check_redirect_uris(client: Client) -> list[str]:
    """Absolute, without a fragment (RFC 6749 §3.1.2), and never a scheme that runs code."""
    faults = []
    for uri in (*client.redirect_uris, *client.post_logout_redirect_uris):
        scheme, netloc = split_uri(uri)[:2]
        if not scheme or (scheme in ("http", "https") and not netloc) or not _VISIBLE.fullmatch(uri) or " " in uri:
            faults.append(f"not an absolute URI: {uri}")
        elif scheme in ("http", "https") and ("\\" in uri or "@" in netloc):  # whose host browsers read otherwise
            faults.append(f"a redirect URI has no backslash and no user: {uri}")
        elif "#" in uri:
            faults.append(f"a redirect URI has no fragment: {uri}")
        elif scheme in _FORBIDDEN_SCHEMES:
            faults.append(f"not a scheme to redirect to: {uri}")
        if len(uri) > _REDIRECT_URI_LIMIT:
            faults.append(f"a redirect URI has up to {_REDIRECT_URI_LIMIT} characters")
    faults += [
        f"{grant_type} needs redirect_uris"
        for grant_type in ("authorization_code", "implicit")
        if grant_type in client.grant_types and not client.redirect_uris
    ]
    return faults


def _check_application_type(client: Client) -> list[str]:
    """Where tokens or codes may be sent, by kind of application (Dynamic Client Registration 1.0 §2)."""
    faults = []
    for uri in client.redirect_uris:
        scheme, host = split_uri(uri).scheme, split_uri(uri).hostname
        if client.application_type == "native" and scheme == "http" and host not in _LOOPBACK:
            faults.append(f"a native application is not redirected to http elsewhere: {uri}")
        if client.application_type == "web" and "implicit" in client.grant_types:
            faults += [] if scheme == "https" and host not in _LOOPBACK else [f"implicit needs https: {uri}"]
    return faults


def _check_response_types(client: Client) -> list[str]:
    """Each implicit response type goes with the grant type `implicit` (Dynamic Client Registration 1.0 §2)."""
    wants_implicit = not set(IMPLICIT).isdisjoint(client.response_types)
    if wants_implicit != ("implicit" in client.grant_types):
        return ["the response types id_token and id_token token go with the grant type implicit"]
    return []


def _check_keys(client: Client) -> list[str]:
    """Public keys by value or by reference, not both (RFC 7591 §2); by reference over TLS, or on this machine."""
    faults = []
    if client.jwks is not None and client.jwks_uri is not None:
        faults.append("jwks and jwks_uri exclude each other")
    if client.jwks is not None and not is_public_key_set(client.jwks):
        faults.append("jwks must be a set of public keys, RSA of 2048 to 8192 bits or EC on P-256")
    if client.jwks_uri is not None:
        faults += (
            [] if _is_fetched_safely(client.jwks_uri) else ["jwks_uri must be an https URL, or http on this machine"]
        )
    algorithms = ALGORITHMS_BY_METHOD.get(client.token_endpoint_auth_method or "", ())
    algorithm = client.token_endpoint_auth_signing_alg
    if algorithm is not None and algorithm not in algorithms:
        faults.append("token_endpoint_auth_signing_alg does not fit token_endpoint_auth_method")
    if client.token_endpoint_auth_method == "private_key_jwt" and client.jwks is None and client.jwks_uri is None:
        faults.append("private_key_jwt needs jwks or jwks_uri")
    return faults


def _is_fetched_safely(uri: str) -> bool:
    """Whether what comes from there is what stands there: over TLS, or from this machine."""
    return is_http_uri(uri) and (uri.startswith("https:") or split_uri(uri).hostname in _LOOPBACK)


def _check_logout_uris(client: Client) -> list[str]:
    """Absolute, without a fragment; a frame is of a redirect URI's origin (Front-Channel Logout 1.0 §2).

    OpenID Connect Back-Channel Logout §2.2.
    """
    faults = []
    for name in ("backchannel_logout_uri", "frontchannel_logout_uri"):
        uri = getattr(client, name)
        if uri is not None and not is_http_uri(uri):
            faults.append(f"{name} must be an http or https URL without a fragment")
    if not faults and client.frontchannel_logout_uri:
        origin = split_uri(client.frontchannel_logout_uri)[:2]
        if origin not in [split_uri(uri)[:2] for uri in client.redirect_uris]:
            faults.append("frontchannel_logout_uri must have scheme, host and port of a redirect URI")
    return faults


def _check_uris(client: Client) -> list[str]:
    """Pages about the client (RFC 7591 §2), and where a third party starts a sign-in (Core §4)."""
    uris = {name: getattr(client, name) for name in _URI_NAMES}
    faults = [f"{name} must be an http or https URL" for name, uri in uris.items() if uri and not is_http_uri(uri)]
    if client.initiate_login_uri and not _is_fetched_safely(client.initiate_login_uri):
        faults.append("initiate_login_uri must be an https URL, or http on this machine")
    return faults


def is_http_uri(uri: str) -> bool:
    """Whether it is an http or https URL that can be fetched: visible ASCII, with a host, without a fragment."""
    parts = split_uri(uri)
    try:
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False
    return valid and "@" not in parts.netloc and bool(_URI.fullmatch(uri))


def _check_scope(client: Client) -> list[str]:
    """A scope is a list of names separated by single spaces, in printable ASCII without quotes and backslashes
    (RFC 6749 §3.3).
    """
    return [] if is_scope(client.scope) else ["scope must be names separated by single spaces"]


def _check_secret(client: Client) -> list[str]:
    """A confidential client has a secret, a public one has none; HS256 needs a long one (OIDC Core §16.19).

    The key of HS256 has at least 32 octets (RFC 7518 §3.2, RFC 8725 §3.5), for introspection too (RFC 9701 §6).
    """
    keyed = _HS256 in (client.id_token_signed_response_alg, client.introspection_signed_response_alg)
    if client.public:
        if "client_credentials" in client.grant_types:
            return ["client_credentials needs a client that can prove itself"]
        faults = ["a client with token_endpoint_auth_method none has no secret"] if client.client_secret else []
        return [*faults, "HS256 needs a client_secret"] if keyed else faults
    if not client.client_secret and client.token_endpoint_auth_method == "private_key_jwt":
        return ["HS256 needs a client_secret"] if keyed else []
    if not client.client_secret:
        return ["client_secret is required, or token_endpoint_auth_method none for a public client"]
    short = len(client.client_secret.encode()) < HS256_SECRET_OCTETS
    if short and (keyed or client.token_endpoint_auth_method == "client_secret_jwt"):
        return [f"HS256 needs a client_secret of {HS256_SECRET_OCTETS} octets or more"]
    return []


def _check_response_secret(client: Client) -> list[str]:
    """A response that is signed with HS256 needs a long secret, too (OIDC Core §16.19).

    JARM §2.2, §3.
    """
    if _HS256 not in (client.authorization_signed_response_alg, client.userinfo_signed_response_alg):
        return []
    if client.public or len((client.client_secret or "").encode()) < HS256_SECRET_OCTETS:
        return [f"HS256 responses need a client_secret of {HS256_SECRET_OCTETS} octets or more"]
    return []


def _check_request_objects(client: Client) -> list[str]:
    """Whoever signs requests has keys; whoever must sign does not register for unsigned ones (RFC 9101 §10.5)."""
    signs = client.request_object_signing_alg in SIGNED or client.require_signed_request_object
    faults = ["signed request objects need jwks or jwks_uri"] if signs and not client.has_keys else []
    if client.require_signed_request_object and client.request_object_signing_alg == UNSIGNED:
        faults.append("require_signed_request_object and request_object_signing_alg none exclude each other")
    return faults + [
        f"not an https URL of up to {REQUEST_URI_LIMIT} characters, or http on this machine: {uri}"
        for uri in client.request_uris
        if len(uri) > REQUEST_URI_LIMIT or not _is_fetched_safely(without_fragment(uri))
    ]


def _check_sector(client: Client) -> list[str]:
    """A pairwise client has one sector: a sector_identifier_uri, or one host for all redirect URIs (Core §8.1)."""
    if client.sector_identifier_uri is not None and not _is_fetched_safely(client.sector_identifier_uri):
        return ["sector_identifier_uri must be an https URL, or http on this machine"]
    if client.subject_type == "pairwise" and (len(sectors_of(client)) != 1 or "" in sectors_of(client)):
        return ["pairwise needs a sector_identifier_uri, or redirect_uris of one host"]
    return []


_CHECKS: tuple[Callable[[Client], list[str]], ...] = (
    _check_client_id,
    _check_choices,
    _check_redirect_uris,
    _check_application_type,
    _check_response_types,
    _check_keys,
    _check_logout_uris,
    _check_uris,
    _check_scope,
    _check_secret,
    _check_response_secret,
    _check_request_objects,
    _check_sector,
)
