"""The settings of the resource server, read from the environment."""

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

_CLIENT_ID = "this server's client_id at the provider; required with TOKEN_VALIDATION=introspection"
_CLIENT_SECRET = "this server's client secret at the provider; required with TOKEN_VALIDATION=introspection"


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
        connect_to, "the address to connect to instead of that in a URL: localhost:25000=op:25000", default={}
    )
    token_validation: str = setting(
        one_of(INTROSPECTION, JWT),
        "how access tokens are validated: introspection (Mode A) or jwt (Mode B)",
        default=INTROSPECTION,
    )
    rs_base_url: str = setting(
        base_url, "the public URL of this server, which is its resource identifier", default="http://localhost:25002"
    )
    rs_audience: str = setting(text, "the audience of this server's access tokens", default="resource-server")
    rs_required_scope: str = setting(scope_name, "the scope that /api/me requires", default="profile")
    rs_client_id: str | None = setting(text, _CLIENT_ID, default=None)
    rs_client_secret: str | None = setting(secret_of(1), _CLIENT_SECRET, default=None, secret=True)
    introspection_cache_ttl: int = setting(
        seconds(0),
        "how long the response for an active token is cached, in seconds, which delays the effect of a revocation",
        default=0,
    )
    access_token_signing_alg: str = setting(
        one_of("RS256", "ES256"), "the only accepted algorithm of access tokens in Mode B", default="RS256"
    )
    rs_profiles_file: tuple[Profile, ...] = setting(
        profiles_in, "a YAML file with profiles, which are loaded at start", default=()
    )
    resource_documentation: str | None = setting(
        web_url, "the URL of documentation for developers, in the metadata and on the start page", default=None
    )
    bind: str = setting(
        listen_address, "where the service listens: host:port, unix:path or fd://number", default="127.0.0.1:25002"
    )

    @property
    def secure(self) -> bool:
        """Whether callers reach this server over TLS (RFC 6797 §7.1, §7.2)."""
        return urlsplit(self.rs_base_url).scheme == "https"


@dataclass(frozen=True, kw_only=True)
class IntrospectionSettings(Settings):
    """The settings of Mode A, in which this server is a client of the provider and needs credentials."""

    rs_client_id: str = setting(text, _CLIENT_ID)
    rs_client_secret: str = setting(secret_of(1), _CLIENT_SECRET, secret=True)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings of the mode that TOKEN_VALIDATION selects; raises SettingsError with all faults."""
    mode = environment.get("TOKEN_VALIDATION") or INTROSPECTION
    return read(IntrospectionSettings if mode == INTROSPECTION else Settings, environment)
