"""The introspection endpoint (RFC 7662 §2, RFC 9701)."""

from typing import Any

from op.context import Context
from op.errors import InvalidRequest, UnauthorizedClient
from op.protocol.tokens.introspection import (
    INACTIVE,
    INTROSPECTION_MEDIA_TYPE,
    INTROSPECTION_TYPE,
    introspection_claims,
    introspection_response,
    may_introspect,
    wants_jwt,
)
from op.protocol.tokens.request import parse_form
from op.records import AccessToken, Client, RefreshToken
from op.tokens.presented import handle_of
from op.web.replies import NO_STORE
from servicekit.web.endpoints import Reply, Request, json_reply


async def introspect(op: Context, request: Request) -> Reply:
    """Whether a token is active, and its data; an inactive token is not an error (RFC 7662 §2.2; RFC 9701 §5)."""
    form = parse_form(request)
    caller = await op.client_authenticator.authenticate(request, form)
    if caller.public:
        raise UnauthorizedClient("A public client may not introspect tokens.")
    if "token" not in form:
        raise InvalidRequest("The parameter token is missing.")
    live = await _live(op, caller, form["token"])
    response = introspection_response(op.issuer, live) if live else INACTIVE
    if wants_jwt(request.header("accept")):
        return await _signed(op, caller, response)
    return json_reply(200, response, NO_STORE)


async def _signed(op: Context, caller: Client, response: dict[str, Any]) -> Reply:
    """The response as a JWT for its caller (RFC 9701 §5)."""
    signed = await op.keys.sign(
        introspection_claims(op.issuer, caller, response, op.now()),
        caller.introspection_signed_response_alg,
        typ=INTROSPECTION_TYPE,
        secret=caller.client_secret,
    )
    return Reply(200, signed.encode(), (("content-type", INTROSPECTION_MEDIA_TYPE), *NO_STORE))


async def _live(op: Context, caller: Client, token: str) -> AccessToken | RefreshToken | None:
    """The token, if it is active and the caller may know it; not if its client was removed (RFC 7592 §2.3)."""
    found = await _find(op, token)
    if found is None or found.expires_at <= op.now() or not may_introspect(caller, found):
        return None
    return found if await op.clients.find(found.client_id) else None


async def _find(op: Context, token: str) -> AccessToken | RefreshToken | None:
    """Find an access token in one round trip to Redis, or a refresh token in a second one."""
    handle = handle_of(token)
    if handle is None:
        return None
    access_token = await op.access_tokens.find(handle)
    if access_token is not None:
        return access_token
    refresh = await op.refresh_tokens.find(handle)
    return refresh.token if refresh and refresh.rotated_at is None else None
