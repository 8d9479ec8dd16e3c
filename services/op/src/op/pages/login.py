"""The login page: username and password, then back to the pending authorization."""

import logging

from quart import Request, Response

from op.authorization.dispatch import Login
from op.authorization.progress import Authorization, advance
from op.context import Context
from op.pages.descriptions import TOO_MANY_ATTEMPTS, WRONG_PASSWORD
from op.pages.steps import carry_out, pending_authorization
from op.records import User
from op.sessions.login import TooManyAttempts
from op.web.client_address import address
from op.web.cookies import BROWSER_COOKIE, SESSION_COOKIE, cookie, set_cookie
from op.web.csrf import check_csrf, csrf_token
from op.web.parameters import parameters
from op.web.rendering import client_page
from op.web.visitor import session_of
from servicekit.log import event
from servicekit.web.languages import LazyText

log = logging.getLogger(__name__)


async def show_login(op: Context, request: Request) -> Response:
    """The form; a browser that has logged in meanwhile continues without it, unless another user is to log in."""
    received = await parameters(request)
    authorization = await pending_authorization(op, request, received.get("login"))
    if received.get("switch_user") == "true":
        return await _form(op, request, authorization, username="")
    session = await session_of(op, request)
    step = await advance(op, authorization, session)
    if isinstance(step, Login):
        return await _form(op, request, authorization, username=authorization.request.login_hint or "")
    return await carry_out(op, request, authorization, session, step)


async def submit_login(op: Context, request: Request) -> Response:
    """Check the password; the same response for an unknown user and a wrong password."""
    form = await parameters(request)
    authorization = await pending_authorization(op, request, form.get("login"))
    check_csrf(op, request, cookie(op, request, BROWSER_COOKIE), form["login"], form.get("csrf_token"))
    username, password = form.get("username", "").strip(), form.get("password", "")
    try:
        user = await op.logins.authenticate(username, password, address(op, request))
    except TooManyAttempts:
        event(log, "login refused: too many attempts", logging.WARNING, address=address(op, request))
        response = await _form(op, request, authorization, username=username, fault=TOO_MANY_ATTEMPTS, status=429)
        response.headers["Retry-After"] = str(op.settings.login_attempt_window)
        return response
    logged_in = await _logged_in(op, request, authorization, user) if user else None
    if logged_in is None:
        event(log, "login failed", address=address(op, request))
        return await _form(op, request, authorization, username=username, fault=WRONG_PASSWORD, status=403)
    return logged_in


async def _logged_in(op: Context, request: Request, authorization: Authorization, user: User) -> Response | None:
    """The response in a new session; None if the user was removed meanwhile."""
    before = cookie(op, request, SESSION_COOKIE)
    session, secret = await op.logins.open_session(
        user, request.headers.get("User-Agent", ""), address(op, request), before
    )
    step = await advance(op, authorization, session)
    if isinstance(step, Login):
        return None
    response = await carry_out(op, request, authorization, session, step)
    set_cookie(op, response, SESSION_COOKIE, secret)
    event(log, "logged in", sub=user.sub, client_id=authorization.client.client_id)
    return response


async def _form(
    op: Context,
    request: Request,
    authorization: Authorization,
    *,
    username: str,
    fault: LazyText | None = None,
    status: int = 200,
) -> Response:
    assert authorization.pending is not None
    login = authorization.pending.id
    return await client_page(
        "login.html",
        authorization.client,
        status,
        login=login,
        csrf_token=csrf_token(cookie(op, request, BROWSER_COOKIE) or "", login),
        username=username,
        fault=fault,
    )
