"""The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2)."""

from quart import Request, Response

from op.authorization.id_token_hint import subject_of_hint
from op.authorization.progress import Authorization
from op.authorization.request_source import Source, is_pushed, opened_request, pushed_request
from op.authorization.respond import ReturnAddress, respond_with_error
from op.context import Context
from op.errors import NonceRequired, OAuthError, UnknownClient
from op.pages.steps import proceed
from op.protocol.authorization.request import (
    TEXT_LIMIT,
    UncheckedRequest,
    recognise_client_id,
    recognise_redirect,
    validate,
    with_subject,
)
from op.protocol.authorization.response import known_mode, with_query
from op.records import AuthorizationRequest, Client
from op.web.client_address import address
from op.web.cookies import SESSION_COOKIE, came_without_cookies, cookie
from op.web.parameters import parameters
from op.web.rendering import deliver, see_other
from servicekit.web.languages import use_language
from servicekit.web.parameters import Parameters

_URL_LIMIT = 8000  # a length that all proxies should support (RFC 9110 §4.1)


async def authorize(op: Context, request: Request) -> Response:
    """Redirect to the client with a code or an error, or continue with login or consent.

    OpenID Connect Core §3.1.2.3, §3.1.2.6; RFC 6749 §3.1, §4.1.2.1.
    """
    received = await parameters(request)
    client = await op.clients.find(recognise_client_id(received))
    if client is None:
        raise UnknownClient(received["client_id"])
    # Repeat the request by GET first: a pushed request can be used once, and another one should be fetched once.
    again = _by_get(op, request, received) if "request_uri" in received else None
    if again:
        return see_other(again)
    if is_pushed(received):
        return await _process(op, request, client, await pushed_request(op, client, received), received)
    try:
        source = await opened_request(op, client, received)
    except OAuthError as error:
        if "redirect_uri" not in received:
            raise
        return await deliver(await respond_with_error(op, client, _return_address(client, received), error))
    return await _process(op, request, client, source, received)


async def _process(op: Context, request: Request, client: Client, source: Source, received: Parameters) -> Response:
    """Check the parameters and take the next step; `received` are the parameters of the HTTP request."""
    use_language(source.parameters.get("ui_locales"))
    to = _return_address(client, source.parameters)
    try:
        checked = await _checked(op, client, source)
    except NonceRequired:
        raise
    except OAuthError as error:
        return await deliver(await respond_with_error(op, client, to, error))
    again = None if source.pushed else _by_get(op, request, received)
    if again:
        return see_other(again)
    secret = cookie(op, request, SESSION_COOKIE)
    session = await op.sessions.find(secret)
    if secret and session:
        await op.sessions.note_use(secret, session, address(op, request), op.now())
    return await proceed(op, request, Authorization(client, checked), session)


async def _checked(op: Context, client: Client, source: Source) -> AuthorizationRequest:
    """The request after all checks, limited to the user of its id_token_hint; raises OAuthError."""
    checked = validate(UncheckedRequest(client, source.parameters, op.policy, source.pushed, source.signed))
    hint = source.parameters.get("id_token_hint")
    if hint is None:
        return checked
    return with_subject(checked, await subject_of_hint(op.keys, client, hint, op.issuer))


def _return_address(client: Client, received: Parameters) -> ReturnAddress:
    """Where to send an error; raises UnknownRedirect (RFC 6749 §4.1.2.1)."""
    redirect_uri = recognise_redirect(received, client)
    state = received.get("state") if "state" not in received.repeated else None
    mode = known_mode(received.get("response_mode"), received.get("response_type"))
    return ReturnAddress(redirect_uri, _short(state), mode)


def _by_get(op: Context, request: Request, received: Parameters) -> str | None:
    """The same request as a URL, for a form of another site: with the GET the browser sends its cookies.

    A request that is too long for a URL is processed without cookies.

    OpenID Connect Core §3.1.2.1.
    """
    url = with_query(f"{op.issuer}/authorize", dict(received)) if came_without_cookies(op, request) else None
    return url if url and len(url) <= _URL_LIMIT else None


def _short(state: str | None) -> str | None:
    """The state, unless it is too long to be sent back."""
    return state if state is None or len(state) <= TEXT_LIMIT else None
