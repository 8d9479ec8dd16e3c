"""`/backchannel-logout`: the provider says that a session has ended (OpenID Connect Back-Channel Logout §2.5)."""

import logging

from rp.errors import BadRequest, IdTokenRefused, LogoutTokenRefused
from rp.party import RelyingParty
from rp.protocol import logout_token
from rp.protocol.check import Check
from rp.protocol.logout_token import Logout
from rp.protocol.received_token import ReceivedToken
from rp.protocol.signed_token import Expected
from servicekit.log import event
from servicekit.machine import Reply, Request
from servicekit.parameters import Parameters

NO_STORE = (("cache-control", "no-store"),)

log = logging.getLogger(__name__)


async def backchannel_logout(rp: RelyingParty, request: Request) -> Reply:
    """Verify the logout token, and end the sessions that it names on all replicas; 200 also when there were none."""
    logout = await _verify(rp, _logout_token(request))
    if not await rp.logout_tokens.redeem(logout):
        raise LogoutTokenRefused(Check("jti", "Back-Channel Logout §2.6 (8)", "a token for the first time", "again"))
    ended = await rp.session_index.end(logout.issuer, issued_at=logout.issued_at, sid=logout.sid, sub=logout.sub)
    event(log, "signed out by the provider", sessions=ended)
    return Reply(200, headers=NO_STORE)


def _logout_token(request: Request) -> str:
    if not request.has_form_body():
        raise BadRequest("A logout token is sent as application/x-www-form-urlencoded.")
    form = Parameters.parse(request.body)
    if form.repeated:
        raise BadRequest(f"The form is ambiguous: {form.repetition()}.")
    found = form.get("logout_token")
    if found is None:
        raise BadRequest("The parameter logout_token is missing.")
    return found


async def _verify(rp: RelyingParty, compact: str) -> Logout:
    try:
        token = ReceivedToken.parse(compact)
        return logout_token.verify(
            token,
            Expected(
                issuer=rp.settings.oidc_issuer,
                client_id=rp.settings.client_id,
                client_secret=rp.settings.client_secret,
                algorithm=rp.settings.id_token_alg,
                keys=await rp.provider.keys(token.kid),
                now=rp.clock(),
            ),
        )
    except IdTokenRefused as refusal:  # §2.6 items 2 to 4: what is checked as in an id_token
        raise LogoutTokenRefused(refusal.check) from None
