"""The account page: what a person allowed and where they are signed in, each to be ended with a click."""

import logging
import time
from functools import partial

from quart import Request, Response

from op.context import Context
from op.errors import InvalidRequest
from op.pages.descriptions import browser, claim_words, scope_words
from op.pages.logged_out import logged_out
from op.protocol.authorization.response import with_query
from op.protocol.authorization.scope import CLAIMS_BY_SCOPE
from op.records import Consent
from op.web.cookies import SESSION_COOKIE, cookie
from op.web.csrf import check_csrf, csrf_token
from op.web.parameters import parameters
from op.web.rendering import page, see_other
from op.web.visitor import visitor_of
from servicekit.log import event

log = logging.getLogger(__name__)

_PURPOSE = "account"


async def show_account(op: Context, request: Request) -> Response:
    """The lists; without a session a sentence that says how to get one (OpenID Connect Core §17.2)."""
    visitor = await visitor_of(op, request)
    if visitor is None:
        return await page("account.html", 401, user=None)
    session = visitor.session
    allowed = {k: v for k, v in (await op.consents.all(session.sub)).items() if op.now() < v.expires_at}
    return await page(
        "account.html",
        user=visitor.user,
        csrf_token=csrf_token(visitor.secret, _PURPOSE),
        applications=[await _application(op, client_id, consent) for client_id, consent in allowed.items()],
        sessions=[
            {
                "sid": one.sid,
                "browser": browser(one.user_agent),
                "user_agent": one.user_agent,
                "since": _date(one.auth_time),
                "here": one.sid == session.sid,
            }
            for one in await op.sessions.latest(session.sub)
        ],
    )


async def change_account(op: Context, request: Request) -> Response:
    """Take back a consent, and every token that came of it; or end a session, as a logout in its browser would.

    OpenID Connect Core §17.2; OpenID Connect Front-Channel Logout §2.
    """
    form = await parameters(request)
    asked = {"ui_locales": form.get("ui_locales")}
    again = with_query(f"{op.issuer}/account", asked)
    secret = cookie(op, request, SESSION_COOKIE)
    check_csrf(op, request, secret, _PURPOSE, form.get("csrf_token"))
    session = await op.sessions.find(secret)
    if session is None:
        return see_other(again)
    if "client_id" in form:
        await op.consents.revoke(session.sub, form["client_id"])
        ended = await op.termination.end_grants(session.sub, form["client_id"])
        event(log, "consent taken back", sub=session.sub, client_id=form["client_id"], grants=ended)
    elif "sid" in form:
        meant = await op.sessions.find_by_sid(session.sub, form["sid"])
        end = partial(op.sessions.end_by_sid, session.sub, form["sid"])
        frames = await op.termination.end_session(meant, end) if meant else ()
        event(log, "session ended from the account page", sub=session.sub)
        if form["sid"] == session.sid:
            return await logged_out(op, frames)
    else:
        raise InvalidRequest("client_id or sid is required")
    return see_other(again)


async def _application(op: Context, client_id: str, consent: Consent) -> dict[str, object]:
    client = await op.clients.find(client_id)
    opened = [claim for scope in consent.scope.split() for claim in CLAIMS_BY_SCOPE.get(scope, ())]
    return {
        "client_id": client_id,
        "name": client.display_name if client else client_id,
        "wishes": scope_words(consent.scope),
        "claims": claim_words(claim for claim in consent.claims if claim not in opened),
        "since": _date(consent.given_at),
    }


def _date(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
