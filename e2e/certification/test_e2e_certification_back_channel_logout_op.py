"""The modules of the OpenID Foundation's Back-Channel Logout OP plan, one test each, named by the module.

`oidcc-backchannel-rp-initiated-logout-certification-test-plan` with response_type=code and
client_registration=static_client.
"""

import time
from collections.abc import Callable

from support.certification.checks import SKEW_SECONDS
from support.certification.client import CertificationClient, Op
from support.certification.discovery import check_endpoints
from support.certification.logout import check_ended_once, end_by_client
from support.certification.suite import SuiteServer

EVENT = "http://schemas.openid.net/event/backchannel-logout"


def test_oidcc_backchannel_logout_discovery_endpoint_verification(certified_op: Op) -> None:
    check_endpoints(certified_op.metadata, "end_session")
    assert certified_op.metadata["backchannel_logout_supported"] is True
    assert certified_op.metadata["backchannel_logout_session_supported"] is True


def test_oidcc_backchannel_rp_initiated_logout(
    client_named: Callable[[str], CertificationClient], suite: SuiteServer
) -> None:
    client = client_named("certification-back-channel")
    ended = end_by_client(client, suite)

    received = suite.received("backchannel_logout")
    assert received.method == "POST"
    assert received.tls_version == "TLSv1.3"
    assert (received.content_type or "").startswith("application/x-www-form-urlencoded")
    assert received.form.keys() == {"logout_token"}
    claims = client.verified(received.form["logout_token"]).claims
    assert claims["iss"] == client.op.issuer
    assert claims["aud"] == client.client_id
    assert abs(time.time() - claims["iat"]) < SKEW_SECONDS
    assert claims["jti"]
    assert claims["events"] == {EVENT: {}}
    assert claims["sub"] == ended.identity.claims["sub"]
    assert claims["sid"] == ended.identity.claims["sid"]
    assert "nonce" not in claims
    check_ended_once(client, suite, ended, "backchannel_logout")
