"""The registration endpoint (RFC 7591 §3) and each client's own configuration endpoint (RFC 7592 §2)."""

import hmac
import logging
from urllib.parse import quote

from op.clients.sector import check_sector
from op.context import Context
from op.errors import InvalidToken, TooManyRegistrations
from op.handle import digest, new_grant_id, new_secret
from op.protocol.clients.registration import changed_client, new_client, parse_metadata, registration_response
from op.protocol.tokens.bearer import bearer_token
from op.records import Client
from op.web.replies import NO_STORE
from servicekit.log import event
from servicekit.web.endpoints import Reply, Request, json_reply
from servicekit.web.parameters import MalformedParameters, Parameters

log = logging.getLogger(__name__)


async def register(op: Context, request: Request) -> Reply:
    """Register a client (RFC 7591 §3.1); the response is 201 with its credentials (RFC 7591 §3.2.1)."""
    vouched = _check_initial_access_token(op, request)
    metadata = parse_metadata(request)
    registration_token = new_secret()
    client = new_client(metadata, new_grant_id(), registration_token, op.now(), op.settings.response_types)
    if not vouched and not await op.registrations.allowed():
        raise TooManyRegistrations("Too many clients have registered themselves. Try again in an hour.")
    await check_sector(op.http, client)
    await op.clients.save(client, op.settings.registration_ttl)
    event(log, "client registered", client_id=client.client_id)
    return _reply(op, 201, client, registration_token)


async def read_registration(op: Context, request: Request) -> Reply:
    """Return the registration (RFC 7592 §2.1)."""
    client, registration_token = await _managed(op, request)
    return _reply(op, 200, client, registration_token)


async def update_registration(op: Context, request: Request) -> Reply:
    """Replace the registration and restart its lifetime (RFC 7592 §2.2)."""
    client, registration_token = await _managed(op, request)
    changed = changed_client(parse_metadata(request), client, op.now(), op.settings.response_types)
    await check_sector(op.http, changed)
    await op.clients.save(changed, op.settings.registration_ttl)
    event(log, "client registration updated", client_id=client.client_id)
    return _reply(op, 200, changed, registration_token)


async def delete_registration(op: Context, request: Request) -> Reply:
    """Delete a client, whose codes and tokens are then useless (RFC 7592 §2.3)."""
    client, _ = await _managed(op, request)
    await op.clients.remove(client.client_id)
    event(log, "client registration deleted", client_id=client.client_id)
    return Reply(204, b"", NO_STORE)


def _check_initial_access_token(op: Context, request: Request) -> bool:
    """Whether the request has the initial access token; raises InvalidToken if it must have one (RFC 7591 §3)."""
    expected = op.settings.registration_token
    if op.settings.registration == "open" and request.header("authorization") is None:
        return False
    presented = bearer_token(request)
    if expected is None or not hmac.compare_digest(expected.encode(), presented.encode()):
        raise InvalidToken("The initial access token is invalid.")
    return True


async def _managed(op: Context, request: Request) -> tuple[Client, str]:
    """The client with this registration access token; all faults lead to the same error (RFC 7592 §2.1)."""
    presented = bearer_token(request)
    try:
        client_id = Parameters.parse(request.query).get("client_id", "")
    except MalformedParameters:
        client_id = ""
    client = await op.clients.read(client_id) if client_id else None
    expected = (client.registration_token if client else None) or ""
    if client is None or not hmac.compare_digest(expected, digest(presented)):
        raise InvalidToken("The registration access token is not valid for this client.")
    return client, presented


def _reply(op: Context, status: int, client: Client, registration_token: str) -> Reply:
    """`client_id_issued_at` does not change when the client updates its registration; the time at which its
    secret expires does (RFC 7591 §3.2.1).
    """
    body = registration_response(
        client,
        registration_token=registration_token,
        uri=f"{op.issuer}/register?client_id={quote(client.client_id, safe='')}",
        secret_expires_at=(client.changed_at or client.registered_at or 0) + op.settings.registration_ttl,
    )
    return json_reply(status, body, NO_STORE)
