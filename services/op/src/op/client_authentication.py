"""Client authentication at the token, introspection and revocation endpoints (RFC 6749 §2.3)."""

from op.protocol.client_authentication import check_credentials, presented_credentials
from op.records import Client
from op.stores.client import ClientStore
from servicekit.machine import Request
from servicekit.parameters import Parameters


async def authenticate_client(request: Request, form: Parameters, clients: ClientStore) -> Client:
    """The client that makes this request; raises InvalidClient, or InvalidRequest for two methods at once."""
    credentials = presented_credentials(request.header("authorization"), form)
    return check_credentials(credentials, await clients.find(credentials.client_id))
