"""How this client proves itself to the provider (RFC 6749 §2.3.1)."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

DEFAULT_METHOD = "client_secret_basic"


@dataclass(frozen=True)
class ClientCredentials:
    """What a request carries: header fields, or parameters of its form."""

    headers: dict[str, str]
    form: dict[str, str]


def authenticate(client_id: str, client_secret: str, supported: Sequence[str]) -> ClientCredentials:
    """The credentials by the best method of `supported` (the metadata's `..._auth_methods_supported`).

    An empty `supported` means client_secret_basic (OpenID Connect Discovery §3). Raises ValueError when the provider
    supports neither method.
    """
    methods = supported or (DEFAULT_METHOD,)
    if DEFAULT_METHOD in methods:
        # Both are form-encoded first, so that a colon or an umlaut survives (RFC 6749 §2.3.1).
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
        return ClientCredentials({"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}, {})
    if "client_secret_post" in methods:
        return ClientCredentials({}, {"client_id": client_id, "client_secret": client_secret})
    raise ValueError(f"it supports neither {DEFAULT_METHOD} nor client_secret_post")
