"""`/login`: starts a sign-in (OpenID Connect Core §3.1.2.1), also for a third party (§4)."""

import logging
from urllib.parse import urlencode

from quart import Request, Response

from rp.context import Context
from rp.errors import BadRequest
from rp.protocol.authorization import login_initiation, pkce
from rp.protocol.authorization.authorization_request import authorization_request
from rp.protocol.authorization.login_initiation import LoginInitiation
from rp.records import NonceBinding
from rp.web import forms
from rp.web.cookies import Cookies, fresh_value
from rp.web.rendering import page, see_other
from servicekit.log import event
from servicekit.web.parameters import Parameters

_LONGEST_QUERY = 8000

log = logging.getLogger(__name__)


async def login(rp: Context, request: Request) -> Response:
    """Bind state, nonce and verifier to this browser, and send it to the provider; with several, let the person choose.

    A browser has one login cookie for all its tabs; each tab's sign-in has a state of its own.

    OpenID Connect Core §3.1.2.1, §4.
    """
    asked = LoginInitiation.of(Parameters.parse(request.query_string), rp.settings.origin)
    provider = rp.providers.only if asked.issuer is None else rp.providers.of(asked.issuer)
    if provider is None:
        return await page("choose.html", providers=rp.providers.all, query=asked.query(), settings=rp.settings)
    registration, metadata = provider.registration, await provider.metadata()
    login_cookie = Cookies.of(rp.settings).login
    endpoint = metadata.endpoint("authorization_endpoint")
    browser = login_cookie.read(request) or fresh_value()
    binding = NonceBinding(
        state=fresh_value(),
        nonce=fresh_value(),
        code_verifier=pkce.make_verifier(),
        return_to=asked.return_to,
        issuer=metadata.issuer,
    )
    await rp.bindings.save(browser, binding)
    event(log, "sign-in started", return_to=binding.return_to)
    response = see_other(
        authorization_request(
            endpoint,
            client_id=registration.client.client_id,
            redirect_uri=provider.redirect_uri,
            scope=registration.scope,
            state=binding.state,
            nonce=binding.nonce,
            code_verifier=binding.code_verifier,
            response_mode=registration.response_mode,
            login_hint=asked.login_hint,
        )
    )
    login_cookie.set(response, browser)
    return response


async def posted_login(rp: Context, request: Request) -> Response:
    """§4 by POST: the same by GET, which brings the cookie that this browser's other sign-ins hang on."""
    form = Parameters.parse(await forms.read(request))
    LoginInitiation.of(form, rp.settings.origin)
    query = urlencode({name: form[name] for name in login_initiation.NAMES if name in form})
    if len(query) > _LONGEST_QUERY:
        raise BadRequest("The parameters are too long for an address.")
    return see_other(f"/login?{query}")
