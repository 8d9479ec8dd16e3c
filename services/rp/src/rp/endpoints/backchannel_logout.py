"""`/backchannel-logout`: the provider reports that a session has ended (OpenID Connect Back-Channel Logout §2.5)."""

import logging

from rp.check import Check
from rp.context import Context
from rp.errors import BadRequest, LogoutTokenRefused
from rp.message import Message
from rp.tokens import verification
from servicekit.log import event
from servicekit.web.endpoints import Reply, Request
from servicekit.web.parameters import Parameters

NO_STORE = (("cache-control", "no-store"),)

log = logging.getLogger(__name__)


async def backchannel_logout(rp: Context, request: Request) -> Reply:
    """Verify the logout token and end the sessions that it names on all replicas; 200 even if there were none.

    The token is marked as used last, so that the provider can send it again after a failure of Redis (§2.8). If it
    arrives several times at once, each request ends the same sessions, and one of them gets 200.

    OpenID Connect Back-Channel Logout §2.2, §2.5.
    """
    logout = await verification.of_logout(rp.providers, _logout_token(request), rp.clock())
    if await rp.logout_tokens.knows(logout):
        raise _replayed()
    ended = await rp.session_index.end(logout.issuer, issued_at=logout.issued_at, sid=logout.sid, sub=logout.sub)
    if not await rp.logout_tokens.redeem(logout):
        raise _replayed()
    event(log, "signed out by the provider", sessions=ended)
    return Reply(200, headers=NO_STORE)


def _replayed() -> LogoutTokenRefused:
    return LogoutTokenRefused(
        Check(
            "jti",
            "Back-Channel Logout §2.6 (8)",
            Message("check", "a token that was not used before"),
            Message("check", "a used token"),
        )
    )


def _logout_token(request: Request) -> str:
    """A logout is a POST of a form with one logout_token, to an endpoint that uses no cookie (OpenID Connect
    Back-Channel Logout §2.2, §2.5).
    """
    if not request.has_form_body():
        raise BadRequest("Send the logout token as application/x-www-form-urlencoded.")
    form = Parameters.parse(request.body)
    repetition = form.repetition()
    if repetition is not None:
        raise BadRequest(repetition)
    found = form.get("logout_token")
    if found is None:
        raise BadRequest("The parameter logout_token is missing.")
    return found
