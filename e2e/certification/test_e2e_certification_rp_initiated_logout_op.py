"""The modules of the OpenID Foundation's RP-Initiated Logout OP plan, one test each, named by the module.

`oidcc-rp-initiated-logout-certification-test-plan` with response_type=code and client_registration=static_client.
"""

import time
from collections.abc import Callable

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import OctKey

from support.certification.browser import Arrival, Page
from support.certification.client import CertificationClient, Op, unsigned_jwt
from support.certification.discovery import check_endpoints
from support.certification.logout import came_back, end_session, logout_state, session_is_over, signed_in
from support.certification.provider import CLIENT_SECRET
from support.certification.suite import SuiteServer


@pytest.fixture
def client(client_named: Callable[[str], CertificationClient]) -> CertificationClient:
    return client_named("certification-basic")


@pytest.fixture
def goodbye(suite: SuiteServer) -> str:
    """The post_logout_redirect_uri of deploy/certification/directory.yaml."""
    return f"{suite.base_url}/post_logout_redirect"


def is_refused(client: CertificationClient, end: Arrival | Page, *words: str) -> None:
    """The provider's error page, and the session continues."""
    assert isinstance(end, Page), end.url
    assert end.status == requests.codes.bad_request
    for word in words:
        assert word in end.text
    assert client.sign_in(prompt="none")


def is_signed_out(end: Arrival | Page) -> None:
    """The provider's page after logout."""
    assert isinstance(end, Page), end.url
    assert end.status == requests.codes.ok
    assert "You are signed out" in end.text


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(certified_op: Op) -> None:
    check_endpoints(certified_op.metadata, "end_session")


def test_oidcc_rp_initiated_logout(client: CertificationClient, suite: SuiteServer, goodbye: str) -> None:
    hint, state = signed_in(client).identity.value, logout_state()
    came_back(end_session(client, id_token_hint=hint, post_logout_redirect_uri=goodbye, state=state), suite, state)
    session_is_over(client)


def test_oidcc_rp_initiated_logout_no_state(client: CertificationClient, suite: SuiteServer, goodbye: str) -> None:
    hint = signed_in(client).identity.value
    came_back(end_session(client, id_token_hint=hint, post_logout_redirect_uri=goodbye), suite, None)
    session_is_over(client)


def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(
    client: CertificationClient, suite: SuiteServer
) -> None:
    hint, elsewhere = signed_in(client).identity.value, f"{suite.base_url}/bad_post_logout_redirect_uri"
    end = end_session(client, id_token_hint=hint, post_logout_redirect_uri=elsewhere, state=logout_state())
    is_refused(client, end, "post_logout_redirect_uri", "registered")


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(
    client: CertificationClient, goodbye: str
) -> None:
    hint = signed_in(client).identity.value
    end = end_session(client, id_token_hint=hint, post_logout_redirect_uri=f"{goodbye}?foo=bar", state=logout_state())
    is_refused(client, end, "post_logout_redirect_uri", "registered")


def test_oidcc_rp_initiated_logout_modified_id_token_hint(client: CertificationClient, goodbye: str) -> None:
    """The same claims, unsigned."""
    hint = unsigned_jwt(signed_in(client).identity.claims)
    end = end_session(client, id_token_hint=hint, post_logout_redirect_uri=goodbye, state=logout_state())
    is_refused(client, end, "id_token_hint")


def test_oidcc_rp_initiated_logout_bad_id_token_hint(client: CertificationClient, goodbye: str) -> None:
    """A token that the client signed with its own secret, with itself as issuer and the provider as audience."""
    signed_in(client)
    now = int(time.time())
    names = {"iss": client.client_id, "aud": client.op.issuer, "sub": "SubjectID", "nonce": "x"}
    claims = {**names, "iat": now, "exp": now + 300}
    hint = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))
    end = end_session(client, id_token_hint=hint, post_logout_redirect_uri=goodbye, state=logout_state())
    is_refused(client, end, "id_token_hint")


def test_oidcc_rp_initiated_logout_no_id_token_hint(client: CertificationClient, goodbye: str) -> None:
    signed_in(client)
    end = end_session(client, post_logout_redirect_uri=goodbye, state=logout_state())
    is_refused(client, end, "id_token_hint")


def test_oidcc_rp_initiated_logout_no_params(client: CertificationClient) -> None:
    signed_in(client)
    is_signed_out(end_session(client))
    assert client.browser.shown[-1] == "logout", "the user is asked for confirmation"
    session_is_over(client)


def test_oidcc_rp_initiated_logout_only_state(client: CertificationClient) -> None:
    signed_in(client)
    is_signed_out(end_session(client, state=logout_state()))
    assert client.browser.shown[-1] == "logout", "the user is asked for confirmation"
    session_is_over(client)


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(client: CertificationClient) -> None:
    hint = signed_in(client).identity.value
    is_signed_out(end_session(client, id_token_hint=hint, state=logout_state()))
    session_is_over(client)
