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
    Asked,
    about,
    recognise_client_id,
    recognise_redirect,
    validate,
)
from op.protocol.authorization.response import known_mode, with_query
from op.records import AuthorizationRequest, Client
from op.web.client_address import address
from op.web.cookies import SESSION_COOKIE, came_without_cookies, cookie
from op.web.parameters import parameters
from op.web.rendering import deliver, see_other
from servicekit.web.languages import use_language
from servicekit.web.parameters import Parameters

_URL_LIMIT = 8000  # what everything on the way can be expected to take (RFC 9110 §4.1)


async def authorize(op: Context, request: Request) -> Response:
    """Send the browser back with a code, on to the login or the consent, or back with an error."""
    asked = await parameters(request)
    client = await op.clients.find(recognise_client_id(asked))
    if client is None:
        raise UnknownClient(asked["client_id"])
    # By GET first, if at all: a pushed request is taken once, and another one is fetched once.
    again = _by_get(op, request, asked) if "request_uri" in asked else None
    if again:
        return see_other(again)
    if is_pushed(asked):
        return await _process(op, request, client, await pushed_request(op, client, asked), asked)
    try:
        source = await opened_request(op, client, asked)
    except OAuthError as error:
        if "redirect_uri" not in asked:
            raise
        return await deliver(await respond_with_error(op, client, _return_address(client, asked), error))
    return await _process(op, request, client, source, asked)


async def _process(op: Context, request: Request, client: Client, source: Source, asked: Parameters) -> Response:
    """Check the parameters, and see what comes next; `asked` is the request as it came."""
    use_language(source.parameters.get("ui_locales"))
    to = _return_address(client, source.parameters)
    try:
        checked = await _checked(op, client, source)
    except NonceRequired:
        raise
    except OAuthError as error:
        return await deliver(await respond_with_error(op, client, to, error))
    again = None if source.pushed else _by_get(op, request, asked)
    if again:
        return see_other(again)
    secret = cookie(op, request, SESSION_COOKIE)
    session = await op.sessions.find(secret)
    if secret and session:
        await op.sessions.note_use(secret, session, address(op, request), op.now())
    return await proceed(op, request, Authorization(client, checked), session)


async def _checked(op: Context, client: Client, source: Source) -> AuthorizationRequest:
    """The request after every check, about the person of its id_token_hint; raises OAuthError."""
    checked = validate(Asked(client, source.parameters, op.policy, source.pushed, source.signed))
    hint = source.parameters.get("id_token_hint")
    if hint is None:
        return checked
    return about(checked, await subject_of_hint(op.keys, client, hint, op.issuer))


def _return_address(client: Client, asked: Parameters) -> ReturnAddress:
    """Where an error goes; raises UnknownRedirect (RFC 6749 §4.1.2.1)."""
    redirect_uri = recognise_redirect(asked, client)
    state = asked.get("state") if "state" not in asked.repeated else None
    mode = known_mode(asked.get("response_mode"), asked.get("response_type"))
    return ReturnAddress(redirect_uri, _short(state), mode)


def _by_get(op: Context, request: Request, asked: Parameters) -> str | None:
    """The same request as a URL, for a form that may be another site's: the GET comes with session and login cookie.

    One that is too long for a URL is processed as it is, like that of a browser that was never here.
    """
    url = with_query(f"{op.issuer}/authorize", dict(asked)) if came_without_cookies(op, request) else None
    return url if url and len(url) <= _URL_LIMIT else None


def _short(state: str | None) -> str | None:
    """A state that was refused for its length is not sent back."""
    return state if state is None or len(state) <= TEXT_LIMIT else None
