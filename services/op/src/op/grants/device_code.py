"""The device grant (RFC 8628 §3.4, §3.5)."""

import asyncio

from op.context import Context
from op.errors import AccessDenied, AuthorizationPending, ExpiredToken, InvalidGrant, InvalidRequest, SlowDown
from op.handle import new_grant_id
from op.protocol.tokens.request import TokenRequest
from op.records import Client, Grant, SessionGrant
from op.tokens.issuer import Issued


async def device_code(op: Context, client: Client, request: TokenRequest) -> Issued:
    """Issue tokens once the user has allowed it; until then the device polls at the given interval.

    RFC 8628 §3.4, §3.5.
    """
    if request.device_code is None:
        raise InvalidRequest("The parameter device_code is missing.")
    now = op.now()
    found = await op.devices.find(request.device_code)
    if found is None or found.client_id != client.client_id:
        raise InvalidGrant("The device_code is invalid.", "unknown, used or another client's")
    if now >= found.expires_at:
        raise ExpiredToken("The device_code has expired. Request a new one.")
    if not await op.devices.may_poll(request.device_code, now):
        raise SlowDown("The device polls too often. Wait 5 seconds longer between two requests from now on.")
    if found.state == "waiting":
        raise AuthorizationPending("The user has not decided yet.")
    decided = await op.devices.take(request.device_code)
    if decided is None:
        raise InvalidGrant("The device_code is invalid.", "used at the same time")
    user = await op.users.find(decided.sub)
    if decided.state != "allowed" or user is None:
        raise AccessDenied("The user denied the request.")
    if not client.first_party and await op.consents.find(decided.sub, client.client_id) is None:
        raise AccessDenied("The user has withdrawn the consent.")
    grant = Grant(
        gid=new_grant_id(),
        client_id=client.client_id,
        sub=decided.sub,
        scope=decided.scope,
        auth_time=decided.auth_time,
        sid=decided.sid,
    )
    issued = await op.tokens.issue(grant, client, grant.scope, now)
    offline = "offline_access" in grant.scope.split()
    noted = SessionGrant(gid=grant.gid, client_id=client.client_id, sid=grant.sid, offline=offline)
    await asyncio.gather(
        op.grants.save(grant, *issued.entries), op.session_grants.add(grant.sid, noted), op.user_grants.note(grant, now)
    )
    if "openid" not in grant.scope.split():
        return issued
    id_token = await op.tokens.id_token(grant, client, user, access_token=issued.access_token, nonce=None, now=now)
    return issued.with_id_token(id_token)
