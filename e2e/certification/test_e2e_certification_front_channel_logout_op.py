"""The modules of the OpenID Foundation's Front-Channel Logout OP plan, one test each, named by the module.

`oidcc-frontchannel-rp-initiated-logout-certification-test-plan` with response_type=code and
client_registration=static_client.
"""

from collections.abc import Callable

from support.certification.client import CertificationClient, Op
from support.certification.discovery import check_endpoints
from support.certification.logout import came_back, end_session, logout_state, session_is_over, signed_in
from support.certification.suite import SuiteServer


def test_oidcc_frontchannel_logout_discovery_endpoint_verification(certified_op: Op) -> None:
    check_endpoints(certified_op.metadata, "end_session")
    assert certified_op.metadata["frontchannel_logout_supported"] is True
    assert certified_op.metadata["frontchannel_logout_session_supported"] is True


def test_oidcc_frontchannel_rp_initiated_logout(
    client_named: Callable[[str], CertificationClient], suite: SuiteServer
) -> None:
    client = client_named("certification-front-channel")
    identity, state = signed_in(client).identity, logout_state()
    goodbye = f"{suite.base_url}/post_logout_redirect"
    end = end_session(client, id_token_hint=identity.value, post_logout_redirect_uri=goodbye, state=state)

    received = suite.received("frontchannel_logout")
    assert received.method == "GET"
    assert received.query == {"iss": client.op.issuer, "sid": identity.claims["sid"]}
    came_back(end, suite, state)
    session_is_over(client)
    assert suite.is_untouched("frontchannel_logout"), "it is told once"
