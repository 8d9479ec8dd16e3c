"""How this client authenticates to the provider (OpenID Connect Core §9, RFC 6749 §2.3.1, RFC 7523 §2.2).

`METHODS` has a function for each method. The registration selects one, or else the best that both sides support.
"""

import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from jose import jwk, jws

from rp.protocol.clients.client_key import ClientKey

DEFAULT_METHOD = "client_secret_basic"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
"""The lifetime of an assertion, which is sent at once."""

TOKEN_ENDPOINT = "token_endpoint"
ISSUER = "issuer"
AUDIENCES = (TOKEN_ENDPOINT, ISSUER)
"""The audience of an assertion for the token endpoint: its URL (OpenID Connect Core §9), or the issuer."""

SHORTEST_HMAC_SECRET = 32
"""Octets: a key of at least the size of the hash (RFC 7518 §3.2)."""

_HMAC = "HS256"


@dataclass(frozen=True)
class ClientIdentity:
    """The identifier and the credentials of this client at a provider."""

    client_id: str
    client_secret: str | None = field(repr=False)
    client_key: ClientKey | None = None
    method: str | None = None
    assertion_audience: str = TOKEN_ENDPOINT


@dataclass(frozen=True)
class ClientCredentials:
    """What a request contains to authenticate the client: header fields or form parameters."""

    headers: dict[str, str]
    form: dict[str, str]


def authenticate(
    client: ClientIdentity, supported: Sequence[str], algorithms: Sequence[str], *, audience: str, now: float
) -> ClientCredentials:
    """The credentials for the registered method, or for the best one that the provider and this client support.

    `supported` and `algorithms` are the metadata's `..._auth_methods_supported`, where empty means client_secret_basic
    (OpenID Connect Discovery §3), and `..._auth_signing_alg_values_supported`. `audience` is that of an assertion.
    Raises ValueError if the two have no method in common.

    OpenID Connect Core §9; RFC 6749 §2.3.1.
    """
    method = client.method or _best(client, supported or (DEFAULT_METHOD,))
    algorithm = _algorithm(client, method)
    if algorithm and algorithms and algorithm not in algorithms:
        raise ValueError(f"it does not support {method} with {algorithm}")
    return METHODS[method](client, audience, now)


def possible(client: ClientIdentity) -> tuple[str, ...]:
    """The methods that this client has credentials for, the best first (OpenID Connect Core §9)."""
    secret = client.client_secret
    return (
        *(["private_key_jwt"] if client.client_key else []),
        *([DEFAULT_METHOD, "client_secret_post"] if secret else []),
        *(["client_secret_jwt"] if secret and len(secret.encode()) >= SHORTEST_HMAC_SECRET else []),
        *(["none"] if not secret and not client.client_key else []),
    )


def _best(client: ClientIdentity, supported: Sequence[str]) -> str:
    for method in possible(client):
        if method in supported:
            return method
    raise ValueError(f"it does not support any of {', '.join(possible(client))}")


def _algorithm(client: ClientIdentity, method: str) -> str | None:
    if method == "private_key_jwt" and client.client_key:
        return client.client_key.algorithm
    return _HMAC if method == "client_secret_jwt" else None


def _secret(client: ClientIdentity) -> str:
    """The secret of a client whose method needs one. The settings reject a registration without it."""
    assert client.client_secret, "this method needs a secret"
    return client.client_secret


def _client_secret_basic(client: ClientIdentity, *_: object) -> ClientCredentials:
    # Both are form-encoded first, because they may contain a colon or non-ASCII characters (RFC 6749 §2.3.1).
    pair = f"{quote_plus(client.client_id)}:{quote_plus(_secret(client))}"
    return ClientCredentials({"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}, {})


def _client_secret_post(client: ClientIdentity, *_: object) -> ClientCredentials:
    return ClientCredentials({}, {"client_id": client.client_id, "client_secret": _secret(client)})


def _client_secret_jwt(client: ClientIdentity, audience: str, now: float) -> ClientCredentials:
    key = jwk.construct(_secret(client).encode(), _HMAC)
    return _assertion(client, ClientKey(_HMAC, None, key), audience, now)


def _private_key_jwt(client: ClientIdentity, audience: str, now: float) -> ClientCredentials:
    assert client.client_key is not None
    return _assertion(client, client.client_key, audience, now)


def _none(client: ClientIdentity, *_: object) -> ClientCredentials:
    """§9: a public client sends its identifier only, and PKCE binds its code."""
    return ClientCredentials({}, {"client_id": client.client_id})


def _assertion(client: ClientIdentity, key: ClientKey, audience: str, now: float) -> ClientCredentials:
    """RFC 7523 §3: an assertion for this provider, valid for a minute and for one use."""
    claims = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": audience,
        "jti": secrets.token_urlsafe(32),
        "iat": int(now),
        "exp": int(now) + ASSERTION_SECONDS,
    }
    header = {"kid": key.kid} if key.kid else None
    signed = jws.sign(json.dumps(claims).encode(), key.key, headers=header, algorithm=key.algorithm)
    return ClientCredentials({}, {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed})


METHODS: Mapping[str, Callable[[ClientIdentity, str, float], ClientCredentials]] = {
    "client_secret_basic": _client_secret_basic,
    "client_secret_post": _client_secret_post,
    "client_secret_jwt": _client_secret_jwt,
    "private_key_jwt": _private_key_jwt,
    "none": _none,
}
