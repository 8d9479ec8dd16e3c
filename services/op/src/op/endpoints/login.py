"""The login page: one person, one password, then on with the authorization request that waits."""

import logging

from quart import Response, request

from op.endpoints.interaction import find_waiting, is_answer_to, proceed
from op.endpoints.pages import (
    BROWSER_COOKIE,
    SESSION_COOKIE,
    address,
    check_csrf,
    client_page,
    cookie,
    csrf_token,
    parameters,
    set_cookie,
)
from op.passwords import PASSWORD_LIMIT
from op.protocol.handle import new_grant_id, new_secret
from op.provider import Provider
from op.records import Client, LoginRequest, Session, User
from op.session_end import replace_session
from servicekit.log import event

log = logging.getLogger(__name__)

USER_AGENT_LIMIT = 200
WRONG = "The username or the password is wrong."
TOO_MANY = "There were too many tries for this username. Wait a few minutes, then try again."


class TooManyAttempts(Exception):
    """This user's password was guessed wrong too often from this address."""


async def show_login(op: Provider) -> Response:
    """The form; a browser that has logged in meanwhile goes on without it."""
    login = await find_waiting(op, (await parameters()).get("login"))
    session = await op.sessions.find(cookie(op, SESSION_COOKIE))
    if session and await op.users.find(session.sub) and await is_answer_to(op, login, session):
        response = await proceed(op, login, session)
        if response:
            return response
    return await _form(op, login, username=login.request.login_hint or "")


async def submit_login(op: Provider) -> Response:
    """Check the password; the same answer and the same work for an unknown user and a wrong password."""
    form = await parameters()
    login = await find_waiting(op, form.get("login"))
    check_csrf(op, cookie(op, BROWSER_COOKIE), login.id, form.get("csrf_token"))
    username, password = form.get("username", "").strip(), form.get("password", "")
    try:
        user = await authenticated(op, username, password)
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


async def authenticated(op: Provider, username: str, password: str) -> User | None:
    """The user whose password this is; raises TooManyAttempts, and then the password was not looked at."""
    attempt = (username, address(op))
    async with op.passwords.turn(*attempt):
        if not await op.login_attempts.allowed(*attempt):
            raise TooManyAttempts
        user = await op.users.find_by_username(username)
        right = await op.passwords.matches(user.password_hash if user else None, password[:PASSWORD_LIMIT])
        if right:
            await op.login_attempts.forget(*attempt)
    return user if right else None


async def _logged_in(op: Provider, login: LoginRequest, user: User) -> Response | None:
    """On to the client in a new session; None when the user was removed meanwhile."""
    session, secret = await new_session(op, user)
    response = await proceed(op, login, session)
    if response:
        set_cookie(op, response, SESSION_COOKIE, secret)
        event(log, "logged in", sub=user.sub, client_id=login.request.client_id)
    return response


async def new_session(op: Provider, user: User) -> tuple[Session, str]:
    """A session with a fresh id, whatever the browser came with (no session fixation), and its cookie."""
    session = Session(sid=new_grant_id(), sub=user.sub, auth_time=op.now(), user_agent=_user_agent())
    secret = new_secret()
    await op.sessions.save(secret, session)
    before = cookie(op, SESSION_COOKIE)
    if before:
        await replace_session(op, before, session)
    return session, secret


async def _form(
    op: Provider, login: LoginRequest, *, username: str, fault: str | None = None, status: int = 200
) -> Response:
    client = await op.clients.find(login.request.client_id)
    return await client_page(
        "login.html",
        client or Client(client_id=login.request.client_id),
        status,
        login=login.id,
        csrf_token=csrf_token(cookie(op, BROWSER_COOKIE) or "", login.id),
        username=username,
        fault=fault,
    )


def _user_agent() -> str:
    """What the browser calls itself, so that its person can tell it from others later."""
    return request.headers.get("User-Agent", "")[:USER_AGENT_LIMIT]
