"""The login page: one person, one password, then on with the authorization request that waits."""

import hmac
import logging

from quart import Response, render_template

from op.endpoints.authorize import answer_with_code, grant_code
from op.endpoints.pages import (
    BROWSER_COOKIE,
    SESSION_COOKIE,
    address,
    check_csrf,
    cookie,
    csrf_token,
    parameters,
    see_other,
    set_cookie,
)
from op.errors import LoginRequired, OAuthError, UnknownRedirect
from op.passwords import PASSWORD_LIMIT
from op.protocol.authorization_request import is_logged_in_since, is_somebody_else
from op.protocol.authorization_response import redirect_error
from op.protocol.handle import digest, new_grant_id, new_secret
from op.provider import Provider
from op.records import LoginRequest, Session, User
from servicekit.log import event

log = logging.getLogger(__name__)

WRONG = "The username or the password is wrong."
TOO_MANY = "There were too many tries for this username. Wait a few minutes, then try again."


class LoginExpired(UnknownRedirect):
    """No authorization request waits for this login, in this browser."""

    def __init__(self) -> None:
        super().__init__(
            "This sign-in is no longer open",
            "It was finished, has waited for more than ten minutes, or belongs to another browser. "
            "Go back to the application and start again.",
        )


class TooManyAttempts(Exception):
    """This user's password was guessed wrong too often from this address."""


async def show_login(op: Provider) -> Response:
    """The form; a browser that has logged in meanwhile goes on without it."""
    login = await _waiting(op, (await parameters()).get("login"))
    session = await op.sessions.find(cookie(op, SESSION_COOKIE))
    if session and is_logged_in_since(login, session, op.now()):
        response = await _proceed(op, login, session)
        if response:
            return response
    return await _form(op, login, username=login.request.login_hint or "")


async def submit_login(op: Provider) -> Response:
    """Check the password; the same answer and the same work for an unknown user and a wrong password."""
    form = await parameters()
    login = await _waiting(op, form.get("login"))
    check_csrf(op, cookie(op, BROWSER_COOKIE), login.id, form.get("csrf_token"))
    username, password = form.get("username", "").strip(), form.get("password", "")
    try:
        user = await _authenticated(op, username, password)
    except TooManyAttempts:
        event(log, "login refused: too many attempts", logging.WARNING, address=address(op))
        response = await _form(op, login, username=username, fault=TOO_MANY, status=429)
        response.headers["Retry-After"] = str(op.settings.login_attempt_window)
        return response
    answer = await _logged_in(op, login, user) if user else None
    if answer is None:
        event(log, "login failed", address=address(op))
        return await _form(op, login, username=username, fault=WRONG, status=403)
    return answer


async def _authenticated(op: Provider, username: str, password: str) -> User | None:
    """The user whose password this is; raises TooManyAttempts, and then the password was not looked at."""
    attempt = (username, address(op))
    async with op.passwords.turn(*attempt):
        if not await op.login_attempts.allowed(*attempt):
            raise TooManyAttempts
        user = await op.users.find_by_username(username)
        right = await op.passwords.matches(user.password_hash if user else None, password[:PASSWORD_LIMIT])
        await (op.login_attempts.forget(*attempt) if right else op.login_attempts.failed(*attempt))
    return user if right else None


async def _logged_in(op: Provider, login: LoginRequest, user: User) -> Response | None:
    """A session with a fresh id, whatever the browser came with (no session fixation), and on to the client.

    None when the user was removed meanwhile.
    """
    session = Session(sid=new_grant_id(), sub=user.sub, auth_time=op.now())
    secret = new_secret()
    await op.sessions.save(secret, session)
    before = cookie(op, SESSION_COOKIE)
    if before:
        await op.sessions.end(before)
    response = await _proceed(op, login, session)
    if response:
        set_cookie(op, response, SESSION_COOKIE, secret)
        event(log, "logged in", sub=user.sub, client_id=login.request.client_id)
    return response


async def _proceed(op: Provider, login: LoginRequest, session: Session) -> Response | None:
    """Answer the waiting request, once; None when the session's user was removed, and then it goes on waiting.

    Taking it is the gate, and comes last: whatever fails before, the form can be sent again. What was written for an
    answer that is not sent is known to nobody, and ends with its TTL.
    """
    client = await op.clients.find(login.request.client_id)
    if client is None or login.request.redirect_uri not in client.redirect_uris:
        raise UnknownRedirect("This application is not known", "It was removed while you were signing in.")
    if is_somebody_else(login.request, session):
        return await _refused(op, login, LoginRequired("another person logged in than the one that was asked for"))
    granted = await grant_code(op, login.request, session)
    if granted is None:
        return None
    if await op.login_requests.take(login.id) is None:
        raise LoginExpired
    return answer_with_code(granted)


async def _refused(op: Provider, login: LoginRequest, error: OAuthError) -> Response:
    """End the waiting request with an error, once."""
    if await op.login_requests.take(login.id) is None:
        raise LoginExpired
    asked = login.request
    event(log, "authorization refused", client_id=asked.client_id, error=error.code, reason=error)
    return see_other(redirect_error(asked.redirect_uri, error, asked.state, op.issuer))


async def _waiting(op: Provider, login_id: str | None) -> LoginRequest:
    """The request that waits for this login in this browser; raises LoginExpired."""
    login = await op.login_requests.find(login_id) if login_id else None
    browser = digest(cookie(op, BROWSER_COOKIE) or "")
    if login is None or not hmac.compare_digest(login.browser, browser):
        raise LoginExpired
    return login


async def _form(
    op: Provider, login: LoginRequest, *, username: str, fault: str | None = None, status: int = 200
) -> Response:
    client = await op.clients.find(login.request.client_id)
    body = await render_template(
        "login.html",
        login=login.id,
        csrf_token=csrf_token(cookie(op, BROWSER_COOKIE) or "", login.id),
        client_name=client.display_name if client else login.request.client_id,
        username=username,
        fault=fault,
    )
    return Response(body, status=status)
