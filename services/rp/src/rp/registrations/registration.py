"""The registration of this client at a provider."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from rp.protocol.clients.client_authentication import SHORTEST_HMAC_SECRET, ClientIdentity, possible
from rp.protocol.tokens import signature
from servicekit.settings import base_url

ID_TOKEN_ALGS = ("RS256", "ES256", "HS256", "none")
RESPONSE_MODES = ("query", "form_post")

_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def scope(value: str) -> str:
    """Scope tokens separated by spaces (RFC 6749 §3.3), including `openid` (OpenID Connect Core §3.1.2.1)."""
    tokens = value.split()
    if not all(_SCOPE_TOKEN.fullmatch(token) for token in tokens):
        raise ValueError(f"must be scope names separated by spaces, not {value!r}")
    if "openid" not in tokens:
        raise ValueError("must contain openid, without which the provider does not issue an ID token")
    return " ".join(tokens)


def issuer(value: str) -> str:
    """A base URL, which may end with a slash: an issuer is compared exactly as the provider writes it.

    OpenID Connect Discovery §4.1.
    """
    base_url(value.removesuffix("/"))
    return value


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A provider, and this client's registration there."""

    issuer: str
    client: ClientIdentity
    id_token_alg: str
    scope: str
    response_mode: str
    name: str = ""
    title: str

    @property
    def callback_path(self) -> str:
        """The path for responses of this provider only (RFC 9700 §4.4.2)."""
        return f"/callback/{self.name}" if self.name else "/callback"

    def faults(self) -> Iterator[tuple[str, str]]:
        """Combinations of values that do not work: the name of the field, and why.

        OpenID Connect Core §9; RFC 7518 §3.2, §3.3, §3.4.
        """
        yield from self._faults_of_credentials()
        secret = self.client.client_secret or ""
        if self.id_token_alg == signature.SYMMETRIC and len(secret.encode()) < SHORTEST_HMAC_SECRET:
            yield "client_secret", f"must have at least {SHORTEST_HMAC_SECRET} bytes for HS256"
        # OIDC Core §2: an unsigned token is trusted because it comes from the provider over TLS.
        if self.id_token_alg == signature.UNSIGNED and not _is_protected(self.issuer):
            yield "id_token_alg", "none requires an issuer that uses https or is on this machine"

    def _faults_of_credentials(self) -> Iterator[tuple[str, str]]:
        method, client = self.client.method, self.client
        if method is None:
            if not client.client_secret and not client.client_key:
                yield "client_secret", "is required without a client key, unless the method is `none`"
        elif method != "none" and method not in possible(client):
            needed = "client_key" if method == "private_key_jwt" else "client_secret"
            size = f" with at least {SHORTEST_HMAC_SECRET} bytes" if method == "client_secret_jwt" else ""
            yield needed, f"is required{size} for the method {method}"


def _is_protected(url: str) -> bool:
    """Whether nobody can change responses on their way from there (OpenID Connect Core §2, §3.1.3.7 (6))."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")
