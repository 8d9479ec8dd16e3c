"""Carries out a step: a redirect to the next page, or the response to the client.

`authorization.dispatch` decides; this is the only place that sends a browser from one page to another.
"""

from quart import Request, Response

from op.authorization.dispatch import Consent, Decision, Login, Refuse
from op.authorization.pending import client_of_pending, find_pending, set_aside, take_pending
from op.authorization.progress import Authorization, Granted, advance
from op.authorization.respond import ReturnAddress, respond, respond_with_error
from op.context import Context
from op.errors import InvalidRequest
from op.records import LoginRequest, Session
from op.web.cookies import BROWSER_COOKIE, browser_secret, cookie, set_cookie
from op.web.rendering import deliver, see_other
from servicekit.web.languages import use_language
from servicekit.web.parameters import Parameters

_PAGES = {Login: "login", Consent: "consent"}
_DECISIONS = {"allow": Decision.ALLOWED, "refuse": Decision.DENIED}


async def proceed(
    op: Context,
    request: Request,
    authorization: Authorization,
    session: Session | None,
    decision: Decision | None = None,
) -> Response:
    """Decide on the next step of an authorization, and carry it out."""
    step = await advance(op, authorization, session, decision)
    return await carry_out(op, request, authorization, session, step)


async def carry_out(
    op: Context,
    request: Request,
    authorization: Authorization,
    session: Session | None,
    step: Login | Consent | Granted | Refuse,
) -> Response:
    """A redirect to a page, with the request stored as pending; else the response to the client, once.

    Taking the pending request is the atomic gate, and comes last: if anything fails before, the form can be sent again.
    """
    client, pending = authorization.client, authorization.pending
    if isinstance(step, Login | Consent):
        page = _PAGES[type(step)]
        if pending:
            return _to_page(op, page, pending)
        secret = browser_secret(op, request)
        pending = await set_aside(op, authorization.request, session, secret, page)
        response = _to_page(op, page, pending)
        set_cookie(op, response, BROWSER_COOKIE, secret)
        return response
    if pending:
        await take_pending(op, pending)
    if isinstance(step, Granted):
        return await deliver(await respond(op, client, authorization.request, step.parameters))
    to = ReturnAddress.of(authorization.request)
    return await deliver(await respond_with_error(op, client, to, step.error))


async def pending_authorization(op: Context, request: Request, login_id: str | None) -> Authorization:
    """The pending authorization with this id, if it belongs to this browser; raises LoginExpired.

    The pages of this request are then in its language.
    """
    pending = await find_pending(op, login_id, cookie(op, request, BROWSER_COOKIE))
    use_language(pending.request.ui_locales)
    return Authorization(await client_of_pending(op, pending), pending.request, pending)


def decision_in(form: Parameters) -> Decision:
    """The user's decision, by the button of the form; raises InvalidRequest."""
    decision = _DECISIONS.get(form.get("answer", ""))
    if decision is None:
        raise InvalidRequest("answer must be allow or refuse")
    return decision


def _to_page(op: Context, page: str, pending: LoginRequest) -> Response:
    return see_other(f"{op.issuer}/{page}?login={pending.id}")
