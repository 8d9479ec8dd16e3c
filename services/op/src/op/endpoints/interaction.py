"""An authorization request that waits for its person: set aside, found again in the same browser, answered once."""

import hmac
import logging

from quart import Response

from op.endpoints.answering import ReturnAddress, answer_with, answer_with_error
from op.endpoints.pages import BROWSER_COOKIE, browser_secret, cookie, see_other, set_cookie, speak
from op.errors import LoginRequired, OAuthError, UnknownRedirect
from op.protocol.authorization_request import is_logged_in_since, is_somebody_else
from op.protocol.consent import consent_is_needed, consented
from op.protocol.handle import digest, new_grant_id
from op.provider import Provider
from op.records import AuthorizationRequest, Client, Consent, LoginRequest, Session
from op.response_types import RESPONSE_TYPES
from servicekit.log import event

log = logging.getLogger(__name__)


class LoginExpired(UnknownRedirect):
    """No authorization request waits for this login, in this browser."""

    def __init__(self) -> None:
        super().__init__(
            "This sign-in is no longer open",
            "It was finished, has waited for more than ten minutes, or belongs to another browser. "
            "Go back to the application and start again.",
        )


async def set_aside(op: Provider, request: AuthorizationRequest, session: Session | None, page: str) -> Response:
    """Let the request wait, and send the browser to the `page` (login or consent) that it waits for."""
    secret = browser_secret(op)
    login = LoginRequest(
        id=new_grant_id(),
        browser=digest(secret),
        created_at=op.now(),
        request=request,
        sid=session.sid if session else None,
    )
    await op.login_requests.save(login)
    event(log, f"{page} needed", client_id=request.client_id, scope=request.scope)
    response = go_to(op, page, login)
    set_cookie(op, response, BROWSER_COOKIE, secret)
    return response


def go_to(op: Provider, page: str, login: LoginRequest) -> Response:
    return see_other(f"{op.issuer}/{page}?login={login.id}")


async def find_waiting(op: Provider, login_id: str | None) -> LoginRequest:
    """The request that waits under this name in this browser, and its language; raises LoginExpired."""
    login = await op.login_requests.find(login_id) if login_id else None
    browser = digest(cookie(op, BROWSER_COOKIE) or "")
    if login is None or not hmac.compare_digest(login.browser, browser):
        raise LoginExpired
    speak(login.request.ui_locales)
    return login


async def client_of_waiting(op: Provider, login: LoginRequest) -> Client:
    """Its client, while it may still be answered; raises UnknownRedirect."""
    client = await op.clients.find(login.request.client_id)
    if client is None or login.request.redirect_uri not in client.redirect_uris:
        raise UnknownRedirect("This application is not known", "It was removed while you were signing in.")
    return client


async def is_answer_to(op: Provider, login: LoginRequest, session: Session) -> bool:
    """Whether the login that there is answers the waiting request."""
    client = await client_of_waiting(op, login)
    return is_logged_in_since(login, op.mint.subjects.seen_by(client, session), op.now())


async def consent_of(op: Provider, client: Client, session: Session) -> Consent | None:
    """What the person allowed this client before; nobody is asked about a first-party client."""
    return None if client.first_party else await op.consents.find(session.sub, client.client_id)


async def remember_consent(op: Provider, session: Session, client_id: str, scope: str, claims: tuple[str, ...]) -> None:
    """What the person allows now is not asked for again, and stands on the account page until it is taken back."""
    before = await op.consents.find(session.sub, client_id)
    await op.consents.save(session.sub, client_id, consented(scope, claims, before, op.now(), op.consents.ttl))
    event(log, "consent given", client_id=client_id, sub=session.sub, scope=scope)


async def proceed(
    op: Provider, login: LoginRequest, session: Session, *, has_consented: bool = False
) -> Response | None:
    """Answer the waiting request, once; None when the session's user was removed, and then it goes on waiting.

    Taking it is the gate, and comes last: whatever fails before, the form can be sent again. What was written for an
    answer that is not sent is known to nobody, and ends with its TTL.
    """
    client = await client_of_waiting(op, login)
    if is_somebody_else(login.request, op.mint.subjects.seen_by(client, session)):
        return await refuse(op, login, LoginRequired("another person logged in than the one that was asked for"))
    if not has_consented:
        before = await consent_of(op, client, session)
        if consent_is_needed(client, login.request, before, op.now()):
            return go_to(op, "consent", login)
    granted = await RESPONSE_TYPES[login.request.response_type](op, client, login.request, session)
    if granted is None:
        return None
    if await op.login_requests.take(login.id) is None:
        raise LoginExpired
    return await answer_with(op, client, login.request, granted)


async def refuse(op: Provider, login: LoginRequest, error: OAuthError) -> Response:
    """End the waiting request with an error, once."""
    client = await client_of_waiting(op, login)
    if await op.login_requests.take(login.id) is None:
        raise LoginExpired
    return await answer_with_error(op, client, ReturnAddress.of(login.request), error)
