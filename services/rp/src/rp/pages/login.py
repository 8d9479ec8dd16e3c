"""`/login`: starts a sign-in (OpenID Connect Core §3.1.2.1), also for a third party (§4)."""

import logging
from urllib.parse import urlencode

from quart import Request, Response

from rp.context import Context
from rp.errors import BadRequest
from rp.message import Message
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
    """Bind state, nonce and code verifier to this browser and redirect it to the provider.

    With several providers, the user chooses one first. All tabs of a browser share one login cookie, but each sign-in
    has its own state.

    OpenID Connect Core §3.1.2.1, §4.
    """
    initiation = LoginInitiation.of(Parameters.parse(request.query_string), rp.settings.origin)
    provider = rp.providers.only if initiation.issuer is None else rp.providers.of(initiation.issuer)
    if provider is None:
        return await page("choose.html", providers=rp.providers.all, query=initiation.query(), settings=rp.settings)
    registration, metadata = provider.registration, await provider.metadata()
    login_cookie = Cookies.of(rp.settings).login
    endpoint = metadata.endpoint("authorization_endpoint")
    browser = login_cookie.read(request) or fresh_value()
    binding = NonceBinding(
        state=fresh_value(),
        nonce=fresh_value(),
        code_verifier=pkce.make_verifier(),
        return_to=initiation.return_to,
        issuer=metadata.issuer,
        ui_locales=initiation.ui_locales,
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
            login_hint=initiation.login_hint,
            ui_locales=initiation.ui_locales,
        )
    )
    login_cookie.set(response, browser)
    return response


async def posted_login(rp: Context, request: Request) -> Response:
    """§4 by POST: redirect to the same by GET, which sends the login cookie of this browser's other sign-ins."""
    form = Parameters.parse(await forms.read(request))
    LoginInitiation.of(form, rp.settings.origin)
    query = urlencode({name: form[name] for name in login_initiation.NAMES if name in form})
    if len(query) > _LONGEST_QUERY:
        raise BadRequest(Message("error", "The parameters are too long for a URL."))
    return see_other(f"/login?{query}")
