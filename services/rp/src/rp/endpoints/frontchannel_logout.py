"""`/frontchannel-logout`: the provider's page opens it in a frame (OpenID Connect Front-Channel Logout §2)."""

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
    """End the sessions of (`iss`, `sid`).

    A frame in another site's page brings no cookie of ours (SameSite=Lax), so that the two must say which session it
    is; only who was told the `sid` by the provider can name it.

    OpenID Connect Front-Channel Logout §2.
    """
    parameters = Parameters.parse(request.query)
    if parameters.repeated:
        raise BadRequest(f"The query is ambiguous: {parameters.repetition()}.")
    issuer, sid = parameters.get("iss"), parameters.get("sid")
    if not issuer or not sid:
        raise BadRequest("The parameters iss and sid are needed, both.")
    provider = rp.providers.of(issuer)
    # By the provider's clock, which may be ahead of ours: no id_token of this `sid` that exists by now opens a session.
    ended = await rp.session_index.end(issuer, issued_at=rp.clock() + CLOCK_AHEAD, sid=sid, sub=None)
    event(log, "signed out in a frame of the provider", sessions=ended)
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
    """The provider's origins: its pages alone may frame this one (OpenID Connect Front-Channel Logout §2)."""
    issuer = provider.registration.issuer
    try:
        ending = (await provider.metadata()).endpoint("end_session_endpoint")
    except (ProviderUnavailable, ProviderMisconfigured):
        return origin_of(issuer)
    return " ".join(dict.fromkeys((origin_of(issuer), origin_of(ending))))
