"""The check of a client's sector (OpenID Connect Core §8.1)."""

from op.clients.http import ClientHttp
from op.errors import InvalidClientMetadata
from op.protocol.clients.subject import check_sector_identifier
from op.records import Client
from servicekit.http import Unreachable


async def check_sector(http: ClientHttp, client: Client) -> None:
    """Fetch the client's sector_identifier_uri, if it has one, and check it; raises InvalidClientMetadata.

    OpenID Connect Core §8.1; OpenID Connect Dynamic Client Registration §5.
    """
    if client.sector_identifier_uri is None:
        return
    try:
        response = await http.of(client).get(client.sector_identifier_uri)
    except Unreachable as failure:
        raise InvalidClientMetadata(
            "The document at the sector_identifier_uri could not be fetched.", str(failure)
        ) from None
    if response.status != 200:
        raise InvalidClientMetadata(f"The sector_identifier_uri must return the status 200, not {response.status}.")
    check_sector_identifier(response.body, client)
