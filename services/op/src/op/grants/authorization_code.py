"""The authorization code grant (RFC 6749 §4.1.3, OpenID Connect Core §3.1.3)."""

import asyncio
import logging

from op.context import Context
from op.errors import InvalidGrant, InvalidRequest
from op.handle import Handle
from op.protocol.tokens.exchange import check_code
from op.protocol.tokens.request import TokenRequest
from op.records import Client
from op.stores.tokens.grant import AlreadySpent, Gone
from op.tokens.issuer import Issued
from servicekit.log import event

log = logging.getLogger(__name__)


async def authorization_code(op: Context, client: Client, request: TokenRequest) -> Issued:
    """Exchange a code, which can be used once. A second use ends the grant and its tokens (RFC 6749 §4.1.2, §10.5).

    A request that fails a check has no effect on the code or the grant: with a stolen code, but without the client's
    secret or the verifier, an attacker can neither use up the code nor revoke the tokens.

    OpenID Connect Core §3.1.3, §3.1.3.2.
    """
    if request.code is None:
        raise InvalidRequest("The parameter code is missing.")
    now = op.now()
    handle = Handle.parse(request.code)
    found = await op.codes.find(handle) if handle else None
    if handle is None or found is None:
        raise InvalidGrant("The authorization code is invalid.", "unknown, expired or revoked")
    check_code(found.code, found.grant, client, request, now)
    if found.redeemed:
        await op.grants.revoke(handle.gid)
        event(
            log,
            "authorization code reused, grant revoked",
            logging.WARNING,
            client_id=client.client_id,
            grant=handle.gid,
        )
        raise InvalidGrant("The authorization code is invalid.", "redeemed before")
    issued = await op.tokens.issue(found.grant, client, found.grant.scope, now)
    try:
        user, _ = await asyncio.gather(
            op.users.find(found.grant.sub),
            op.codes.redeem(handle, issued.entries, now),
        )
    except (AlreadySpent, Gone):
        raise InvalidGrant("The authorization code is invalid.", "redeemed at the same time") from None
    if user is None:
        await op.grants.revoke(handle.gid)
        raise InvalidGrant("The authorization code is invalid.", "its user was removed")
    if "openid" not in found.grant.scope.split():
        return issued
    id_token = await op.tokens.id_token(
        found.grant, client, user, access_token=issued.access_token, nonce=found.code.nonce, now=now
    )
    return issued.with_id_token(id_token)
