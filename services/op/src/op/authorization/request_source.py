"""Where the parameters of an authorization request come from: itself, a JWT in it or behind it, or an earlier push."""

from dataclasses import dataclass

from op.context import Context
from op.errors import InvalidRequest, InvalidRequestUri
from op.protocol.authorization.request_object import (
    RequestObject,
    check_request_uri,
    merged,
    open_request_object,
    without_fragment,
)
from op.protocol.signed_jwt import suitable_keys
from op.records import Client
from servicekit.http import Unreachable
from servicekit.web.parameters import Parameters

PUSHED = "urn:ietf:params:oauth:request_uri:"
REQUEST_OBJECT_LIMIT = 64 * 1024

_MEDIA_TYPES = {"Accept": "application/oauth-authz-req+jwt, application/jwt, application/jose"}


@dataclass(frozen=True, slots=True)
class Source:
    """The parameters to check, and how they came."""

    parameters: Parameters
    pushed: bool = False
    signed: bool = False


def is_pushed(asked: Parameters) -> bool:
    """Whether the request points to one that was pushed (RFC 9126 §4)."""
    return asked.get("request_uri", "").startswith(PUSHED)


async def pushed_request(op: Context, client: Client, asked: Parameters) -> Source:
    """What was pushed under this name, once; what else the request says is ignored. Raises InvalidRequestUri."""
    if asked.repeated:
        raise InvalidRequest(asked.repetition() or "")
    pushed = await op.pushed_requests.take(asked["request_uri"].removeprefix(PUSHED))
    if pushed is None or pushed.client_id != client.client_id or op.now() >= pushed.expires_at:
        raise InvalidRequestUri("The request_uri is unknown, was already used or has expired. Push the request again.")
    return Source(Parameters(pushed.parameters), pushed=True, signed=pushed.signed)


async def opened_request(op: Context, client: Client, asked: Parameters) -> Source:
    """The request with its request object opened, if it has one; raises OAuthError."""
    named = {"request", "request_uri"} & asked.keys()
    if not named or named & asked.repeated:
        return Source(asked)
    if len(named) > 1:
        raise InvalidRequest("The parameters request and request_uri cannot be combined.")
    text = asked["request"] if "request" in asked else await _fetched(op, client, asked["request_uri"])
    request_object = RequestObject.parse(text, client)
    algorithm, kid = request_object.algorithm, request_object.jwt.kid
    keys = suitable_keys(await op.client_keys.find(client, kid), algorithm, kid)
    inside = open_request_object(request_object, keys, client_id=client.client_id, issuer=op.issuer, now=op.now())
    if client.require_signed_request_object and not request_object.is_signed:
        raise InvalidRequest("This client must sign its authorization requests. Send a signed request object.")
    if request_object.is_signed and client.require_signed_request_object:
        return Source(Parameters({**inside, "client_id": client.client_id}), signed=True)  # RFC 9101 §6.3
    return Source(merged(asked, inside), signed=request_object.is_signed)


async def _fetched(op: Context, client: Client, request_uri: str) -> str:
    """The request object at an address of the client (RFC 9101 §5.2, Core §6.2); raises InvalidRequestUri.

    It is fetched for each request, and nothing of it is kept: what the client changes counts at once.
    """
    check_request_uri(request_uri, client)
    try:
        answer = await op.http.of(client).get(without_fragment(request_uri), _MEDIA_TYPES)
    except Unreachable as failure:
        raise InvalidRequestUri("The request object at the request_uri could not be fetched.", str(failure)) from None
    if answer.status != 200 or len(answer.body) > REQUEST_OBJECT_LIMIT:
        raise InvalidRequestUri(f"The request_uri did not return a request object: {answer.status}.")
    return answer.body.decode("ascii", "replace").strip()
