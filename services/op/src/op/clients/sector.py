"""Whether a client belongs to the sector that it names (OpenID Connect Core §8.1)."""

from op.clients.http import ClientHttp
from op.errors import InvalidClientMetadata
from op.protocol.clients.subject import check_sector_identifier
from op.records import Client
from servicekit.http import Unreachable


async def check_sector(http: ClientHttp, client: Client) -> None:
    """Fetch the list of a client's sector, if it names one, and look it up there; raises InvalidClientMetadata."""
    if client.sector_identifier_uri is None:
        return
    try:
        answer = await http.of(client).get(client.sector_identifier_uri)
    except Unreachable as failure:
        raise InvalidClientMetadata(
            "The document at the sector_identifier_uri could not be fetched.", str(failure)
        ) from None
    if answer.status != 200:
        raise InvalidClientMetadata(f"The sector_identifier_uri must return the status 200, not {answer.status}.")
    check_sector_identifier(answer.body, client)
