"""What the tests of op.protocol share, which test pure functions without an application and without Redis."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from client_keys_testing import public_jwk

from op.errors import OAuthError
from op.protocol.authorization.request import Policy, UncheckedRequest, validate
from op.protocol.clients.metadata import InvalidMetadata, client_of
from op.records import AuthorizationRequest, Client
from servicekit.web.parameters import Parameters

NOW = 1_800_000_000
REDIRECT_URI = "https://client.test/callback"
JWKS = {"keys": [public_jwk("ES256")]}
METADATA: dict[str, Any] = {"client_id": "app", "client_secret": "s" * 32, "redirect_uris": [REDIRECT_URI]}


@contextmanager
def refused(error: type[OAuthError], description: str, detail: str | None = None) -> Iterator[None]:
    """Expect exactly this class of error, with this description for the client and this detail for the log."""
    with pytest.raises(OAuthError) as caught:
        yield
    assert type(caught.value) is error
    assert (caught.value.description, caught.value.detail) == (description, detail)


def client(**changes: Any) -> Client:
    """A valid confidential client; a change to None removes a value."""
    return client_of({name: value for name, value in (METADATA | changes).items() if value is not None})


CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
AUTHORIZATION = {
    "client_id": "app",
    "redirect_uri": REDIRECT_URI,
    "response_type": "code",
    "scope": "openid email",
    "state": "state",
    "nonce": "nonce",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
STRICT = Policy(require_nonce=True, require_pkce=True)
LAX = Policy(require_nonce=False, require_pkce=False)
IMPLICIT = dataclasses.replace(STRICT, response_types=("code", "id_token", "id_token token"))
IMPLICIT_CLIENT: dict[str, Any] = {
    "grant_types": ["authorization_code", "implicit"],
    "response_types": ["code", "id_token", "id_token token"],
}
NO_PKCE = {"code_challenge": None, "code_challenge_method": None}


def parameters(*repeated: str, **changes: str | None) -> Parameters:
    """The parameters of a valid authorization request with changes; `repeated` are the names of duplicates."""
    values = {name: value for name, value in (AUTHORIZATION | changes).items() if value is not None}
    return Parameters(values, frozenset(repeated))


def authorization_request(
    *repeated: str, by: Client | None = None, policy: Policy = STRICT, **changes: Any
) -> AuthorizationRequest:
    """The validated request with these parameters."""
    return validate(UncheckedRequest(by or client(), parameters(*repeated, **changes), policy))


PUBLIC: dict[str, Any] = {"token_endpoint_auth_method": "none", "client_secret": None}
BY_KEY: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "client_secret": None, "jwks": JWKS}
SAFE = "must be an https URL, or an http URL with a loopback host"


def faults_of(**changes: Any) -> list[str]:
    """The faults of valid client metadata with changes; a change to None removes a value."""
    try:
        client(**changes)
    except InvalidMetadata as invalid:
        return invalid.faults
    return []
