"""The response type `code` (RFC 6749 §4.1.2): a grant and its code."""

import asyncio
import logging

from op.context import Context
from op.handle import Handle, new_grant_id
from op.protocol.authorization.request import grant_of
from op.protocol.authorization.response import ResponseParameters, code_response
from op.records import AuthorizationRequest, Client, Session
from servicekit.log import event

log = logging.getLogger(__name__)


async def code_flow(
    op: Context, client: Client, request: AuthorizationRequest, session: Session
) -> ResponseParameters | None:
    """The response with a code, which the client exchanges at the token endpoint.

    OpenID Connect Core §3.1.2.3; RFC 6749 §4.1.2; RFC 7636 §4.4.
    """
    now = op.now()
    grant = grant_of(request, session, new_grant_id())
    code, record = op.tokens.code(grant, request, now)
    user, *_ = await asyncio.gather(
        op.users.find(session.sub),
        op.codes.save(Handle.of(grant.gid, code), record, grant),
        op.user_grants.note(grant, now),  # before the code is sent, so that withdrawing the consent ends it too
    )
    if user is None:
        return None
    event(
        log, "authorization code issued", client_id=client.client_id, sub=grant.sub, scope=grant.scope, grant=grant.gid
    )
    return code_response(code, request.state, op.issuer)
