"""The provider's settings."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from op.protocol.authorization.response_type import CODE, IMPLICIT
from op.protocol.keys.schedule import LEAST_LEAD
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
    """What the provider reads from its environment; see docs/configuration.md."""

    bind: str = setting(
        listen_address, "where the provider listens: host:port, unix:path or fd://number", default="127.0.0.1:25000"
    )
    oidc_issuer: str = setting(site_url, "the issuer: the one exact URL in the browser, in discovery and in tokens")
    op_secret_key: str = setting(
        secret_of(32), "what seals signing keys and client secrets in Redis, 32 characters or more", secret=True
    )
    op_directory_file: Path | None = setting(
        existing_file, "a YAML file of users and clients, loaded at start", default=None
    )
    access_token_format: str = setting(
        one_of("opaque", "jwt"), "the form of access tokens: opaque (Mode A) or jwt (Mode B)", default="opaque"
    )
    access_token_audience: str = setting(
        text, "the audience of access tokens: the resource server's identifier", default="resource-server"
    )
    access_token_signing_alg: str = setting(
        one_of("RS256", "ES256"), "how JWT access tokens are signed", default="RS256"
    )
    authorization_code_ttl: int = setting(seconds(), "how long a code can be redeemed, in seconds", default=60)
    access_token_ttl: int = setting(seconds(), "how long an access token is good, in seconds", default=300)
    id_token_ttl: int = setting(seconds(), "how long an id_token is good, in seconds", default=60)
    refresh_token_ttl: int = setting(
        seconds(), "how long a refresh token is good, in seconds, from its issue", default=14 * 24 * 3600
    )
    refresh_token_grace: int = setting(
        seconds(least=0),
        "for how many seconds after its rotation a refresh token may be sent again; after that it ends the grant",
        default=0,
    )
    session_ttl: int = setting(seconds(), "how long a login lasts, in seconds", default=8 * 3600)
    consent_ttl: int = setting(
        seconds(), "how long a person's consent to a client is remembered, in seconds", default=365 * 24 * 3600
    )
    require_nonce: bool = setting(boolean, "whether a request with the scope openid needs a nonce", default=True)
    require_pkce: bool = setting(
        boolean, "whether confidential clients need PKCE too (public ones always do)", default=True
    )
    implicit_flow: bool = setting(
        boolean,
        "whether clients may be registered for the response types id_token and id_token token",
        default=False,
    )
    require_pushed_authorization_requests: bool = setting(
        boolean, "whether every authorization request must have been pushed (RFC 9126)", default=False
    )
    login_attempts: int = setting(
        whole_number(1), "wrong passwords for one user from one address before login is refused", default=10
    )
    login_attempt_window: int = setting(
        seconds(), "how long wrong passwords count, in seconds, from the first", default=300
    )

    logout_ends_grants: str = setting(
        one_of("online", "all", "none"),
        "which grants end with their session: online (those without offline_access), all, or none",
        default="online",
    )
    oidc_connect_to: dict[Address, Address] = setting(
        connect_to,
        "where a socket to a client goes instead of where its URL says: localhost:25001=rp:25001",
        default={},
    )
    service_documentation: str | None = setting(
        web_url, "the URL of documentation for developers, in discovery and on the start page", default=None
    )
    registration: str = setting(
        one_of("off", "token", "open"),
        "who may register a client at /register: nobody, who has REGISTRATION_TOKEN, or everybody",
        default="off",
    )
    registration_token: str | None = setting(
        secret_of(32), "the initial access token, 32 characters or more", default=None, secret=True
    )
    registration_ttl: int = setting(
        seconds(),
        "how long a client that registered itself is kept, in seconds, from its last change",
        default=90 * 24 * 3600,
    )
    registration_limit: int = setting(
        whole_number(1), "how many clients may register themselves in an hour without a token", default=100
    )
    registration_private_addresses: bool = setting(
        boolean, "whether URLs of clients that registered themselves may lead into private networks", default=False
    )
    key_rotation_interval: int = setting(
        seconds(least=0),
        "how long a signing key signs, in seconds; with 0 keys change by command alone",
        default=90 * 24 * 3600,
    )
    key_publication_lead: int = setting(
        seconds(),
        "how long before it signs a new key is published, in seconds: longer than anybody keeps the key set",
        default=900,
    )

    def __post_init__(self) -> None:
        faults = []
        if self.registration == "token" and self.registration_token is None:
            faults.append("REGISTRATION_TOKEN: is required with REGISTRATION=token")
        if self.key_publication_lead < LEAST_LEAD:
            faults.append(f"KEY_PUBLICATION_LEAD: must be {LEAST_LEAD} or more: so long may the key set be kept")
        if 0 < self.key_rotation_interval <= self.key_publication_lead:
            faults.append("KEY_ROTATION_INTERVAL: must be 0, or longer than KEY_PUBLICATION_LEAD")
        if faults:
            raise SettingsError(faults)

    @property
    def response_types(self) -> tuple[str, ...]:
        """The response types that there are here; those without a code are for who needs them (RFC 9700 §2.1.2)."""
        return (CODE, *IMPLICIT) if self.implicit_flow else (CODE,)

    @property
    def signature_life(self) -> int:
        """How long after it was signed a token may be of use: an id_token is a hint as long as somebody lives by it."""
        return self.id_token_ttl + max(self.access_token_ttl, self.session_ttl, self.refresh_token_ttl) + LONGEST_LEEWAY

    @property
    def secure(self) -> bool:
        """Whether browsers reach the provider over TLS."""
        return urlsplit(self.oidc_issuer).scheme == "https"

    @property
    def origin(self) -> str:
        """The issuer's origin as browsers write it in `Origin`: in small letters, no default port (RFC 6454 §6.2)."""
        parts = urlsplit(self.oidc_issuer)
        return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_DEFAULT_PORTS[parts.scheme])}"
