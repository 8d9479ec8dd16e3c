"""The account page: the applications with access to the user's account, and the sessions; each can be ended."""

import logging
from functools import partial

from quart import Request, Response

from op.context import Context
from op.errors import InvalidRequest
from op.pages.descriptions import browser, permissions
from op.pages.logged_out import logged_out
from op.protocol.authorization.response import with_query
from op.protocol.authorization.scope import CLAIMS_BY_SCOPE
from op.records import Consent
from op.web.cookies import SESSION_COOKIE, cookie
from op.web.csrf import check_csrf, csrf_token
from op.web.parameters import parameters
from op.web.rendering import page, scripted_page, see_other
from op.web.visitor import visitor_of
from servicekit.log import event
from servicekit.web.languages import gettext_lazy

log = logging.getLogger(__name__)

_PURPOSE = "account"
_NOTICES = {"password-changed": gettext_lazy("Your password was changed, and all other sessions were ended.")}


async def show_account(op: Context, request: Request) -> Response:
    """Applications and sessions; without a session, how to get one."""
    notice = _NOTICES.get((await parameters(request)).get("notice", ""))
    visitor = await visitor_of(op, request)
    if visitor is None:
        return await page("account.html", 401, user=None)
    session = visitor.session
    allowed = {k: v for k, v in (await op.consents.all(session.sub)).items() if op.now() < v.expires_at}
    return await scripted_page(
        "account.html",
        user=visitor.user,
        notice=notice,
        csrf_token=csrf_token(visitor.secret, _PURPOSE),
        applications=[await _application(op, client_id, consent) for client_id, consent in allowed.items()],
        sessions=[
            {
                "sid": one.sid,
                "browser": browser(one.user_agent),
                "user_agent": one.user_agent,
                "since": one.auth_time,
                "used_at": one.used_at or one.auth_time,
                "address": one.address,
                "here": one.sid == session.sid,
            }
            for one in sorted(await op.sessions.latest(session.sub), key=lambda one: one.sid != session.sid)
        ],
    )


async def change_account(op: Context, request: Request) -> Response:
    """Remove an application's access with all its tokens, or end one session or all, as a logout in each would."""
    form = await parameters(request)
    account = with_query(f"{op.issuer}/account", {"ui_locales": form.get("ui_locales")})
    secret = cookie(op, request, SESSION_COOKIE)
    check_csrf(op, request, secret, _PURPOSE, form.get("csrf_token"))
    session = await op.sessions.find(secret)
    if session is None:
        return see_other(account)
    if "client_id" in form:
        await op.consents.revoke(session.sub, form["client_id"])
        ended = await op.termination.end_grants(session.sub, form["client_id"])
        event(log, "access removed", sub=session.sub, client_id=form["client_id"], grants=ended)
    elif "sid" in form:
        session_to_end = await op.sessions.find_by_sid(session.sub, form["sid"])
        end = partial(op.sessions.end_by_sid, session.sub, form["sid"])
        frames = await op.termination.end_session(session_to_end, end) if session_to_end else ()
        event(log, "session ended from the account page", sub=session.sub)
        if form["sid"] == session.sid:
            return await logged_out(op, frames)
    elif "everywhere" in form:
        others = await op.termination.end_other_sessions(session)
        end = partial(op.sessions.end_by_sid, session.sub, session.sid)
        frames = await op.termination.end_session(session, end)
        event(log, "all sessions ended from the account page", sub=session.sub, count=others + 1)
        return await logged_out(op, frames)
    else:
        raise InvalidRequest("client_id, sid or everywhere is required")
    return see_other(account)


async def _application(op: Context, client_id: str, consent: Consent) -> dict[str, object]:
    client = await op.clients.find(client_id)
    of_scope = [claim for scope in consent.scope.split() for claim in CLAIMS_BY_SCOPE.get(scope, ())]
    return {
        "client_id": client_id,
        "name": client.display_name if client else client_id,
        "permissions": permissions(consent.scope, (claim for claim in consent.claims if claim not in of_scope)),
        "since": consent.given_at,
    }
