"""The provider's settings."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from op.protocol.authorization.response_type import CODE, IMPLICIT
from op.protocol.keys.schedule import MINIMUM_LEAD
from servicekit.clock import LONGEST_LEEWAY
from servicekit.settings import (
    Address,
    ServiceSettings,
    SettingsError,
    boolean,
    connect_to,
    existing_file,
    listen_address,
    one_of,
    seconds,
    secret_of,
    setting,
    site_url,
    text,
    web_url,
    whole_number,
)
from servicekit.web.branding import BrandSettings

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings, BrandSettings):
    """What the provider reads from its environment; see docs/configuration.md (OpenID Connect Core §10.1.1)."""

    bind: str = setting(
        listen_address, "where the provider listens: host:port, unix:path or fd://number", default="127.0.0.1:25000"
    )
    oidc_issuer: str = setting(site_url, "the issuer: the exact URL in the browser, in discovery and in tokens")
    op_secret_key: str = setting(
        secret_of(32),
        "the secret that encrypts signing keys and client secrets in Redis, at least 32 characters",
        secret=True,
    )
    op_directory_file: Path | None = setting(
        existing_file, "a YAML file with users and clients, which are loaded at start", default=None
    )
    access_token_format: str = setting(
        one_of("opaque", "jwt"), "the format of access tokens: opaque (Mode A) or jwt (Mode B)", default="opaque"
    )
    access_token_audience: str = setting(
        text, "the audience of access tokens: the resource server's identifier", default="resource-server"
    )
    access_token_signing_alg: str = setting(
        one_of("RS256", "ES256"), "the algorithm that signs JWT access tokens", default="RS256"
    )
    authorization_code_ttl: int = setting(seconds(), "the lifetime of an authorization code, in seconds", default=60)
    access_token_ttl: int = setting(seconds(), "the lifetime of an access token, in seconds", default=300)
    id_token_ttl: int = setting(seconds(), "the lifetime of an ID token, in seconds", default=60)
    refresh_token_ttl: int = setting(seconds(), "the lifetime of a refresh token, in seconds", default=14 * 24 * 3600)
    refresh_token_grace: int = setting(
        seconds(least=0),
        "how long a rotated refresh token is still accepted, in seconds; after that its use ends the grant",
        default=0,
    )
    session_ttl: int = setting(seconds(), "the lifetime of a session, in seconds", default=8 * 3600)
    consent_ttl: int = setting(
        seconds(), "how long a user's consent to a client is stored, in seconds", default=365 * 24 * 3600
    )
    require_nonce: bool = setting(boolean, "whether a request with the scope openid must have a nonce", default=True)
    require_pkce: bool = setting(
        boolean, "whether confidential clients must use PKCE (public clients always must)", default=True
    )
    implicit_flow: bool = setting(
        boolean,
        "whether clients may use the response types id_token and id_token token",
        default=False,
    )
    require_pushed_authorization_requests: bool = setting(
        boolean, "whether clients must push every authorization request (RFC 9126)", default=False
    )
    login_attempts: int = setting(
        whole_number(1),
        "the number of wrong passwords for a user from an address after which logins are rejected",
        default=10,
    )
    login_attempt_window: int = setting(
        seconds(), "how long wrong passwords are counted, in seconds from the first", default=300
    )

    logout_ends_grants: str = setting(
        one_of("online", "all", "none"),
        "which grants end with their session: online (those without offline_access), all or none",
        default="online",
    )
    oidc_connect_to: dict[Address, Address] = setting(
        connect_to,
        "the addresses to connect to instead of those in the clients' URLs: localhost:25001=rp:25001",
        default={},
    )
    service_documentation: str | None = setting(
        web_url, "the URL of documentation for developers, in discovery and on the start page", default=None
    )
    registration: str = setting(
        one_of("off", "token", "open"),
        "who may register a client at /register: nobody (off), holders of REGISTRATION_TOKEN (token), everybody (open)",
        default="off",
    )
    registration_token: str | None = setting(
        secret_of(32), "the initial access token, at least 32 characters", default=None, secret=True
    )
    registration_ttl: int = setting(
        seconds(),
        "how long a client that registered itself is stored, in seconds from its last change",
        default=90 * 24 * 3600,
    )
    registration_limit: int = setting(
        whole_number(1), "the number of clients that may register themselves per hour without a token", default=100
    )
    registration_private_addresses: bool = setting(
        boolean, "whether URLs of clients that registered themselves may lead to private networks", default=False
    )
    key_rotation_interval: int = setting(
        seconds(least=0),
        "how long a signing key signs, in seconds; with 0 keys are rotated only by command",
        default=90 * 24 * 3600,
    )
    key_publication_lead: int = setting(
        seconds(),
        "how long a new key is published before it signs, in seconds: longer than caches keep the key set",
        default=900,
    )

    def __post_init__(self) -> None:
        faults = []
        if self.registration == "token" and self.registration_token is None:
            faults.append("REGISTRATION_TOKEN: is required with REGISTRATION=token")
        if self.key_publication_lead < MINIMUM_LEAD:
            faults.append(
                f"KEY_PUBLICATION_LEAD: must be at least {MINIMUM_LEAD}, as long as the key set may be cached"
            )
        if 0 < self.key_rotation_interval <= self.key_publication_lead:
            faults.append("KEY_ROTATION_INTERVAL: must be 0 or greater than KEY_PUBLICATION_LEAD")
        if faults:
            raise SettingsError(faults)

    @property
    def response_types(self) -> tuple[str, ...]:
        """The supported response types; those without a code must be enabled (RFC 9700 §2.1.2)."""
        return (CODE, *IMPLICIT) if self.implicit_flow else (CODE,)

    @property
    def signature_life(self) -> int:
        """How long a signature may be used, in seconds: an ID token can be an id_token_hint after it expired."""
        return self.id_token_ttl + max(self.access_token_ttl, self.session_ttl, self.refresh_token_ttl) + LONGEST_LEEWAY

    @property
    def secure(self) -> bool:
        """Whether browsers reach the provider over TLS (RFC 6797 §7.1, §7.2)."""
        return urlsplit(self.oidc_issuer).scheme == "https"

    @property
    def origin(self) -> str:
        """The issuer's origin as in the header `Origin`: lower case, without a default port (RFC 6454 §6.2)."""
        parts = urlsplit(self.oidc_issuer)
        return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_DEFAULT_PORTS[parts.scheme])}"
