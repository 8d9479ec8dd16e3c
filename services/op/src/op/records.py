"""Every record that the provider keeps in Redis.

| record            | key                     | TTL                       | ends                                 |
|-------------------|-------------------------|---------------------------|--------------------------------------|
| PushedRequest     | `op:par:<hash>`         | 90 s                      | taken once, by /authorize            |
| LoginRequest      | `op:login:<id>`         | 10 min                    | taken once, on login                 |
| Session           | `op:session:<hash>`     | SESSION_TTL               | logout                               |
| Consent           | `op:consent:<sub>`      | CONSENT_TTL               | taken back; a hash by client_id      |
| sessions of a user| `op:sessions:<sub>`     | SESSION_TTL               | with each session                    |
| grants of a user  | `op:grants:<sub>`       | REFRESH_TOKEN_TTL         | with each grant                      |
| Grant             | `op:{gid}:grant`        | its longest token's       | deleted: all that is below is dead   |
| AuthorizationCode | `op:{gid}:code:<hash>`  | AUTHORIZATION_CODE_TTL    | redeemed once; reuse ends the grant  |
| AccessToken       | `op:{gid}:at:<hash>`    | ACCESS_TOKEN_TTL          | expiry, revocation or its grant      |
| RefreshToken      | `op:{gid}:rt:<hash>`    | REFRESH_TOKEN_TTL         | rotated once; reuse ends the grant   |
| login attempts    | `op:attempts:<hash>`    | LOGIN_ATTEMPT_WINDOW      | a good password; a count of guesses  |
| DeviceRequest     | `op:device:<hash>`      | 11 min                    | taken once, after the person's answer |
| its user code     | `op:user-code:<hash>`   | 10 min                    | the person's answer                  |
| its polls         | `op:device-poll:<hash>` | 11 min                    | a time and an interval               |
| used assertions   | `op:assertion:<hash>`   | until they expire         | used once                            |
| SessionGrant      | `op:session-grants:<sid>` | SESSION_TTL             | the session's end                    |
| signing keys      | `op:keys`               | none, sealed              | administration                       |
| Client            | `op:client:<client_id>` | none, its secret sealed   | administration                       |
| the same          | `op:client:<client_id>` | REGISTRATION_TTL          | it registered itself                 |
| registrations     | `op:registrations`      | an hour                   | a count                              |
| User              | `op:user:<sub>`         | none                      | administration                       |
| username          | `op:username:<name>`    | none, holds the `sub`     | with its user                        |

A `<hash>` is the SHA-256 of what only the holder knows. `{gid}` is the Redis Cluster hash tag of a grant. Times are
seconds since the epoch.
"""

