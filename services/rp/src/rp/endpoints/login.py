"""`/login`: starts a sign-in (OpenID Connect Core §3.1.2.1)."""

import logging

from quart import Request, Response

from rp.cookies import fresh_value
from rp.errors import BadRequest
from rp.pages import see_other
from rp.party import RelyingParty
from rp.protocol import pkce, return_path
from rp.protocol.front_channel import authorization_request
from rp.records import NonceBinding
from servicekit.log import event
from servicekit.parameters import Parameters

log = logging.getLogger(__name__)


async def login(rp: RelyingParty, request: Request) -> Response:
    """Bind state, nonce and verifier to this browser, and send it to the provider.

    A browser has one login cookie for all its tabs; each tab's sign-in has a state of its own.
    """
    parameters = Parameters.parse(request.query_string)
    if parameters.repeated:
        raise BadRequest(f"A parameter stands twice: {', '.join(sorted(parameters.repeated))}.")
    metadata = await rp.provider.metadata()
    endpoint = metadata.endpoint("authorization_endpoint")
    browser = rp.cookies.login.read(request) or fresh_value()
    binding = NonceBinding(
        state=fresh_value(),
        nonce=fresh_value(),
        code_verifier=pkce.make_verifier(),
        return_to=return_path.local_path(parameters.get("return_to")),
        issuer=metadata.issuer,
    )
    await rp.bindings.save(browser, binding)
    event(log, "sign-in started", return_to=binding.return_to)
    response = see_other(
        authorization_request(
            endpoint,
            client_id=rp.settings.client_id,
            redirect_uri=rp.settings.redirect_uri,
            scope=rp.settings.rp_scope,
            state=binding.state,
            nonce=binding.nonce,
            code_verifier=binding.code_verifier,
            response_mode=rp.settings.rp_response_mode,
        )
    )
    rp.cookies.login.set(response, browser)
    return response
