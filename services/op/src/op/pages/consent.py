"""The consent page: what an application requests, and the user's decision (OpenID Connect Core §3.1.2.4)."""

from quart import Request, Response

from op.authorization.dispatch import Login
from op.authorization.progress import Authorization, step_of
from op.context import Context
from op.pages.descriptions import duration, permissions
from op.pages.steps import carry_out, decision_in, pending_authorization, proceed
from op.protocol.authorization.consent import claims_beyond_scope
from op.protocol.authorization.response_type import CODE
from op.protocol.authorization.scope import gives_refresh_token
from op.records import User
from op.web.cookies import BROWSER_COOKIE, cookie
from op.web.csrf import check_csrf, csrf_token
from op.web.parameters import parameters
from op.web.rendering import client_page
from op.web.visitor import visitor_of

_PURPOSE = "consent"


async def show_consent(op: Context, request: Request) -> Response:
    """Name the client, the access that it requests, and for how long."""
    authorization = await pending_authorization(op, request, (await parameters(request)).get("login"))
    visitor = await visitor_of(op, request)
    session = visitor.session if visitor else None
    step = await step_of(op, authorization, session)
    if isinstance(step, Login):
        return await carry_out(op, request, authorization, session, step)
    assert visitor is not None, "without a session the step is Login"
    return await _form(op, request, authorization, visitor.user)


async def submit_consent(op: Context, request: Request) -> Response:
    """The user's decision; only our own form in the same browser can submit it."""
    form = await parameters(request)
    authorization = await pending_authorization(op, request, form.get("login"))
    check_csrf(op, request, cookie(op, request, BROWSER_COOKIE), _PURPOSE + form["login"], form.get("csrf_token"))
    decision = decision_in(form)
    visitor = await visitor_of(op, request)
    return await proceed(op, request, authorization, visitor.session if visitor else None, decision)


async def _form(op: Context, request: Request, authorization: Authorization, user: User) -> Response:
    assert authorization.pending is not None
    client, requested, login = authorization.client, authorization.request, authorization.pending.id
    refreshable = "refresh_token" in client.grant_types and requested.response_type == CODE
    renewed = refreshable and gives_refresh_token(client.scope, requested.scope)
    return await client_page(
        "consent.html",
        client,
        login=login,
        csrf_token=csrf_token(cookie(op, request, BROWSER_COOKIE) or "", _PURPOSE + login),
        username=user.username,
        permissions=permissions(requested.scope, claims_beyond_scope(requested)),
        renewed=renewed,
        access=duration(op.settings.refresh_token_ttl if renewed else op.settings.access_token_ttl),
        memory=duration(op.consents.ttl),
    )
