"""What was agreed with a provider when this client was registered there."""

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
    """Scope tokens separated by spaces (RFC 6749 §3.3), among them `openid` (OpenID Connect Core §3.1.2.1)."""
    tokens = value.split()
    if not all(_SCOPE_TOKEN.fullmatch(token) for token in tokens):
        raise ValueError(f"must be scope names separated by spaces, not {value!r}")
    if "openid" not in tokens:
        raise ValueError("must contain openid: without it the provider gives no id_token")
    return " ".join(tokens)


def issuer(value: str) -> str:
    """A base URL that may end with a slash: an issuer is kept as its provider writes it.

    OpenID Connect Discovery §4.1.
    """
    base_url(value.removesuffix("/"))
    return value


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One provider, and this client as it knows it."""

    issuer: str
    client: ClientIdentity
    id_token_alg: str
    scope: str
    response_mode: str
    name: str = ""
    title: str

    @property
    def callback_path(self) -> str:
        """Where its answers come, and no other provider's (RFC 9700 §4.4.2)."""
        return f"/callback/{self.name}" if self.name else "/callback"

    def faults(self) -> Iterator[tuple[str, str]]:
        """What does not fit together: the field's name, and why.

        OpenID Connect Core §9; RFC 7518 §3.2, §3.3, §3.4.
        """
        yield from self._faults_of_credentials()
        secret = self.client.client_secret or ""
        if self.id_token_alg == signature.SYMMETRIC and len(secret.encode()) < SHORTEST_HMAC_SECRET:
            yield "client_secret", f"must have at least {SHORTEST_HMAC_SECRET} octets for the algorithm HS256"
        # OIDC Core §2: an unsigned token is believed because TLS brought it from the provider.
        if self.id_token_alg == signature.UNSIGNED and not _private(self.issuer):
            yield "id_token_alg", "none needs an issuer of https, or on this machine"

    def _faults_of_credentials(self) -> Iterator[tuple[str, str]]:
        method, client = self.client.method, self.client
        if method is None:
            if not client.client_secret and not client.client_key:
                yield "client_secret", "is required, unless there is a client key, or the method is none"
        elif method != "none" and method not in possible(client):
            needed = "client_key" if method == "private_key_jwt" else "client_secret"
            octets = f" of {SHORTEST_HMAC_SECRET} octets or more" if method == "client_secret_jwt" else ""
            yield needed, f"is required{octets} for the method {method}"


def _private(url: str) -> bool:
    """Whether nobody can change what comes from there on its way (OpenID Connect Core §2, §3.1.3.7 (6))."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")
