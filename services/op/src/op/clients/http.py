"""Where requests to clients go out: to those of the administrator anywhere, to others into the public net alone."""

from dataclasses import dataclass

from op.records import Client
from servicekit.http import HttpClient


@dataclass(frozen=True, slots=True)
class ClientHttp:
    """A client that registered itself chose its URLs: they must not lead to what only the provider can reach.

    RFC 7591 §5.
    """

    trusted: HttpClient
    public: HttpClient

    def of(self, client: Client) -> HttpClient:
        return self.trusted if client.registered_at is None else self.public

    async def close(self) -> None:
        await self.trusted.close()
        await self.public.close()
