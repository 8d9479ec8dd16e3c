"""HTTP requests to clients: anywhere for those of an administrator, only to public addresses for all others."""

from dataclasses import dataclass

from op.records import Client
from servicekit.http import HttpClient


@dataclass(frozen=True, slots=True)
class ClientHttp:
    """A client that registered itself has chosen its URLs: they must not lead to the provider's private network.

    RFC 7591 §5.
    """

    trusted: HttpClient
    public: HttpClient

    def of(self, client: Client) -> HttpClient:
        return self.trusted if client.registered_at is None else self.public

    async def close(self) -> None:
        await self.trusted.close()
        await self.public.close()
