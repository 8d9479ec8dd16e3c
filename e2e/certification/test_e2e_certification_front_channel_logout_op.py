"""The modules of the OpenID Foundation's Front-Channel Logout OP plan, one test each, named by the module.

`oidcc-frontchannel-rp-initiated-logout-certification-test-plan` with response_type=code and
client_registration=static_client.
"""

from collections.abc import Callable

from support.certification.client import CertificationClient, Op
from support.certification.discovery import check_endpoints
from support.certification.logout import check_ended_once, end_by_client
from support.certification.suite import SuiteServer


def test_oidcc_frontchannel_logout_discovery_endpoint_verification(certified_op: Op) -> None:
    check_endpoints(certified_op.metadata, "end_session")
    assert certified_op.metadata["frontchannel_logout_supported"] is True
    assert certified_op.metadata["frontchannel_logout_session_supported"] is True


def test_oidcc_frontchannel_rp_initiated_logout(
    client_named: Callable[[str], CertificationClient], suite: SuiteServer
) -> None:
    client = client_named("certification-front-channel")
    ended = end_by_client(client, suite)

    received = suite.received("frontchannel_logout")
    assert received.method == "GET"
    assert received.query == {"iss": client.op.issuer, "sid": ended.identity.claims["sid"]}
    check_ended_once(client, suite, ended, "frontchannel_logout")
