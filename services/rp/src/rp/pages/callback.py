"""`/callback`: completes a sign-in (OpenID Connect Core §3.1.2.5 to §3.1.3.7, OAuth 2.0 Form Post Response Mode)."""

import logging

from quart import Request, Response

from rp.context import Context
from rp.errors import SignedOutMeanwhile, UnknownSignIn
from rp.protocol.authorization import authorization_response
from rp.protocol.authorization.authorization_response import AuthorizationResponse, ValidatedResponse
from rp.protocol.tokens.id_token import VerifiedClaims
from rp.protocol.tokens.token_response import TokenResponse
from rp.provider_client import ProviderClient
from rp.records import Session
from rp.tokens import verification
from rp.web import forms
from rp.web.cookies import Cookies, fresh_value
from rp.web.rendering import see_other
from rp.web.visitor import signed_in
from servicekit.log import event
from servicekit.web.languages import use_language
from servicekit.web.parameters import Parameters

HANDLE = "posted"
"""The parameter with the handle of a response that was sent by POST."""

log = logging.getLogger(__name__)


async def callback(rp: Context, request: Request, provider: ProviderClient) -> Response:
    """Check the response, exchange the code, verify the ID token, open a session. `provider` is that of this path.

    OpenID Connect Core §3.1.2.7; RFC 9207 §2.3, §3.
    """
    parameters = Parameters.parse(request.query_string)
    handle = parameters.get(HANDLE)
    received = AuthorizationResponse.of(parameters) if handle is None else await rp.posted_responses.find(handle)
    if received is None:
        raise UnknownSignIn
    # Before the binding is deleted: if the provider is unavailable, the same URL must work again later.
    metadata = await provider.metadata()
    binding = await rp.bindings.take(Cookies.of(rp.settings).login.read(request), received.state)
    use_language(binding.ui_locales)
    if handle is not None:
        await rp.posted_responses.end(handle)
    response = authorization_response.validate(
        received,
        binding,
        issuer=metadata.issuer,
        iss_required=metadata.flag("authorization_response_iss_parameter_supported"),
    )
    tokens = await provider.exchange(response)
    verified = await verification.of_sign_in(provider, tokens, response.binding.nonce, rp.clock())
    return await _open_session(rp, request, response, tokens, verified)


async def posted_callback(rp: Context, request: Request, provider: ProviderClient) -> Response:
    """Store a response that was sent by POST, and redirect the browser to it by GET.

    A form on another site does not send our cookies (SameSite=Lax), but the login cookie is what binds the response to
    the browser that sent the request. The GET sends it.

    OAuth 2.0 Form Post Response Mode §2.
    """
    received = AuthorizationResponse.of(Parameters.parse(await forms.read(request)))
    if not await rp.bindings.knows(received.state):
        raise UnknownSignIn
    handle = await rp.posted_responses.save(received)
    return see_other(f"{provider.registration.callback_path}?{HANDLE}={handle}")


async def _open_session(
    rp: Context, request: Request, response: ValidatedResponse, tokens: TokenResponse, verified: VerifiedClaims
) -> Response:
    """Open the session under a new cookie, so that an attacker cannot have set it before (session fixation)."""
    session = Session(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        id_token=verified.id_token,
        header=verified.header,
        claims=verified.claims,
        checks=verified.checks,
        nonce=response.binding.nonce,
        scope=tokens.scope or rp.providers.of(response.binding.issuer).registration.scope,
        expires_at=None if tokens.expires_in is None else int(rp.clock()) + tokens.expires_in,
        csrf_token=fresh_value(),
        ui_locales=response.binding.ui_locales,
    )
    cookie = fresh_value()
    await rp.session_index.add(cookie, session)
    await rp.sessions.save(cookie, session)
    if await rp.session_index.has_ended(session):
        await rp.sessions.end(cookie)
        await rp.session_index.remove(cookie, session)
        await rp.refreshing.revoke(session)
        raise SignedOutMeanwhile
    await _end_previous(rp, request)
    event(log, "signed in", sub=session.sub)
    redirect = see_other(response.binding.return_to)
    Cookies.of(rp.settings).session.set(redirect, cookie)
    return redirect


async def _end_previous(rp: Context, request: Request) -> None:
    """End the previous session of this browser."""
    previous = await signed_in(rp, request)
    if previous is not None:
        await rp.sessions.end(previous.cookie)
        await rp.session_index.remove(previous.cookie, previous.session)
