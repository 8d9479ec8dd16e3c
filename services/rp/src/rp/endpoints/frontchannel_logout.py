"""`/frontchannel-logout`: the provider's logout page loads it in a frame (OpenID Connect Front-Channel Logout §2)."""

import logging

from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable
from rp.context import Context
from rp.errors import BadRequest
from rp.protocol.origin import origin_of
from rp.provider_client import ProviderClient
from servicekit.clock import CLOCK_AHEAD
from servicekit.log import event
from servicekit.web.endpoints import Reply, Request
from servicekit.web.parameters import Parameters

_PAGE = b'<!doctype html><html lang="en"><title>Signed out</title></html>'

log = logging.getLogger(__name__)


async def frontchannel_logout(rp: Context, request: Request) -> Reply:
    """End the sessions of (`iss`, `sid`) (OpenID Connect Front-Channel Logout §2).

    A frame on a page of another site does not send our cookies (SameSite=Lax), so the parameters must identify the
    session. Only those to whom the provider has sent the `sid` know it.
    """
    parameters = Parameters.parse(request.query)
    repetition = parameters.repetition()
    if repetition is not None:
        raise BadRequest(repetition)
    issuer, sid = parameters.get("iss"), parameters.get("sid")
    if not issuer or not sid:
        raise BadRequest("The parameters iss and sid are both required.")
    provider = rp.providers.of(issuer)
    # The provider's clock may be ahead of ours: no existing ID token with this `sid` may open a session afterwards.
    ended = await rp.session_index.end(issuer, issued_at=rp.clock() + CLOCK_AHEAD, sid=sid, sub=None)
    event(log, "signed out by the provider in a frame", sessions=ended)
    return Reply(
        200,
        _PAGE,
        (
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-cache, no-store"),
            ("content-security-policy", f"default-src 'none'; frame-ancestors {await _ancestors(provider)}"),
            ("referrer-policy", "no-referrer"),
        ),
    )


async def _ancestors(provider: ProviderClient) -> str:
    """The provider's origins. Only its pages may frame this one (OpenID Connect Front-Channel Logout §2)."""
    issuer = provider.registration.issuer
    try:
        endpoint = (await provider.metadata()).endpoint("end_session_endpoint")
    except (ProviderUnavailable, ProviderMisconfigured):
        return origin_of(issuer)
    return " ".join(dict.fromkeys((origin_of(issuer), origin_of(endpoint))))
