"""The settings of the relying party."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from rp.protocol.clients.client_authentication import AUDIENCES, METHODS, TOKEN_ENDPOINT, ClientIdentity
from rp.protocol.clients.client_key import ClientKey
from rp.protocol.origin import origin_of
from rp.registrations.provider_list import providers
from rp.registrations.registration import ID_TOKEN_ALGS, RESPONSE_MODES, Registration, issuer, scope
from servicekit.settings import (
    Address,
    ServiceSettings,
    SettingsError,
    base_url,
    connect_to,
    decimal_seconds,
    listen_address,
    one_of,
    seconds,
    secret_of,
    setting,
    site_url,
    text,
)
from servicekit.web.branding import BrandSettings

_LONGEST_TIMEOUT = 30


def timeout_seconds(value: str) -> float:
    """A timeout in seconds that is short enough for a waiting user."""
    found = decimal_seconds(value)
    if found > _LONGEST_TIMEOUT:
        raise ValueError(f"must be at most {_LONGEST_TIMEOUT} seconds, not {value!r}")
    return found


_VARIABLES = {"scope": "RP_SCOPE", "response_mode": "RP_RESPONSE_MODE"}


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings, BrandSettings):
    """All settings of the relying party. Everything else comes from the provider's discovery document.

    RFC 7518 §3.2.
    """

    bind: str = setting(
        listen_address, "where the service listens: host:port, unix:path or fd://number", default="127.0.0.1:25001"
    )
    oidc_issuer: str = setting(issuer, "the provider's issuer, exactly as in its discovery document")
    client_id: str = setting(text, "the identifier of this client at the provider")
    client_secret: str | None = setting(
        secret_of(1), "the secret of this client at the provider", secret=True, default=None
    )
    client_key: ClientKey | None = setting(
        ClientKey.parse, "the private key for private_key_jwt: PEM or a JWK, RSA or EC P-256", secret=True, default=None
    )
    token_endpoint_auth_method: str | None = setting(
        one_of(*METHODS),
        "how this client authenticates; by default the best method that both sides support",
        default=None,
    )
    client_assertion_audience: str = setting(
        one_of(*AUDIENCES), "the audience of an assertion for the token endpoint", default=TOKEN_ENDPOINT
    )
    rp_base_url: str = setting(site_url, "the URL of this service for browsers; its redirect URI is /callback")
    resource_server_url: str = setting(base_url, "the URL of the resource server, whose /api/me is called")
    rp_scope: str = setting(
        scope, "the scope of the authorization request; must contain openid", default="openid email profile"
    )
    rp_response_mode: str = setting(
        one_of(*RESPONSE_MODES),
        "how the authorization response is returned: in the query of a redirect, or as a form",
        default="query",
    )
    rp_providers: tuple[Registration, ...] | None = setting(
        providers,
        "additional providers, a JSON list of objects; each has its own redirect URI",
        secret=True,
        default=None,
    )
    session_ttl: int = setting(seconds(60), "the lifetime of a session", default=28800)
    discovery_cache_ttl: int = setting(
        seconds(0), "how long discovery documents and keys are cached; 0 disables the cache", default=300
    )
    http_timeout: float = setting(
        timeout_seconds, "the timeout of requests to providers and to the resource server, in seconds", default=3.0
    )
    oidc_connect_to: Mapping[Address, Address] = setting(
        connect_to,
        "host:port=host:port, comma-separated: connect to the second address instead of the first",
        default={},
    )
    id_token_alg: str = setting(
        one_of(*ID_TOKEN_ALGS),
        "the algorithm of ID tokens that this client is registered for; no other is accepted",
        default="RS256",
    )

    def __post_init__(self) -> None:
        faults = [f"{_VARIABLES.get(name, name.upper())}: {fault}" for name, fault in self.registration.faults()]
        for names in ([one.issuer for one in self.registrations], [one.name for one in self.registrations]):
            faults += [f"RP_PROVIDERS: more than one provider is {one}" for one in set(names) if names.count(one) > 1]
        if faults:
            raise SettingsError(faults)

    @property
    def registration(self) -> Registration:
        """The registration of this client at the provider of OIDC_ISSUER."""
        return Registration(
            issuer=self.oidc_issuer,
            client=ClientIdentity(
                self.client_id,
                self.client_secret,
                self.client_key,
                self.token_endpoint_auth_method,
                self.client_assertion_audience,
            ),
            id_token_alg=self.id_token_alg,
            scope=self.rp_scope,
            response_mode=self.rp_response_mode,
            title=self.oidc_issuer,
        )

    @property
    def registrations(self) -> tuple[Registration, ...]:
        """The registrations at all providers, that of OIDC_ISSUER first."""
        return (self.registration, *(self.rp_providers or ()))

    @property
    def post_logout_redirect_uri(self) -> str:
        return f"{self.rp_base_url}/logout/callback"

    @property
    def refresh_seconds(self) -> float:
        """Longer than a refresh can take: a token request, and requests for the discovery document and the keys."""
        return 3 * self.http_timeout + 1

    @property
    def secure(self) -> bool:
        """Whether browsers use TLS to reach this service (RFC 6797 §7.1, §7.2)."""
        return urlsplit(self.rp_base_url).scheme == "https"

    @property
    def origin(self) -> str:
        """This service's origin as a browser writes it in `Origin` (RFC 6454 §6.2)."""
        return origin_of(self.rp_base_url)
