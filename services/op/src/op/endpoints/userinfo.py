"""The UserInfo endpoint (OpenID Connect Core §5.3)."""

from typing import Any

from op.context import Context
from op.errors import InsufficientScope, InvalidToken
from op.protocol.authorization.claims_request import requested_claims
from op.protocol.authorization.scope import claims_of
from op.protocol.tokens.bearer import bearer_token
from op.protocol.tokens.claims import USERINFO_TYPE
from op.records import Client
from op.tokens.presented import handle_of
from op.web.replies import NO_STORE
from servicekit.web.endpoints import Reply, Request, json_reply


async def userinfo(op: Context, request: Request) -> Reply:
    """The user's current claims, selected by the scope and the requested claims of the token (Core §5.3.2).

    OpenID Connect Core §5.3.1; RFC 7592 §2.3; RFC 7662 §2.2.
    """
    handle = handle_of(bearer_token(request))
    found = await op.access_tokens.find_with_grant(handle) if handle else None
    if found is None or found[0].expires_at <= op.now():
        raise InvalidToken("The access token is unknown, expired or revoked.")
    token, grant = found
    if "openid" not in token.scope.split():
        raise InsufficientScope("openid")
    user = await op.users.find(grant.sub)
    if user is None:
        raise InvalidToken("The user of the access token no longer exists.")
    client = await op.clients.find(token.client_id)
    if client is None:
        raise InvalidToken("The client of the access token no longer exists.")
    claims = {
        **claims_of(user.claims, token.scope),
        **requested_claims(grant.claims, "userinfo", user.claims),
        "sub": token.sub,
    }
    return await _reply(op, client, claims)


async def _reply(op: Context, client: Client, claims: dict[str, Any]) -> Reply:
    """JSON, or a JWT with `iss` and `aud` if the client is registered for it (Core §5.3.2)."""
    algorithm = client.userinfo_signed_response_alg
    if algorithm is None:
        return json_reply(200, claims, NO_STORE)
    signed = {**claims, "iss": op.issuer, "aud": client.client_id}
    jwt = await op.keys.sign(signed, algorithm, typ=USERINFO_TYPE, secret=client.client_secret)
    return Reply(200, jwt.encode(), (("content-type", "application/jwt"), *NO_STORE))
