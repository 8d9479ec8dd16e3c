"""Pending authorizations, each bound to the browser that sent the request."""

import hmac
import logging

from op.context import Context
from op.errors import UnknownRedirect
from op.handle import digest, new_grant_id
from op.records import AuthorizationRequest, Client, LoginRequest, Session
from servicekit.log import event

log = logging.getLogger(__name__)


class LoginExpired(UnknownRedirect):
    """There is no such pending authorization, or it belongs to another browser."""

    def __init__(self) -> None:
        super().__init__(
            "This sign-in has expired",
            "It was completed, is older than ten minutes, or belongs to another browser. "
            "Go back to the application and try again.",
        )


async def set_aside(
    op: Context, request: AuthorizationRequest, session: Session | None, browser_secret: str, waits_for: str
) -> LoginRequest:
    """Store a request until the user has completed the step `waits_for`; `browser_secret` is the login cookie."""
    pending = LoginRequest(
        id=new_grant_id(),
        browser=digest(browser_secret),
        created_at=op.now(),
        request=request,
        sid=session.sid if session else None,
    )
    await op.login_requests.save(pending)
    event(log, f"{waits_for} required", client_id=request.client_id, scope=request.scope)
    return pending


async def find_pending(op: Context, login_id: str | None, browser_secret: str | None) -> LoginRequest:
    """The request that waits under this id in this browser; raises LoginExpired.

    OpenID Connect Core §3.1.2.1, §3.1.2.3.
    """
    pending = await op.login_requests.find(login_id) if login_id else None
    if pending is None or not hmac.compare_digest(pending.browser, digest(browser_secret or "")):
        raise LoginExpired
    return pending


async def take_pending(op: Context, pending: LoginRequest) -> None:
    """Remove a pending authorization before the response: one of several parallel attempts succeeds.

    Raises LoginExpired in the others.
    """
    if await op.login_requests.take(pending.id) is None:
        raise LoginExpired


async def client_of_pending(op: Context, pending: LoginRequest) -> Client:
    """The client; if it was removed in the meantime, only with its client_id."""
    return await op.clients.find(pending.request.client_id) or Client(client_id=pending.request.client_id)


def check_still_registered(client: Client, request: AuthorizationRequest) -> None:
    """The redirect URI must still be registered (RFC 6749 §3.1.2.4); raises UnknownRedirect."""
    if request.redirect_uri not in client.redirect_uris:
        raise UnknownRedirect("Unknown application", "The application was removed while you were signing in.")
