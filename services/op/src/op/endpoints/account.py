"""The account page: what a person allowed and where they are signed in, each to be ended with a click."""

import logging
import time
from functools import partial

from quart import Response

from op.endpoints.logout import logged_out
from op.endpoints.pages import SESSION_COOKIE, check_csrf, cookie, csrf_token, page, parameters, see_other
from op.endpoints.wording import browser, claim_words, scope_words
from op.errors import InvalidRequest
from op.protocol.authorization_response import with_query
from op.protocol.scope import CLAIMS_BY_SCOPE
from op.provider import Provider
from op.records import Consent, Session
from op.session_end import end_session
from servicekit.log import event

log = logging.getLogger(__name__)

_PURPOSE = "account"


async def show_account(op: Provider) -> Response:
    """The lists; without a session a sentence that says how to get one."""
    secret = cookie(op, SESSION_COOKIE)
    session = await op.sessions.find(secret)
    user = await op.users.find(session.sub) if session else None
    if secret is None or session is None or user is None:
        return await page("account.html", 401, user=None)
    allowed = {k: v for k, v in (await op.consents.all(session.sub)).items() if op.now() < v.expires_at}
    return await page(
        "account.html",
        user=user,
        csrf_token=csrf_token(secret, _PURPOSE),
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


async def change_account(op: Provider) -> Response:
    """Take back a consent, and every token that came of it; or end a session, as a logout in its browser would."""
    form = await parameters()
    asked = {"ui_locales": form.get("ui_locales")}
    again = with_query(f"{op.issuer}/account", asked)
    secret = cookie(op, SESSION_COOKIE)
    check_csrf(op, secret, _PURPOSE, form.get("csrf_token"))
    session = await op.sessions.find(secret)
    if session is None:
        return see_other(again)
    if "client_id" in form:
        await op.consents.revoke(session.sub, form["client_id"])
        ended = await _end_grants(op, session, form["client_id"])
        event(log, "consent taken back", sub=session.sub, client_id=form["client_id"], grants=ended)
    elif "sid" in form:
        meant = await op.sessions.find_by_sid(session.sub, form["sid"])
        end = partial(op.sessions.end_by_sid, session.sub, form["sid"])
        frames = await end_session(op, meant, end) if meant else ()
        event(log, "session ended from the account page", sub=session.sub)
        if form["sid"] == session.sid:
            return await logged_out(op, frames)
    else:
        raise InvalidRequest("client_id or sid is required")
    return see_other(again)


async def _end_grants(op: Provider, session: Session, client_id: str) -> int:
    """End the person's grants to a client; how many there were."""
    meant = [grant for grant in await op.user_grants.all(session.sub) if grant.client_id == client_id]
    await op.grants.revoke(*(grant.gid for grant in meant))
    for grant in meant:
        await op.user_grants.drop(session.sub, grant)
    return len(meant)


async def _application(op: Provider, client_id: str, consent: Consent) -> dict[str, object]:
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
