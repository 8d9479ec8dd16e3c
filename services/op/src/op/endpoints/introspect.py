"""The introspection endpoint (RFC 7662 §2)."""

from op.client_authentication import authenticate_client
from op.errors import NO_STORE, InvalidRequest, UnauthorizedClient
from op.protocol.introspection import INACTIVE, introspection_response, may_introspect
from op.protocol.token_request import parse_form
from op.provider import Provider
from op.records import AccessToken, RefreshToken
from op.tokens import handle_of
from servicekit.machine import Reply, Request, json_reply


async def introspect(op: Provider, request: Request) -> Reply:
    """Whether a token is live, and what it stands for. Inactive is an answer, not an error (RFC 7662 §2.2)."""
    form = parse_form(request)
    caller = await authenticate_client(op, request, form)
    if caller.public:
        raise UnauthorizedClient("a public client cannot introspect tokens")
    if "token" not in form:
        raise InvalidRequest("token is required")
    found = await _find(op, form["token"])
    if found is None or found.expires_at <= op.now() or not may_introspect(caller, found):
        return json_reply(200, INACTIVE, NO_STORE)
    return json_reply(200, introspection_response(op.issuer, found), NO_STORE)


async def _find(op: Provider, token: str) -> AccessToken | RefreshToken | None:
    """A live access token in one round trip to Redis; a refresh token in a second one."""
    handle = handle_of(token)
    if handle is None:
        return None
    access_token = await op.access_tokens.find(handle)
    if access_token is not None:
        return access_token
    refresh = await op.refresh_tokens.find(handle)
    return refresh.token if refresh and refresh.rotated_at is None else None
