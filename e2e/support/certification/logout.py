"""The common steps of the three logout plans: a sign-in, a logout request, and checks of the session."""

import secrets
import string
from dataclasses import dataclass
from urllib.parse import urlencode

from support.certification.browser import Arrival, Page
from support.certification.checks import INTERACTION_REQUIRED_ERRORS, Jwt
from support.certification.client import CertificationClient, Tokens
from support.certification.suite import SuiteServer

# Visible ASCII without the characters that the suite itself cannot parse in a query: `+`, space and `;`.
_STATE_CHARACTERS = "".join(c for c in map(chr, range(0x21, 0x7F)) if c not in "+;" and c not in string.ascii_letters)


def logout_state() -> str:
    """A long state with every allowed character (RFC 6749 §A.5)."""
    return "".join(secrets.choice(string.ascii_letters) for _ in range(50)) + _STATE_CHARACTERS


def signed_in(client: CertificationClient) -> Tokens:
    """The first half of each module: a sign-in with a state of 128 characters."""
    request = client.request(state_length=128)
    return client.complete(client.authorize(request), request)


def end_session(client: CertificationClient, **parameters: str) -> Arrival | Page:
    """Send the browser to the end-session endpoint (RP-Initiated Logout 1.0 §2)."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    return client.browser.open(client.op.metadata["end_session_endpoint"] + query)


@dataclass(frozen=True)
class Ended:
    """A session that the client ended: the ID token of its sign-in, and the target of the redirect."""

    identity: Jwt
    arrival: Arrival | Page
    state: str


def end_by_client(client: CertificationClient, suite: SuiteServer) -> Ended:
    """Sign in, and end the session with all parameters."""
    identity, state = signed_in(client).identity, logout_state()
    goodbye = f"{suite.base_url}/post_logout_redirect"
    arrival = end_session(client, id_token_hint=identity.value, post_logout_redirect_uri=goodbye, state=state)
    return Ended(identity, arrival, state)


def check_ended_once(client: CertificationClient, suite: SuiteServer, ended: Ended, channel: str) -> None:
    """The browser returned, the session has ended, and the client was notified once."""
    came_back(ended.arrival, suite, ended.state)
    session_is_over(client)
    assert suite.is_untouched(channel), "it is notified once"


def came_back(arrival: Arrival | Page, suite: SuiteServer, state: str | None) -> None:
    """To the post_logout_redirect_uri, with only the state (§3)."""
    assert isinstance(arrival, Arrival), f"{arrival.status} {arrival.text}"
    assert arrival.method == "GET"
    assert arrival.address == f"{suite.base_url}/post_logout_redirect"
    assert arrival.query == ({} if state is None else {"state": state})


def session_is_over(client: CertificationClient) -> None:
    """The second half: prompt=none returns login_required."""
    request = client.request(state_length=128, prompt="none")
    client.refused(client.authorize(request), request, *INTERACTION_REQUIRED_ERRORS)
