"""The revocation endpoint (RFC 7009 §2)."""

import logging

from op.context import Context
from op.errors import InvalidRequest, UnauthorizedClient
from op.protocol.tokens.request import parse_form
from op.tokens.presented import handle_of
from op.web.replies import NO_STORE
from servicekit.log import event
from servicekit.web.endpoints import Reply, Request

log = logging.getLogger(__name__)


async def revoke(op: Context, request: Request) -> Reply:
    """Revoke an access token, or the whole grant of a refresh token (RFC 7009 §2.1).

    The response for an unknown token is the same as for a revoked one (§2.2).
    """
    form = parse_form(request)
    client = await op.client_authenticator.authenticate(request, form)
    if "token" not in form:
        raise InvalidRequest("The parameter token is missing.")
    handle = handle_of(form["token"])
    if handle is None:
        return Reply(200, b"", NO_STORE)
    access_token = await op.access_tokens.find(handle)
    refresh = None if access_token else await op.refresh_tokens.find(handle)
    found = access_token or (refresh.token if refresh else None)
    if found is None:
        return Reply(200, b"", NO_STORE)
    if found.client_id != client.client_id:
        raise UnauthorizedClient("The token was issued to another client.")
    if access_token:
        await op.access_tokens.revoke(handle)
    else:
        await op.grants.revoke(handle.gid)
    event(log, "token revoked", client_id=client.client_id, grant=handle.gid)
    return Reply(200, b"", NO_STORE)
