"""The response type `code` (RFC 6749 §4.1.2): a grant and its code."""

import asyncio
import logging

from op.protocol.authorization_request import grant_of
from op.protocol.authorization_response import Answer, code_response
from op.protocol.handle import Handle, new_grant_id, new_handle
from op.provider import Provider
from op.records import AuthorizationCode, AuthorizationRequest, Client, Session
from servicekit.log import event

log = logging.getLogger(__name__)


async def code(op: Provider, client: Client, request: AuthorizationRequest, session: Session) -> Answer | None:
    """A code, which the client redeems at the token endpoint."""
    now = op.now()
    grant = grant_of(request, session, new_grant_id())
    handle = new_handle(grant.gid)
    record = AuthorizationCode(
        redirect_uri=request.redirect_uri,
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        expires_at=now + op.settings.authorization_code_ttl,
    )
    user, *_ = await asyncio.gather(
        op.users.find(session.sub),
        op.codes.save(Handle.of(grant.gid, handle), record, grant),
        op.user_grants.note(grant, now),  # before anybody has the code: it ends, too, when the consent is taken back
    )
    if user is None:
        return None
    event(log, "code issued", client_id=client.client_id, sub=grant.sub, scope=grant.scope, grant=grant.gid)
    return code_response(handle, request.state, op.issuer)
