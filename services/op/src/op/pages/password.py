"""The page on which users change their password."""

import logging

from quart import Request, Response

from op.context import Context
from op.pages.descriptions import TOO_MANY_ATTEMPTS
from op.protocol.authorization.response import with_query
from op.records import User
from op.sessions.login import TooManyAttempts
from op.sessions.passwords import LEAST_LENGTH, PASSWORD_LIMIT
from op.web.client_address import address
from op.web.csrf import check_csrf, csrf_token
from op.web.parameters import parameters
from op.web.rendering import scripted_page, see_other
from op.web.visitor import Visitor, visitor_of
from servicekit.log import event
from servicekit.web.languages import LazyText, gettext_lazy
from servicekit.web.parameters import Parameters

log = logging.getLogger(__name__)

_PURPOSE = "password"
_WRONG = gettext_lazy("The current password is incorrect.")
_DIFFERENT = gettext_lazy("The new passwords do not match.")
_LENGTH = gettext_lazy(
    "The new password must have %(least)d to %(most)d characters.", least=LEAST_LENGTH, most=PASSWORD_LIMIT
)
_SAME = gettext_lazy("The new password must differ from the current one.")


async def show_password(op: Context, request: Request) -> Response:
    """The form; without a session, the account page, which says how to sign in."""
    received = await parameters(request)
    visitor = await visitor_of(op, request)
    if visitor is None:
        return see_other(_account(op, received))
    return await _form(visitor)


async def change_password(op: Context, request: Request) -> Response:
    """Set the new password if the current one is correct, which counts like a login, and end the other sessions."""
    form = await parameters(request)
    visitor = await visitor_of(op, request)
    if visitor is None:
        return see_other(_account(op, form))
    check_csrf(op, request, visitor.secret, _PURPOSE, form.get("csrf_token"))
    current, new = form.get("password", ""), form.get("new_password", "")
    fault = _fault_of(current, new, form.get("repeated_password", ""))
    if fault:
        return await _form(visitor, fault, 400)
    try:
        user = await op.logins.authenticate(visitor.user.username, current, address(op, request))
    except TooManyAttempts:
        response = await _form(visitor, TOO_MANY_ATTEMPTS, 429)
        response.headers["Retry-After"] = str(op.settings.login_attempt_window)
        return response
    if user is None or user.sub != visitor.session.sub or not await _set(op, visitor, user, new):
        event(log, "password not changed", sub=visitor.session.sub, address=address(op, request))
        return await _form(visitor, _WRONG, 403)
    event(log, "password changed", sub=user.sub)
    return see_other(_account(op, form, notice="password-changed"))


async def _set(op: Context, visitor: Visitor, user: User, password: str) -> bool:
    """Sessions end before and after: if Redis fails in between, the form can be sent again."""
    await op.termination.end_other_sessions(visitor.session)
    if not await op.users.replace_password(user, await op.passwords.hash(password)):
        return False
    await op.termination.end_other_sessions(visitor.session)
    return True


def _fault_of(current: str, new: str, repeated: str) -> LazyText | None:
    if not LEAST_LENGTH <= len(new) <= PASSWORD_LIMIT:
        return _LENGTH
    if new != repeated:
        return _DIFFERENT
    return _SAME if new == current else None


async def _form(visitor: Visitor, fault: LazyText | None = None, status: int = 200) -> Response:
    return await scripted_page(
        "password.html",
        status,
        username=visitor.user.username,
        csrf_token=csrf_token(visitor.secret, _PURPOSE),
        fault=fault,
        least=LEAST_LENGTH,
        most=PASSWORD_LIMIT,
    )


def _account(op: Context, received: Parameters, notice: str | None = None) -> str:
    return with_query(f"{op.issuer}/account", {"notice": notice, "ui_locales": received.get("ui_locales")})
