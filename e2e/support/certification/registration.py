"""A client of the certification modules that registers itself, like the suite's dynamic clients."""

from functools import cache
from typing import Any

import requests
from joserfc.jwk import KeySet, RSAKey

from support.certification.browser import Browser
from support.certification.client import CertificationClient, Op
from support.certification.suite import SuiteServer


def new_key(*, named: bool = False) -> RSAKey:
    """A key of a client, with a kid if the client publishes its keys."""
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"})
    if named:
        key.ensure_kid()
    return key


@cache
def any_key() -> RSAKey:
    """A key that all clients share; the suite generates one for each."""
    return new_key()


def public_keys(*keys: RSAKey) -> dict[str, Any]:
    return dict(KeySet(list(keys)).as_dict(private=False))


def metadata_of(suite: SuiteServer, key: RSAKey, **changes: Any) -> dict[str, Any]:
    """The suite's registration request for response_type=code; a change to None removes a member."""
    metadata = {
        "client_name": "Conformance suite, registered",
        "grant_types": ["authorization_code"],
        "jwks": {"keys": [{k: v for k, v in key.as_dict(private=False).items() if k != "kid" or key.kid}]},
        "token_endpoint_auth_method": "private_key_jwt",
        "response_types": ["code"],
        "redirect_uris": [f"{suite.base_url}/callback"],
        "contacts": ["certification@client.example"],
        **changes,
    }
    return {name: value for name, value in metadata.items() if value is not None}


def call_registration(op: Op, metadata: dict[str, Any]) -> requests.Response:
    return op.post_json(op.metadata["registration_endpoint"], metadata, Accept="application/json")


def registered(op: Op, metadata: dict[str, Any]) -> dict[str, Any]:
    """The response to a valid registration (Dynamic Client Registration 1.0 §3.2), with all metadata."""
    response = call_registration(op, metadata)
    assert response.status_code == requests.codes.created, response.text
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    body: dict[str, Any] = response.json()
    assert "error" not in body
    assert body["client_id"]
    assert body["registration_client_uri"].startswith("https://")
    assert body["registration_access_token"]
    assert "client_secret" not in body or type(body["client_secret_expires_at"]) is int
    unknown = set() if op.metadata["request_uri_parameter_supported"] else {"request_uris"}
    missing = {name for name in metadata.keys() - unknown if body.get(name) != metadata[name]}
    assert not missing, f"the response lacks {missing}"
    return body


class RegisteredClient(CertificationClient):
    """A client that registered itself, and deletes its registration with `unregister`."""

    registration: dict[str, Any]

    def unregister(self) -> None:
        """RFC 7592 §2.3: the suite does so after each module."""
        bearer = f"Bearer {self.registration['registration_access_token']}"
        response = self.op.delete(self.registration["registration_client_uri"], Authorization=bearer)
        assert response.status_code == requests.codes.no_content


def register(
    op: Op, browser: Browser, suite: SuiteServer, *, key: RSAKey | None = None, **changes: Any
) -> RegisteredClient:
    """Register a client."""
    key = key or any_key()
    body = registered(op, metadata_of(suite, key, **changes))
    client = RegisteredClient(
        op=op,
        browser=browser,
        client_id=body["client_id"],
        redirect_uri=body["redirect_uris"][0],
        client_secret=body.get("client_secret", ""),
        auth_method=body["token_endpoint_auth_method"],
        key=key,
    )
    client.registration = body
    return client
