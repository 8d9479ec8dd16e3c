"""The source of the parameters of an authorization request: the request, a request object, or a pushed request."""

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
    """The parameters to check, and how they were sent."""

    parameters: Parameters
    pushed: bool = False
    signed: bool = False


def is_pushed(parameters: Parameters) -> bool:
    """Whether the request refers to a pushed request (RFC 9126 §4)."""
    return parameters.get("request_uri", "").startswith(PUSHED)


async def pushed_request(op: Context, client: Client, parameters: Parameters) -> Source:
    """The pushed request, which can be used once; all other parameters are ignored. Raises InvalidRequestUri.

    RFC 9126 §2.2, §4.
    """
    if parameters.repeated:
        raise InvalidRequest(parameters.repetition() or "")
    pushed = await op.pushed_requests.take(parameters["request_uri"].removeprefix(PUSHED))
    if pushed is None or pushed.client_id != client.client_id or op.now() >= pushed.expires_at:
        raise InvalidRequestUri("The request_uri is unknown, was already used or has expired. Push the request again.")
    return Source(Parameters(pushed.parameters), pushed=True, signed=pushed.signed)


async def opened_request(op: Context, client: Client, parameters: Parameters) -> Source:
    """The request with the parameters of its request object, if it has one; raises OAuthError.

    OpenID Connect Core §6.1; RFC 9101 §6.3; RFC 9126 §3.
    """
    named = {"request", "request_uri"} & parameters.keys()
    if not named or named & parameters.repeated:
        return Source(parameters)
    if len(named) > 1:
        raise InvalidRequest("The parameters request and request_uri cannot be combined.")
    text = parameters["request"] if "request" in parameters else await _fetched(op, client, parameters["request_uri"])
    request_object = RequestObject.parse(text, client)
    algorithm, kid = request_object.algorithm, request_object.jwt.kid
    keys = suitable_keys(await op.client_keys.find(client, kid), algorithm, kid)
    inside = open_request_object(request_object, keys, client_id=client.client_id, issuer=op.issuer, now=op.now())
    if client.require_signed_request_object and not request_object.is_signed:
        raise InvalidRequest("This client must sign its authorization requests. Send a signed request object.")
    if request_object.is_signed and client.require_signed_request_object:
        return Source(Parameters({**inside, "client_id": client.client_id}), signed=True)  # RFC 9101 §6.3
    return Source(merged(parameters, inside), signed=request_object.is_signed)


async def _fetched(op: Context, client: Client, request_uri: str) -> str:
    """The request object at a URL of the client (RFC 9101 §5.2, Core §6.2); raises InvalidRequestUri.

    It is fetched for each request and not cached, so that a change takes effect at once.
    """
    check_request_uri(request_uri, client)
    try:
        response = await op.http.of(client).get(without_fragment(request_uri), _MEDIA_TYPES)
    except Unreachable as failure:
        raise InvalidRequestUri("The request object at the request_uri could not be fetched.", str(failure)) from None
    if response.status != 200 or len(response.body) > REQUEST_OBJECT_LIMIT:
        raise InvalidRequestUri(f"The request_uri did not return a request object: {response.status}.")
    return response.body.decode("ascii", "replace").strip()
