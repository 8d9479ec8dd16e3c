"""The answer to an authorization request: a grant with its code, or an error (RFC 6749 §4.1.2)."""

import asyncio
import logging
from dataclasses import dataclass

from quart import Response

from op.endpoints.pages import see_other
from op.errors import OAuthError
from op.protocol.authorization_response import code_redirect, redirect_error
from op.protocol.handle import Handle, new_grant_id, new_handle
from op.provider import Provider
from op.records import AuthorizationCode, AuthorizationRequest, Grant, Session
from servicekit.log import event

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GrantedCode:
    """A grant whose code was saved, and the URL that takes the code to the client."""

    grant: Grant
    location: str


async def grant_code(op: Provider, request: AuthorizationRequest, session: Session) -> GrantedCode | None:
    """Make a grant and its code (RFC 6749 §4.1.2); None when the session's user was removed.

    A code that is then not sent to anybody ends by itself.
    """
    gid = new_grant_id()
    grant = Grant(
        gid=gid,
        client_id=request.client_id,
        sub=session.sub,
        scope=request.scope,
        auth_time=session.auth_time,
        sid=session.sid,
        claims=request.claims,
    )
    code = new_handle(gid)
    record = AuthorizationCode(
        redirect_uri=request.redirect_uri,
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        expires_at=op.now() + op.settings.authorization_code_ttl,
    )
    user, _ = await asyncio.gather(op.users.find(session.sub), op.codes.save(Handle.of(gid, code), record, grant))
    if user is None:
        return None
    return GrantedCode(grant, code_redirect(request.redirect_uri, code, request.state, op.issuer))


def answer_with_code(granted: GrantedCode) -> Response:
    """Send the browser back to the client."""
    grant = granted.grant
    event(log, "code issued", client_id=grant.client_id, sub=grant.sub, scope=grant.scope, grant=grant.gid)
    return see_other(granted.location)


def answer_with_error(
    op: Provider, client_id: str, redirect_uri: str, state: str | None, error: OAuthError
) -> Response:
    """Send the browser back to the client with an error (RFC 6749 §4.1.2.1)."""
    event(log, "authorization refused", client_id=client_id, error=error.code, reason=error)
    return see_other(redirect_error(redirect_uri, error, state, op.issuer))
