"""The consent page: what an application wants, in words, and the person's answer (OpenID Connect Core §3.1.2.4)."""

from quart import Response

from op.endpoints.interaction import (
    client_of_waiting,
    find_waiting,
    go_to,
    is_answer_to,
    proceed,
    refuse,
    remember_consent,
)
from op.endpoints.pages import (
    BROWSER_COOKIE,
    SESSION_COOKIE,
    check_csrf,
    client_page,
    cookie,
    csrf_token,
    parameters,
)
from op.endpoints.wording import claim_words, lifetime, scope_words
from op.errors import AccessDenied, InvalidRequest
from op.protocol.consent import claims_beyond_scope
from op.protocol.response_type import CODE
from op.protocol.scope import gives_refresh_token
from op.provider import Provider
from op.records import LoginRequest, Session, User

_PURPOSE = "consent"


async def show_consent(op: Provider) -> Response:
    """Name the client, what it wants and for how long."""
    login = await find_waiting(op, (await parameters()).get("login"))
    found = await _person(op, login)
    if found is None:
        return go_to(op, "login", login)
    _, user = found
    client = await client_of_waiting(op, login)
    asked = login.request
    refreshable = "refresh_token" in client.grant_types and asked.response_type == CODE
    renewed = refreshable and gives_refresh_token(client.scope, asked.scope)
    return await client_page(
        "consent.html",
        client,
        login=login.id,
        csrf_token=csrf_token(cookie(op, BROWSER_COOKIE) or "", _PURPOSE + login.id),
        username=user.username,
        wishes=scope_words(asked.scope),
        claims=claim_words(claims_beyond_scope(asked)),
        renewed=renewed,
        access=lifetime(op.settings.refresh_token_ttl if renewed else op.settings.access_token_ttl),
        memory=lifetime(op.consents.ttl),
    )


async def submit_consent(op: Provider) -> Response:
    """The person's answer; only a form of our own page in the same browser gives one."""
    form = await parameters()
    login = await find_waiting(op, form.get("login"))
    check_csrf(op, cookie(op, BROWSER_COOKIE), _PURPOSE + login.id, form.get("csrf_token"))
    if form.get("answer") not in ("allow", "refuse"):
        raise InvalidRequest("answer must be allow or refuse")
    found = await _person(op, login)
    if found is None:
        return go_to(op, "login", login)
    session, _ = found
    if form["answer"] == "refuse":
        return await refuse(op, login, AccessDenied("the person refused"))
    await remember_consent(
        op, session, login.request.client_id, login.request.scope, claims_beyond_scope(login.request)
    )
    response = await proceed(op, login, session, has_consented=True)
    return response or go_to(op, "login", login)


async def _person(op: Provider, login: LoginRequest) -> tuple[Session, User] | None:
    """Who answers: logged in as the request demands it, and still known here."""
    session = await op.sessions.find(cookie(op, SESSION_COOKIE))
    if session is None or not await is_answer_to(op, login, session):
        return None
    user = await op.users.find(session.sub)
    return (session, user) if user else None
