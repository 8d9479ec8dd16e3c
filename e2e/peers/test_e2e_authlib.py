"""A client of another project, configured only by discovery: Authlib."""

from typing import Any

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from stack import Stack, demo_values
from support.scripted_login import log_in

VALUES = demo_values()
VERIFIER = "a-code-verifier-of-authlib-that-is-long-enough-for-rfc-7636"
NONCE = "nonce-of-authlib"


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.spec("OpenID Connect Discovery §4")
def test_authlib_by_discovery(stack: Stack, auth_method: str) -> None:
    """The test covers code with PKCE, the id_token by JWKS, UserInfo, the API, refresh, introspection and
    revocation.
    """
    metadata: dict[str, Any] = requests.get(f"{stack.op_url}/.well-known/openid-configuration", timeout=10).json()
    client = OAuth2Session(
        VALUES["CLIENT_ID"],
        VALUES["CLIENT_SECRET"],
        token_endpoint_auth_method=auth_method,
        redirect_uri=f"{stack.rp_url}/callback",
        scope="openid email profile",
        code_challenge_method="S256",
    )
    url, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=VERIFIER, nonce=NONCE
    )
    with requests.Session() as browser:
        back = log_in(browser, url)
    token = client.fetch_token(
        metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=VERIFIER
    )

    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
    received = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
    claims = CodeIDToken(
        received.claims,
        received.header,
        options={"iss": {"essential": True, "value": metadata["issuer"]}},
        params={"nonce": NONCE, "client_id": VALUES["CLIENT_ID"], "access_token": token["access_token"]},
    )
    claims.validate()
    assert claims["sub"] == "user0"
    assert client.get(metadata["userinfo_endpoint"]).json()["sub"] == claims["sub"]

    refreshed = client.refresh_token(metadata["token_endpoint"])
    assert refreshed["access_token"] != token["access_token"]
    assert client.get(f"{stack.rs_url}/api/me").json()["username"] == "user0"
    introspected = client.introspect_token(metadata["introspection_endpoint"], token=refreshed["access_token"])
    assert introspected.json()["active"] is True
    revoked = client.revoke_token(metadata["revocation_endpoint"], token=refreshed["refresh_token"])
    assert revoked.status_code == 200
    assert client.get(metadata["userinfo_endpoint"]).status_code == 401
