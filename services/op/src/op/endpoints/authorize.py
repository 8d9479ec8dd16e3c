"""The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2)."""

import logging

from quart import Response

from op.endpoints.pages import (
    BROWSER_COOKIE,
    SESSION_COOKIE,
    browser_secret,
    cookie,
    parameters,
    see_other,
    set_cookie,
)
from op.errors import LoginRequired, NonceRequired, OAuthError
from op.protocol.authorization_request import (
    STATE_LIMIT,
    Asked,
    Policy,
    login_is_needed,
    recognise_client_id,
    recognise_redirect,
    validate,
)
from op.protocol.authorization_response import code_redirect, redirect_error
from op.protocol.handle import Handle, digest, new_grant_id, new_handle
from op.provider import Provider
from op.records import AuthorizationCode, AuthorizationRequest, Grant, LoginRequest, Session
from servicekit.log import event

log = logging.getLogger(__name__)


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
        session = await op.sessions.find(cookie(op, SESSION_COOKIE))
        if not login_is_needed(request, session, op.now()):
            assert session is not None
            return see_other(await grant_code(op, request, session))
        if "none" in request.prompts:
            raise LoginRequired("the person must log in")
    except NonceRequired:
        raise
    except OAuthError as error:
        event(log, "authorization refused", client_id=client.client_id, error=error.code, reason=error)
        return see_other(redirect_error(redirect_uri, error, _short(state), op.issuer))
    return await _to_login(op, request, session)


async def grant_code(op: Provider, request: AuthorizationRequest, session: Session) -> str:
    """Make a grant and its code; gives the URL that takes the browser back to the client (RFC 6749 §4.1.2)."""
    gid = new_grant_id()
    grant = Grant(
        gid=gid,
        client_id=request.client_id,
        sub=session.sub,
        scope=request.scope,
        auth_time=session.auth_time,
        sid=session.sid,
    )
    code = new_handle(gid)
    record = AuthorizationCode(
        client_id=request.client_id,
        redirect_uri=request.redirect_uri,
        scope=request.scope,
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        expires_at=op.now() + op.settings.authorization_code_ttl,
    )
    await op.codes.save(Handle.of(gid, code), record, grant)
    event(log, "code issued", client_id=request.client_id, sub=session.sub, scope=request.scope, grant=gid)
    return code_redirect(request.redirect_uri, code, request.state, op.issuer)


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
    return state if state is None or len(state) <= STATE_LIMIT else None
