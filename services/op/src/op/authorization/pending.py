"""Pending authorizations: requests that wait for a person, each found again in the browser that sent it."""

import hmac
import logging

from op.context import Context
from op.errors import UnknownRedirect
from op.handle import digest, new_grant_id
from op.records import AuthorizationRequest, Client, LoginRequest, Session
from servicekit.log import event

log = logging.getLogger(__name__)


class LoginExpired(UnknownRedirect):
    """No authorization request waits for this login, in this browser."""

    def __init__(self) -> None:
        super().__init__(
            "This sign-in has expired",
            "It was completed, is older than ten minutes, or belongs to another browser. "
            "Go back to the application and try again.",
        )


async def set_aside(
    op: Context, request: AuthorizationRequest, session: Session | None, browser_secret: str, waits_for: str
) -> LoginRequest:
    """Keep a request until its person has done what it `waits_for`; `browser_secret` is its login cookie's value."""
    pending = LoginRequest(
        id=new_grant_id(),
        browser=digest(browser_secret),
        created_at=op.now(),
        request=request,
        sid=session.sid if session else None,
    )
    await op.login_requests.save(pending)
    event(log, f"{waits_for} needed", client_id=request.client_id, scope=request.scope)
    return pending


async def find_pending(op: Context, login_id: str | None, browser_secret: str | None) -> LoginRequest:
    """The request that waits under this id in this browser; raises LoginExpired."""
    pending = await op.login_requests.find(login_id) if login_id else None
    if pending is None or not hmac.compare_digest(pending.browser, digest(browser_secret or "")):
        raise LoginExpired
    return pending


async def take_pending(op: Context, pending: LoginRequest) -> None:
    """The gate of a response: of parallel tries one passes; raises LoginExpired in the others."""
    if await op.login_requests.take(pending.id) is None:
        raise LoginExpired


async def client_of_pending(op: Context, pending: LoginRequest) -> Client:
    """Its client; one that was removed meanwhile is known by its client_id alone."""
    return await op.clients.find(pending.request.client_id) or Client(client_id=pending.request.client_id)


def check_still_registered(client: Client, request: AuthorizationRequest) -> None:
    """Nothing is sent where nobody is registered any more (RFC 6749 §3.1.2.4); raises UnknownRedirect."""
    if request.redirect_uri not in client.redirect_uris:
        raise UnknownRedirect("This application is not known", "It was removed while you were signing in.")
