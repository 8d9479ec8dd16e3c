"""The refresh token grant, with rotation (RFC 6749 §6, RFC 9700 §4.14.2)."""

import asyncio
import logging

from op.context import Context
from op.errors import InvalidGrant, InvalidRequest
from op.handle import Handle
from op.protocol.authorization.scope import narrowed_scope, still_registered
from op.protocol.tokens.exchange import check_refresh_token, is_reuse
from op.protocol.tokens.request import TokenRequest
from op.records import Client
from op.stores.tokens.grant import AlreadySpent, Gone
from op.tokens.issuer import Issued
from servicekit.log import event

log = logging.getLogger(__name__)


async def refresh_token(op: Context, client: Client, request: TokenRequest) -> Issued:
    """A new access token and refresh token, and an ID token if the client is registered for it.

    OpenID Connect Core §12.2 makes the ID token optional; it has the auth_time of the login and no nonce.

    The use of a rotated refresh token ends the grant, unless it is within the grace period.

    RFC 6749 §6; RFC 9700 §4.14.2.
    """
    if request.refresh_token is None:
        raise InvalidRequest("The parameter refresh_token is missing.")
    now = op.now()
    handle = Handle.parse(request.refresh_token)
    found = await op.refresh_tokens.find(handle) if handle else None
    if handle is None or found is None:
        raise InvalidGrant("The refresh token is invalid.", "unknown, expired or revoked")
    check_refresh_token(found.token, client, now)
    if is_reuse(found.rotated_at, now, op.refresh_tokens.grace):
        await op.grants.revoke(handle.gid)
        event(log, "refresh token reused, grant revoked", logging.WARNING, client_id=client.client_id, grant=handle.gid)
        raise InvalidGrant("The refresh token is invalid.", "rotated before")
    scope = narrowed_scope(request.scope, still_registered(found.token.scope, client.scope))
    issued = await op.tokens.issue(found.grant, client, scope, now)
    try:
        user, *_ = await asyncio.gather(
            op.users.find(found.grant.sub),
            op.refresh_tokens.rotate(handle, issued.entries, now),
            op.user_grants.note(found.grant, now),
        )
    except (AlreadySpent, Gone):
        raise InvalidGrant("The refresh token is invalid.", "rotated at the same time") from None
    if user is None:
        await op.grants.revoke(handle.gid)
        raise InvalidGrant("The refresh token is invalid.", "its user was removed")
    if not client.id_token_on_refresh or "openid" not in scope.split():
        return issued
    id_token = await op.tokens.id_token(
        found.grant, client, user, access_token=issued.access_token, nonce=None, now=now
    )
    return issued.with_id_token(id_token)