import dataclasses
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, cast, get_type_hints

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """An authorization request that passed every check (OpenID Connect Core §3.1.2.2).

    `sub` is the one person that it is about, where it names one, by the identifier that the client knows.
    """

    client_id: str
    redirect_uri: str
    scope: str
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    prompt: str = ""
    max_age: int | None = None
    login_hint: str | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    sub: str | None = None
    ui_locales: str | None = None
    response_type: str = "code"
    response_mode: str = "query"

    @property
    def prompts(self) -> frozenset[str]:
        return frozenset(self.prompt.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedRequest:
    """An authorization request that a client sent ahead, as it was checked then (RFC 9126)."""

    client_id: str
    parameters: dict[str, str]
    signed: bool = False
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """An authorization request that waits for its login.

    `browser` is the hash of that browser's login cookie, `sid` the session that it had when it asked.
    """

    id: str
    browser: str
    created_at: int
    request: AuthorizationRequest
    sid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is logged in. `sid` names the session to clients (Front-Channel Logout 1.0 §3)."""

    sid: str
    sub: str
    auth_time: int
    user_agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a user allowed a client, and will not be asked for again: a scope, and claims beyond it."""

    scope: str
    claims: tuple[str, ...] = ()
    given_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a user allowed a client in one authorization; `sid` is the session that it was given in.

    `claims` are those requested one by one (OpenID Connect Core §5.5), as `claims_request.parse_claims` reads them.
    """

    gid: str
    client_id: str
    sub: str
    scope: str
    auth_time: int
    sid: str
    claims: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionGrant:
    """A grant that was given in a session, by the `sid` that its client knows; `offline` is with offline_access."""

    gid: str
    client_id: str
    sid: str
    offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest:
    """A device that waits for a person (RFC 8628 §3.2): `state` is waiting, allowed or refused."""

    client_id: str
    scope: str
    expires_at: int
    state: str = "waiting"
    sub: str = ""
    sid: str = ""
    auth_time: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    """What a code is bound to, beside its grant (RFC 6749 §4.1.2, OpenID Connect Core §3.1.2.1).

    The challenge is stored with the code (RFC 7636 §4.4).
    """

    redirect_uri: str
    expires_at: int
    nonce: str | None = None
    code_challenge: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What an access token, opaque or JWT, stands for; `sub` is the one that its client knows, the grant's is ours."""

    gid: str
    client_id: str
    sub: str
    scope: str
    audience: str
    issued_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """What a refresh token stands for."""

    gid: str
    client_id: str
    sub: str
    scope: str
    issued_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client, by the names of RFC 7591 §2; `protocol.clients.metadata` makes valid ones.

    Without a `token_endpoint_auth_method` its secret is taken by HTTP Basic and in the form; one that registered itself
    has one always. `introspection_audience` are the audiences whose tokens it may introspect. A `first_party` client is
    trusted without asking the person. `source` marks the directory entry that it was loaded from; `registered_at` that
    it registered itself, with the hash of the token that it manages its registration with; `changed_at` is when it last
    described itself anew.
    """

    client_id: str
    client_name: str = ""
    client_secret: str | None = field(default=None, repr=False)
    token_endpoint_auth_method: str | None = None
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    response_types: tuple[str, ...] = ("code",)
    application_type: str = "web"
    default_max_age: int | None = None
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    initiate_login_uri: str | None = None
    scope: str = "openid email profile"
    id_token_signed_response_alg: str = "RS256"
    access_token_format: str | None = None
    audience: str | None = None
    introspection_audience: tuple[str, ...] = ()
    token_endpoint_auth_signing_alg: str | None = None
    jwks: dict[str, Any] | None = None
    jwks_uri: str | None = None
    introspection_signed_response_alg: str = "RS256"
    id_token_on_refresh: bool = False
    contacts: tuple[str, ...] = ()
    client_uri: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: str | None = None
    frontchannel_logout_session_required: bool = False
    registered_at: int | None = None
    changed_at: int | None = None
    registration_token: str | None = field(default=None, repr=False)
    scope_claims_in_id_token: bool = False
    first_party: bool = False
    require_nonce: bool | None = None
    require_pkce: bool | None = None
    authorization_signed_response_alg: str = "RS256"
    userinfo_signed_response_alg: str | None = None
    request_object_signing_alg: str | None = None
    request_uris: tuple[str, ...] = ()
    subject_type: str = "public"
    sector_identifier_uri: str | None = None
    require_signed_request_object: bool = False
    require_pushed_authorization_requests: bool = False
    source: str | None = None

    @property
    def public(self) -> bool:
        """Whether it cannot keep a secret (RFC 6749 §2.1)."""
        return self.token_endpoint_auth_method == "none"

    @property
    def has_keys(self) -> bool:
        """Whether it is registered with public keys of its own."""
        return self.jwks is not None or self.jwks_uri is not None

    @property
    def display_name(self) -> str:
        return self.client_name or self.client_id


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who can log in; `claims` are the standard claims of OpenID Connect Core §5.1 that are known."""

    sub: str
    username: str
    password_hash: str = field(repr=False)
    claims: dict[str, Any] = field(default_factory=dict)
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """Private keys (PEM, PKCS #8) by algorithm, and when they begin to sign, in seconds since the epoch."""

    signs_from: int
    pems: Mapping[str, str] = field(repr=False)


def record_of(record_type: type[R], values: Mapping[str, Any]) -> R:
    """A record of `values` by field name: lists become tuples, objects the records that they stand for.

    Values of other names are left out.
    """
    fields = _fields(cast(Hashable, record_type))
    known = {name: _field_value(nested, values[name]) for name, nested in fields if name in values}
    return record_type(**known)


@cache
def _fields(record_type: Any) -> tuple[tuple[str, type | None], ...]:
    """The names of a record's fields, each with the record type of its values where it has one."""
    hints = get_type_hints(record_type)
    names = (one.name for one in dataclasses.fields(record_type))
    return tuple((name, hints[name] if dataclasses.is_dataclass(hints[name]) else None) for name in names)


def _field_value(nested: type | None, value: Any) -> Any:
    if nested is not None and isinstance(value, Mapping):
        return record_of(nested, value)
    return tuple(value) if isinstance(value, list) else value
