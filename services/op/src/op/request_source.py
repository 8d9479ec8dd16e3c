"""Where the parameters of an authorization request come from: the request itself, a JWT in it, or an earlier push."""

from dataclasses import dataclass

from op.errors import InvalidRequest, InvalidRequestUri
from op.protocol.client_jwt import suitable_keys
from op.protocol.request_object import header_of, merged, open_request_object
from op.provider import Provider
from op.records import Client
from servicekit.parameters import Parameters

PUSHED = "urn:ietf:params:oauth:request_uri:"


@dataclass(frozen=True, slots=True)
class Source:
    """The parameters to check, and how they came."""

    parameters: Parameters
    pushed: bool = False
    signed: bool = False


def is_pushed(asked: Parameters) -> bool:
    """Whether the request points to one that was pushed (RFC 9126 §4)."""
    return asked.get("request_uri", "").startswith(PUSHED)


async def pushed_request(op: Provider, client: Client, asked: Parameters) -> Source:
    """What was pushed under this name, once; what else the request says is ignored. Raises InvalidRequestUri."""
    if asked.repeated:
        raise InvalidRequest(asked.repetition() or "")
    pushed = await op.pushed_requests.take(asked["request_uri"].removeprefix(PUSHED))
    if pushed is None or pushed.client_id != client.client_id or op.now() >= pushed.expires_at:
        raise InvalidRequestUri("this request_uri is unknown, was used before or has expired")
    return Source(Parameters(pushed.parameters), pushed=True, signed=pushed.signed)


async def opened_request(op: Provider, client: Client, asked: Parameters) -> Source:
    """The request with its request object opened, if it has one; raises OAuthError."""
    if "request" not in asked or "request" in asked.repeated:
        return Source(asked)
    if "request_uri" in asked:
        raise InvalidRequest("request and request_uri exclude each other")
    header = header_of(asked["request"], client)
    keys = suitable_keys(await op.client_keys.find(client, header.kid), header)
    inside = open_request_object(
        asked["request"], header, keys, client_id=client.client_id, issuer=op.issuer, now=op.now()
    )
    if client.require_signed_request_object and not header.is_signed:
        raise InvalidRequest("this client must sign its requests")
    if header.is_signed and client.require_signed_request_object:
        return Source(Parameters({**inside, "client_id": client.client_id}), signed=True)  # RFC 9101 §6.3
    return Source(merged(asked, inside), signed=header.is_signed)
