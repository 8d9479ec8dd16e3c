"""The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2)."""

import asyncio
import logging
from dataclasses import dataclass

from quart import Response

from op.endpoints.pages import (
    BROWSER_COOKIE,
    SESSION_COOKIE,
    browser_secret,
    came_without_cookies,
    cookie,
    parameters,
    see_other,
    set_cookie,
)
from op.errors import LoginRequired, NonceRequired, OAuthError
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
from op.protocol.authorization_response import code_redirect, redirect_error, with_query
from op.protocol.handle import Handle, digest, new_grant_id, new_handle
from op.provider import Provider
from op.records import AuthorizationCode, AuthorizationRequest, Grant, LoginRequest, Session
from servicekit.log import event
from servicekit.parameters import Parameters

log = logging.getLogger(__name__)

_URL_LIMIT = 8000  # what everything on the way can be expected to take (RFC 9110 §4.1)


@dataclass(frozen=True, slots=True)
class GrantedCode:
    """A grant whose code was saved, and the URL that takes the code to the client."""

    grant: Grant
    location: str


async def authorize(op: Provider) -> Response:
    """Send the browser back with a code, on to the login, or back with an error."""
    asked_parameters = await parameters()
    client = await op.clients.find(recognise_client_id(asked_parameters))
    redirect_uri = recognise_redirect(asked_parameters, client)
    assert client is not None
    state = asked_parameters.get("state") if "state" not in asked_parameters.repeated else None
    policy = Policy(op.settings.require_nonce, op.settings.require_pkce)
    try:
        request = validate(Asked(client, asked_parameters, policy))
        if "id_token_hint" in asked_parameters:
            hint = asked_parameters["id_token_hint"]
            request = about(request, await subject_of_hint(op.keys, client, hint, op.issuer))
        again = _by_get(op, asked_parameters)
        if again:
            return see_other(again)
        session = await op.sessions.find(cookie(op, SESSION_COOKIE))
        if session and not login_is_needed(request, session, op.now()):
            granted = await grant_code(op, request, session)
            if granted:
                return answer_with_code(granted)
        if "none" in request.prompts:
            raise LoginRequired("the person must log in")
    except NonceRequired:
        raise
    except OAuthError as error:
        event(log, "authorization refused", client_id=client.client_id, error=error.code, reason=error)
        return see_other(redirect_error(redirect_uri, error, _short(state), op.issuer))
    return await _to_login(op, request, session)


def _by_get(op: Provider, asked: Parameters) -> str | None:
    """The same request as a URL, for a form that may be another site's: the GET comes with session and login cookie.

    One that is too long for a URL is answered as it is, like that of a browser that was never here.
    """
    url = with_query(f"{op.issuer}/authorize", dict(asked)) if came_without_cookies(op) else None
    return url if url and len(url) <= _URL_LIMIT else None


async def grant_code(op: Provider, request: AuthorizationRequest, session: Session) -> GrantedCode | None:
    """Make a grant and its code (RFC 6749 §4.1.2); None when the session's user was removed.

    A code that is then not sent to anybody ends by itself.
    """
    gid = new_grant_id()
    grant = Grant(
        gid=gid,
        client_id=request.client_id,
        sub=session.sub,
        scope=request.scope,
        auth_time=session.auth_time,
        sid=session.sid,
        claims=request.claims,
    )
    code = new_handle(gid)
    record = AuthorizationCode(
        redirect_uri=request.redirect_uri,
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        expires_at=op.now() + op.settings.authorization_code_ttl,
    )
    user, _ = await asyncio.gather(op.users.find(session.sub), op.codes.save(Handle.of(gid, code), record, grant))
    if user is None:
        return None
    return GrantedCode(grant, code_redirect(request.redirect_uri, code, request.state, op.issuer))


def answer_with_code(granted: GrantedCode) -> Response:
    """Send the browser back to the client."""
    grant = granted.grant
    event(log, "code issued", client_id=grant.client_id, sub=grant.sub, scope=grant.scope, grant=grant.gid)
    return see_other(granted.location)


async def _to_login(op: Provider, request: AuthorizationRequest, session: Session | None) -> Response:
    secret = browser_secret(op)
    login = LoginRequest(
        id=new_grant_id(),
        browser=digest(secret),
        created_at=op.now(),
        request=request,
        sid=session.sid if session else None,
    )
    await op.login_requests.save(login)
    event(log, "login needed", client_id=request.client_id, scope=request.scope)
    response = see_other(f"{op.issuer}/login?login={login.id}")
    set_cookie(op, response, BROWSER_COOKIE, secret)
    return response


def _short(state: str | None) -> str | None:
    """A state that was refused for its length is not sent back."""
    return state if state is None or len(state) <= TEXT_LIMIT else None
