"""The response types of the implicit flow, `id_token` and `id_token token` (OpenID Connect Core §3.2)."""

import asyncio
import logging

from op.context import Context
from op.handle import new_grant_id
from op.protocol.authorization.request import grant_of
from op.protocol.authorization.response import ResponseParameters, token_response
from op.protocol.authorization.response_type import ID_TOKEN_TOKEN
from op.records import AuthorizationRequest, Client, Grant, Session, SessionGrant
from op.tokens.issuer import Issued
from servicekit.log import event

log = logging.getLogger(__name__)


async def implicit_flow(
    op: Context, client: Client, request: AuthorizationRequest, session: Session
) -> ResponseParameters | None:
    """The response with an ID token, and with `token` an access token; never a refresh token (Core §3.2.2.5)."""
    user = await op.users.find(session.sub)
    if user is None:
        return None
    grant = grant_of(request, session, new_grant_id())
    now = op.now()
    issued = await _access_token(op, client, grant, now) if request.response_type == ID_TOKEN_TOKEN else None
    noted = SessionGrant(gid=grant.gid, client_id=client.client_id, sid=grant.sid)
    _, id_token = await asyncio.gather(
        op.session_grants.add(grant.sid, noted),
        op.tokens.id_token(
            grant,
            client,
            user,
            access_token=issued.access_token if issued else None,
            nonce=request.nonce,
            now=now,
        ),
    )
    event(log, "ID token issued", client_id=client.client_id, sub=grant.sub, scope=grant.scope, grant=grant.gid)
    return token_response(
        id_token,
        request.state,
        op.issuer,
        access_token=issued.access_token if issued else None,
        expires_in=issued.expires_in if issued else None,
        scope=issued.scope if issued else None,
    )


async def _access_token(op: Context, client: Client, grant: Grant, now: int) -> Issued:
    issued = await op.tokens.issue(grant, client, grant.scope, now, refreshable=False)
    await asyncio.gather(op.grants.save(grant, *issued.entries), op.user_grants.note(grant, now))
    return issued
