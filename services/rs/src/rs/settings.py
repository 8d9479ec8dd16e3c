"""What the environment says, typed and complete."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from rs.profiles_file import profiles_in
from rs.records import Profile
from servicekit.settings import (
    Address,
    ServiceSettings,
    base_url,
    connect_to,
    listen_address,
    one_of,
    read,
    seconds,
    secret_of,
    setting,
    text,
    web_url,
)

INTROSPECTION = "introspection"
JWT = "jwt"

_CLIENT_ID = "this server's client at the provider; needed with TOKEN_VALIDATION=introspection"
_CLIENT_SECRET = "its secret; needed with TOKEN_VALIDATION=introspection"


def scope_name(value: str) -> str:
    """One scope-token (RFC 6749 §3.3)."""
    if not value.isascii() or not value.isprintable() or any(character in ' "\\' for character in value):
        raise ValueError(f"must be the name of one scope, not {value!r}")
    return value


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of the resource server."""

    oidc_issuer: str = setting(base_url, "the provider's issuer, as an exact string")
    oidc_connect_to: Mapping[Address, Address] = setting(
        connect_to, "where a socket goes instead of where its URL says: localhost:25000=op:25000", default={}
    )
    token_validation: str = setting(
        one_of(INTROSPECTION, JWT), "how an access token is judged: Mode A or Mode B", default=INTROSPECTION
    )
    rs_base_url: str = setting(
        base_url, "the public URL of this server, its resource identifier", default="http://localhost:25002"
    )
    rs_audience: str = setting(text, "the `aud` that names this server in a token", default="resource-server")
    rs_required_scope: str = setting(scope_name, "the scope that /api/me needs", default="profile")
    rs_client_id: str | None = setting(text, _CLIENT_ID, default=None)
    rs_client_secret: str | None = setting(secret_of(1), _CLIENT_SECRET, default=None, secret=True)
    introspection_cache_ttl: int = setting(
        seconds(0),
        "how long an active introspection answer is used again; a revocation is noticed that much later; 0 is never",
        default=0,
    )
    access_token_signing_alg: str = setting(
        one_of("RS256", "ES256"), "the algorithm of access tokens in Mode B; no other is accepted", default="RS256"
    )
    resource_documentation: str | None = setting(
        web_url, "the URL of documentation for developers, in the metadata and on the start page", default=None
    )
    rs_profiles_file: tuple[Profile, ...] = setting(profiles_in, "a YAML file of profiles to load at start", default=())
    bind: str = setting(
        listen_address, "where the service listens: host:port, unix:path or fd://number", default="127.0.0.1:25002"
    )

    @property
    def secure(self) -> bool:
        """Whether callers reach this server over TLS."""
        return urlsplit(self.rs_base_url).scheme == "https"


@dataclass(frozen=True, kw_only=True)
class IntrospectionSettings(Settings):
    """The same for Mode A, in which this server is a client of the provider and needs credentials."""

    rs_client_id: str = setting(text, _CLIENT_ID)
    rs_client_secret: str = setting(secret_of(1), _CLIENT_SECRET, secret=True)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings for the mode that TOKEN_VALIDATION names; raises SettingsError with every fault."""
    mode = environment.get("TOKEN_VALIDATION") or INTROSPECTION
    return read(IntrospectionSettings if mode == INTROSPECTION else Settings, environment)
