"""The page on which a user connects a device (RFC 8628 §3.3): enter its code, see the request, decide."""

import logging
from functools import partial

from quart import Request, Response

from op.authorization.consent import remember_consent
from op.authorization.dispatch import Login, Refuse, next_step
from op.context import Context
from op.pages.descriptions import TOO_MANY_ATTEMPTS, WRONG_PASSWORD, permissions
from op.pages.steps import decision_in
from op.protocol.authorization.user_code import normal_user_code
from op.records import DeviceRequest, Session
from op.sessions.login import TooManyAttempts
from op.web.client_address import address
from op.web.cookies import BROWSER_COOKIE, SESSION_COOKIE, browser_secret, cookie, set_cookie
from op.web.csrf import check_csrf, csrf_token
from op.web.parameters import parameters
from op.web.rendering import page, scripted_page
from op.web.visitor import session_of, visitor_of
from servicekit.log import event
from servicekit.web.languages import LazyText, gettext_lazy
from servicekit.web.parameters import Parameters

log = logging.getLogger(__name__)

_PURPOSE = "device "
_GUESSES = "a user code"
_UNKNOWN = gettext_lazy("Unknown code. Check it and try again. A code expires after ten minutes and works once.")
_TOO_MANY_CODES = gettext_lazy("Too many incorrect codes. Try again in a few minutes.")


async def show_device(op: Context, request: Request) -> Response:
    """The form for the code; with a code, the application and what it requests (§3.3, §5.4)."""
    typed = (await parameters(request)).get("user_code")
    if typed is None or not _is_visit(request):
        return await _code_form()
    try:
        user_code, waiting = await _waiting_device(op, request, typed)
    except _NoDevice as fault:
        return await _code_form(fault.sentence, fault.status, typed=typed)
    return await _confirmation(op, request, user_code, waiting)


async def submit_device(op: Context, request: Request) -> Response:
    """The user's decision, from our own form in this browser; to allow a device, a login is needed."""
    form = await parameters(request)
    purpose = _PURPOSE + form.get("user_code", "")
    check_csrf(op, request, cookie(op, request, BROWSER_COOKIE), purpose, form.get("csrf_token"))
    decision = decision_in(form)
    try:
        user_code, waiting = await _waiting_device(op, request, form.get("user_code", ""))
    except _NoDevice as fault:
        return await _code_form(fault.sentence, fault.status)
    session, secret = await session_of(op, request), None
    step = next_step(waiting, session, decision, op.now())
    if isinstance(step, Refuse):
        await op.devices.deny(user_code, waiting)
        event(log, "device denied", client_id=waiting.client_id)
        return await page("device-result.html", allowed=False)
    if isinstance(step, Login):
        username = form.get("username", "").strip()
        again = partial(_confirmation, op, request, user_code, waiting, username=username)
        try:
            session, secret = await _log_in(op, request, form)
        except TooManyAttempts:
            return await again(fault=TOO_MANY_ATTEMPTS, status=429)
        if session is None:
            return await again(fault=WRONG_PASSWORD, status=403)
    assert session is not None, "without a session the step is Login"
    if not await _allow(op, user_code, waiting, session):
        return await _code_form(_UNKNOWN, 404)
    event(log, "device connected", client_id=waiting.client_id, sub=session.sub)
    response = await page("device-result.html", allowed=True)
    if secret:
        set_cookie(op, response, SESSION_COOKIE, secret)
    return response


class _NoDevice(Exception):
    """No device waits with this code, or there were too many guesses."""

    def __init__(self, sentence: LazyText, status: int) -> None:
        super().__init__(sentence.text)
        self.sentence = sentence
        self.status = status


async def _waiting_device(op: Context, request: Request, typed: str) -> tuple[str, DeviceRequest]:
    """The pending device with this code; each well-formed code counts as a guess (§5.1). Raises _NoDevice."""
    user_code = normal_user_code(typed)
    if user_code is None:
        raise _NoDevice(_UNKNOWN, 404)
    guess = (_GUESSES, await _guesser(op, request))
    if not await op.login_attempts.allowed(*guess):
        raise _NoDevice(_TOO_MANY_CODES, 429)
    waiting = await op.devices.find_by_user_code(user_code)
    if waiting is None or waiting.state != "waiting" or op.now() >= waiting.expires_at:
        raise _NoDevice(_UNKNOWN, 404)
    await op.login_attempts.give_back(*guess)
    return user_code, waiting


def _is_visit(request: Request) -> bool:
    """Whether a user opened this page: an image on another site uses up no guesses (Fetch Metadata §2.1)."""
    return request.headers.get("Sec-Fetch-Dest", "document") == "document"


async def _guesser(op: Context, request: Request) -> str:
    """The user who is signed in, so that others at the same address use up none of their guesses; else the address."""
    session = await session_of(op, request)
    return f"user {session.sub}" if session else address(op, request)


async def _allow(op: Context, user_code: str, waiting: DeviceRequest, session: Session) -> bool:
    """Allow the device, once, and remember the consent; False if the device or its client no longer exists."""
    client = await op.clients.find(waiting.client_id)
    if client is None:
        return False
    if not client.first_party:
        await remember_consent(op, session, client.client_id, waiting.scope)
    return await op.devices.allow(user_code, waiting, session)


async def _log_in(op: Context, request: Request, form: Parameters) -> tuple[Session | None, str | None]:
    """A new session if the password is correct, and its cookie; raises TooManyAttempts."""
    username, password = form.get("username", "").strip(), form.get("password", "")
    user = await op.logins.authenticate(username, password, address(op, request))
    if user is None:
        event(log, "login failed", address=address(op, request))
        return None, None
    event(log, "logged in", sub=user.sub)
    before = cookie(op, request, SESSION_COOKIE)
    return await op.logins.open_session(user, request.headers.get("User-Agent", ""), address(op, request), before)


async def _code_form(fault: LazyText | None = None, status: int = 200, *, typed: str = "") -> Response:
    return await page("device.html", status, fault=fault, typed=typed)


async def _confirmation(
    op: Context,
    request: Request,
    user_code: str,
    waiting: DeviceRequest,
    *,
    username: str = "",
    fault: LazyText | None = None,
    status: int = 200,
) -> Response:
    client = await op.clients.find(waiting.client_id)
    visitor = await visitor_of(op, request)
    step = next_step(waiting, visitor.session if visitor else None, None, op.now())
    secret = browser_secret(op, request)
    response = await scripted_page(
        "device-confirm.html",
        status,
        user_code=user_code,
        client_name=client.display_name if client else waiting.client_id,
        permissions=permissions(waiting.scope),
        signed_in_as=visitor.user.username if visitor and not isinstance(step, Login) else None,
        csrf_token=csrf_token(secret, _PURPOSE + user_code),
        username=username,
        fault=fault,
    )
    set_cookie(op, response, BROWSER_COOKIE, secret)
    return response
