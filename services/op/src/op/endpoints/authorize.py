"""The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2)."""

from quart import Response

from op.endpoints.answering import ReturnAddress, answer_with, answer_with_error
from op.endpoints.interaction import consent_of, set_aside
from op.endpoints.pages import (
    SESSION_COOKIE,
    came_without_cookies,
    cookie,
    parameters,
    see_other,
    speak,
)
from op.errors import ConsentRequired, LoginRequired, NonceRequired, OAuthError, UnknownClient
from op.id_token_hint import subject_of_hint
from op.protocol.authorization_request import (
    TEXT_LIMIT,
    Asked,
    Policy,
    about,
    login_is_needed,
    recognise_client_id,
    recognise_redirect,
    validate,
)
from op.protocol.authorization_response import known_mode, with_query
from op.protocol.consent import consent_is_needed
from op.provider import Provider
from op.records import Client
from op.request_source import Source, is_pushed, opened_request, pushed_request
from op.response_types import RESPONSE_TYPES
from servicekit.parameters import Parameters

_URL_LIMIT = 8000  # what everything on the way can be expected to take (RFC 9110 §4.1)


async def authorize(op: Provider) -> Response:
    """Send the browser back with a code, on to the login or the consent, or back with an error."""
    asked = await parameters()
    client = await op.clients.find(recognise_client_id(asked))
    if client is None:
        raise UnknownClient(asked["client_id"])
    # By GET first, if at all: a pushed request is taken once, and another one is fetched once, for the answer.
    again = _by_get(op, asked) if "request_uri" in asked else None
    if again:
        return see_other(again)
    if is_pushed(asked):
        return await _answer(op, client, await pushed_request(op, client, asked), asked)
    try:
        source = await opened_request(op, client, asked)
    except OAuthError as error:
        if "redirect_uri" not in asked:
            raise
        return await answer_with_error(op, client, _return_address(client, asked), error)
    return await _answer(op, client, source, asked)


async def _answer(op: Provider, client: Client, source: Source, asked: Parameters) -> Response:
    """Check the parameters and answer them; `asked` is the request as it came."""
    speak(source.parameters.get("ui_locales"))
    to = _return_address(client, source.parameters)
    try:
        request = validate(Asked(client, source.parameters, policy_of(op), source.pushed, source.signed))
        hint = source.parameters.get("id_token_hint")
        if hint is not None:
            request = about(request, await subject_of_hint(op.keys, client, hint, op.issuer))
        again = None if source.pushed else _by_get(op, asked)
        if again:
            return see_other(again)
        session = await op.sessions.find(cookie(op, SESSION_COOKIE))
        if session and not login_is_needed(request, op.mint.subjects.seen_by(client, session), op.now()):
            if consent_is_needed(client, request, await consent_of(op, client, session), op.now()):
                if "none" in request.prompts:
                    raise ConsentRequired("the person must be asked for consent")
                return await set_aside(op, request, session, "consent")
            granted = await RESPONSE_TYPES[request.response_type](op, client, request, session)
            if granted:
                return await answer_with(op, client, request, granted)
        if "none" in request.prompts:
            raise LoginRequired("the person must log in")
    except NonceRequired:
        raise
    except OAuthError as error:
        return await answer_with_error(op, client, to, error)
    return await set_aside(op, request, session, "login")


def policy_of(op: Provider) -> Policy:
    """What this provider demands of every request."""
    settings = op.settings
    return Policy(
        settings.require_nonce,
        settings.require_pkce,
        settings.require_pushed_authorization_requests,
        settings.response_types,
    )


def _return_address(client: Client, asked: Parameters) -> ReturnAddress:
    """Where an error goes; raises UnknownRedirect (RFC 6749 §4.1.2.1)."""
    redirect_uri = recognise_redirect(asked, client)
    state = asked.get("state") if "state" not in asked.repeated else None
    mode = known_mode(asked.get("response_mode"), asked.get("response_type"))
    return ReturnAddress(redirect_uri, _short(state), mode)


def _by_get(op: Provider, asked: Parameters) -> str | None:
    """The same request as a URL, for a form that may be another site's: the GET comes with session and login cookie.

    One that is too long for a URL is answered as it is, like that of a browser that was never here.
    """
    url = with_query(f"{op.issuer}/authorize", dict(asked)) if came_without_cookies(op) else None
    return url if url and len(url) <= _URL_LIMIT else None


def _short(state: str | None) -> str | None:
    """A state that was refused for its length is not sent back."""
    return state if state is None or len(state) <= TEXT_LIMIT else None
