"""Client authentication at every endpoint that wants it (RFC 6749 §2.3, RFC 7523 §2.2)."""

from collections.abc import Sequence
from typing import Any

from op.errors import InvalidClient
from op.protocol.client_assertion import check_assertion, header_for
from op.protocol.client_authentication import check_credentials, presented_credentials
from op.protocol.client_jwt import suitable_keys
from op.provider import Provider
from op.records import Client
from servicekit.machine import Request
from servicekit.parameters import Parameters


async def authenticate_client(op: Provider, request: Request, form: Parameters) -> Client:
    """The client that makes this request; raises InvalidClient, or InvalidRequest for two methods at once."""
    credentials = presented_credentials(request.header("authorization"), form)
    client = await op.clients.find(credentials.client_id)
    if credentials.assertion is None:
        return check_credentials(credentials, client)
    if client is None:
        raise InvalidClient("client authentication failed", "unknown client")
    await _check_assertion(op, client, credentials.assertion, request.path)
    return client


async def _check_assertion(op: Provider, client: Client, assertion: str, path: str) -> None:
    """`aud` is the issuer, the token endpoint or the endpoint that is called (RFC 7523 §3, OpenID Connect Core §9)."""
    header = header_for(assertion, client)
    if header.algorithm == "HS256":
        keys: Sequence[Any] = [client.client_secret] if client.client_secret else []
    else:
        keys = suitable_keys(await op.client_keys.find(client, header.kid), header)
    audiences = (op.issuer, f"{op.issuer}/token", f"{op.issuer}{path}")
    now = op.now()
    verified = check_assertion(assertion, client.client_id, header, keys, audiences=audiences, now=now)
    if not await op.client_assertions.use(client.client_id, verified.jti, verified.expires_at - now):
        raise InvalidClient("client authentication failed", "the jti was used before")
