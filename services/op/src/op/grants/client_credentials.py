"""The client credentials grant (RFC 6749 §4.4): a client acts for itself, without a user."""

from op.context import Context
from op.errors import UnauthorizedClient
from op.handle import new_grant_id
from op.protocol.authorization.scope import client_scope
from op.protocol.tokens.request import TokenRequest
from op.records import Client, Grant
from op.tokens.issuer import Issued


async def client_credentials(op: Context, client: Client, request: TokenRequest) -> Issued:
    """Only an access token: no refresh token (§4.4.3) and no ID token; `sub` is the client_id (RFC 9068 §2.2).

    A client whose client_id is the `sub` of a user would be mistaken for that user (RFC 9068 §5); it is rejected.
    """
    scope = client_scope(request.scope, client.scope)
    if await op.users.find(client.client_id):
        raise UnauthorizedClient(
            "This client may not use the client_credentials grant.", "its client_id is a user's sub"
        )
    now = op.now()
    name = client.client_id
    grant = Grant(gid=new_grant_id(), client_id=name, sub=name, scope=scope, auth_time=now, sid="")
    issued = await op.tokens.issue(grant, client, scope, now, refreshable=False)
    await op.grants.save(grant, *issued.entries)
    return issued
