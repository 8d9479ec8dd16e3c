"""Steps that several plans share."""

import time

from support.certification.checks import check_refreshed_id_token, check_token_response
from support.certification.client import CertificationClient, Tokens, random_text
from waiting import wait_until


def seconds_pass(since: Tokens, seconds: int) -> None:
    """Wait until a login has this age in seconds; both sides have the same clock."""
    wait_until(lambda: int(time.time()) >= since.identity.claims["auth_time"] + seconds)


def refresh_token_flow(client: CertificationClient, *, again_with_scope: bool) -> str:
    """One of the module's two clients: offline access and a refresh; returns the newest refresh token."""
    scope = "openid offline_access"
    assert "refresh_token" in client.op.metadata["grant_types_supported"]
    tokens = client.sign_in(scope=scope, prompt="consent", nonce=random_text(43))
    assert tokens.refresh_token
    seconds_pass(tokens, 1)
    body = check_token_response(client.refresh(tokens.refresh_token, **({"scope": scope} if again_with_scope else {})))
    assert body["access_token"] != tokens.access_token
    if "id_token" in body:
        check_refreshed_id_token(tokens.identity, client.verified(body["id_token"]))
    client.userinfo(Tokens(body["access_token"], None, None, scope))
    return str(body["refresh_token"])
