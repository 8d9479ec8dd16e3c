"""The page on which a person lets a device in (RFC 8628 §3.3): type its code, look at who asks, answer."""

import logging

from quart import Response, request

from op.endpoints.interaction import remember_consent
from op.endpoints.login import TOO_MANY, WRONG, TooManyAttempts, authenticated, new_session
from op.endpoints.pages import (
    BROWSER_COOKIE,
    SESSION_COOKIE,
    address,
    browser_secret,
    check_csrf,
    cookie,
    csrf_token,
    page,
    parameters,
    set_cookie,
)
from op.endpoints.wording import scope_words
from op.errors import InvalidRequest
from op.protocol.device import normal_user_code
from op.provider import Provider
from op.records import DeviceRequest, Session
from servicekit.log import event
from servicekit.parameters import Parameters

log = logging.getLogger(__name__)

_PURPOSE = "device "
_GUESSES = "a user code"
_UNKNOWN = "No device waits with this code. Look at it again; a code is good for ten minutes, and for one answer."
_TOO_MANY_CODES = "There were too many wrong codes from here. Wait a few minutes, then try again."


async def show_device(op: Provider) -> Response:
    """Ask for the code; with one, say which application asks for what (§3.3, §5.4)."""
    typed = (await parameters()).get("user_code")
    if typed is None or not _is_visit():
        return await _ask()
    try:
        user_code, waiting = await _waiting(op, typed)
    except _NoDevice as fault:
        return await _ask(fault.sentence, fault.status, typed=typed)
    return await _confirm(op, user_code, waiting)


async def submit_device(op: Provider) -> Response:
    """The person's answer: of our own page in this browser alone, and to let a device in, after a login."""
    form = await parameters()
    check_csrf(op, cookie(op, BROWSER_COOKIE), _PURPOSE + form.get("user_code", ""), form.get("csrf_token"))
    if form.get("answer") not in ("allow", "refuse"):
        raise InvalidRequest("answer must be allow or refuse")
    try:
        user_code, waiting = await _waiting(op, form.get("user_code", ""))
    except _NoDevice as fault:
        return await _ask(fault.sentence, fault.status)
    if form["answer"] == "refuse":
        await op.devices.decide(user_code, waiting, state="refused")
        event(log, "a device was refused", client_id=waiting.client_id)
        return await page("device-answered.html", allowed=False)
    session, secret = await _session(op), None
    username = form.get("username", "").strip()
    if session is None:
        try:
            session, secret = await _log_in(op, form)
        except TooManyAttempts:
            return await _confirm(op, user_code, waiting, username=username, fault=TOO_MANY, status=429)
    if session is None:
        return await _confirm(op, user_code, waiting, username=username, fault=WRONG, status=403)
    if not await _let_in(op, user_code, waiting, session):
        return await _ask(_UNKNOWN, 404)
    event(log, "a device was let in", client_id=waiting.client_id, sub=session.sub)
    response = await page("device-answered.html", allowed=True)
    if secret:
        set_cookie(op, response, SESSION_COOKIE, secret)
    return response


class _NoDevice(Exception):
    """No device waits with the code, or no more codes are heard."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


async def _waiting(op: Provider, typed: str) -> tuple[str, DeviceRequest]:
    """The device that waits with a code; what can be one is a guess, and counts (§5.1). Raises _NoDevice."""
    user_code = normal_user_code(typed)
    if user_code is None:
        raise _NoDevice(_UNKNOWN, 404)
    guess = (_GUESSES, await _who_guesses(op))
    if not await op.login_attempts.allowed(*guess):
        raise _NoDevice(_TOO_MANY_CODES, 429)
    waiting = await op.devices.find_by_user_code(user_code)
    if waiting is None or waiting.state != "waiting" or op.now() >= waiting.expires_at:
        raise _NoDevice(_UNKNOWN, 404)
    await op.login_attempts.give_back(*guess)
    return user_code, waiting


def _is_visit() -> bool:
    """Whether somebody came here: a picture on another site's page uses up nobody's guesses (Fetch Metadata §2.1)."""
    return request.headers.get("Sec-Fetch-Dest", "document") == "document"


async def _who_guesses(op: Provider) -> str:
    """Whoever is signed in, whose guesses no stranger at the same address uses up; else the address."""
    session = await _session(op)
    return f"user {session.sub}" if session else address(op)


async def _let_in(op: Provider, user_code: str, waiting: DeviceRequest, session: Session) -> bool:
    """The person's yes, once, remembered like that of the consent page; False when device or client is gone."""
    client = await op.clients.find(waiting.client_id)
    if client is None:
        return False
    if not client.first_party:
        await remember_consent(op, session, client.client_id, waiting.scope, ())
    return await op.devices.decide(
        user_code, waiting, state="allowed", sub=session.sub, sid=session.sid, auth_time=session.auth_time
    )


async def _session(op: Provider) -> Session | None:
    session = await op.sessions.find(cookie(op, SESSION_COOKIE))
    return session if session and await op.users.find(session.sub) else None


async def _log_in(op: Provider, form: Parameters) -> tuple[Session | None, str | None]:
    """A new session for whoever has the password, and its cookie; raises TooManyAttempts."""
    user = await authenticated(op, form.get("username", "").strip(), form.get("password", ""))
    if user is None:
        event(log, "login failed", address=address(op))
        return None, None
    event(log, "logged in", sub=user.sub)
    return await new_session(op, user)


async def _ask(fault: str | None = None, status: int = 200, *, typed: str = "") -> Response:
    return await page("device.html", status, fault=fault, typed=typed)


async def _confirm(
    op: Provider,
    user_code: str,
    waiting: DeviceRequest,
    *,
    username: str = "",
    fault: str | None = None,
    status: int = 200,
) -> Response:
    client = await op.clients.find(waiting.client_id)
    secret = browser_secret(op)
    response = await page(
        "device-confirm.html",
        status,
        user_code=user_code,
        client_name=client.display_name if client else waiting.client_id,
        wishes=scope_words(waiting.scope),
        signed_in=await _session(op) is not None,
        csrf_token=csrf_token(secret, _PURPOSE + user_code),
        username=username,
        fault=fault,
    )
    set_cookie(op, response, BROWSER_COOKIE, secret)
    return response
