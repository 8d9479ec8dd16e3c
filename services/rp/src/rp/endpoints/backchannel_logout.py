"""`/backchannel-logout`: the provider says that a session has ended (OpenID Connect Back-Channel Logout §2.5)."""

import logging

from rp.check import Check
from rp.context import Context
from rp.errors import BadRequest, LogoutTokenRefused
from rp.tokens import verification
from servicekit.log import event
from servicekit.web.endpoints import Reply, Request
from servicekit.web.parameters import Parameters

NO_STORE = (("cache-control", "no-store"),)

log = logging.getLogger(__name__)


async def backchannel_logout(rp: Context, request: Request) -> Reply:
    """Verify the logout token, and end the sessions that it names on all replicas; 200 also when there were none.

    It is redeemed when all is done: after a failure of the store the same token may come once more (§2.8). Of many that
    come at the same moment each ends the same sessions, and one is answered with 200.

    OpenID Connect Back-Channel Logout §2.2, §2.5.
    """
    logout = await verification.of_logout(rp.providers, _logout_token(request), rp.clock())
    if await rp.logout_tokens.knows(logout):
        raise _again()
    ended = await rp.session_index.end(logout.issuer, issued_at=logout.issued_at, sid=logout.sid, sub=logout.sub)
    if not await rp.logout_tokens.redeem(logout):
        raise _again()
    event(log, "signed out by the provider", sessions=ended)
    return Reply(200, headers=NO_STORE)


def _again() -> LogoutTokenRefused:
    return LogoutTokenRefused(Check("jti", "Back-Channel Logout §2.6 (8)", "a token for the first time", "again"))


def _logout_token(request: Request) -> str:
    """A logout is a POST of a form with one logout_token, to an endpoint that uses no cookie (OpenID Connect
    Back-Channel Logout §2.2, §2.5).
    """
    if not request.has_form_body():
        raise BadRequest("A logout token is sent as application/x-www-form-urlencoded.")
    form = Parameters.parse(request.body)
    if form.repeated:
        raise BadRequest(f"The form is ambiguous: {form.repetition()}.")
    found = form.get("logout_token")
    if found is None:
        raise BadRequest("The parameter logout_token is missing.")
    return found
