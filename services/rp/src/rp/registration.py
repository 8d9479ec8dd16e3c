"""What was agreed with a provider when this client was registered there."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from rp.protocol import signature
from rp.protocol.client_authentication import SHORTEST_HMAC_SECRET, ClientIdentity, possible


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One provider, and this client as it knows it."""

    issuer: str
    client: ClientIdentity
    id_token_alg: str
    scope: str
    response_mode: str
    redirect_uri: str

    def faults(self) -> Iterator[tuple[str, str]]:
        """What does not fit together: the field's name, and why."""
        yield from self._faults_of_credentials()
        secret = self.client.client_secret or ""
        if self.id_token_alg == signature.SYMMETRIC and len(secret.encode()) < SHORTEST_HMAC_SECRET:
            yield "client_secret", f"must have at least {SHORTEST_HMAC_SECRET} octets with ID_TOKEN_ALG=HS256"
        # OIDC Core §2: an unsigned token is believed because TLS brought it from the provider.
        if self.id_token_alg == signature.UNSIGNED and not _private(self.issuer):
            yield "id_token_alg", "none needs an issuer of https, or on this machine"

    def _faults_of_credentials(self) -> Iterator[tuple[str, str]]:
        method, client = self.client.method, self.client
        if method is None:
            if not client.client_secret and not client.client_key:
                yield "client_secret", "is required, unless there is CLIENT_KEY, or TOKEN_ENDPOINT_AUTH_METHOD=none"
        elif method != "none" and method not in possible(client):
            needed = "client_key" if method == "private_key_jwt" else "client_secret"
            octets = f" of {SHORTEST_HMAC_SECRET} octets or more" if method == "client_secret_jwt" else ""
            yield needed, f"is required{octets} with TOKEN_ENDPOINT_AUTH_METHOD={method}"


def _private(url: str) -> bool:
    """Whether nobody can change what comes from there on its way."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")
