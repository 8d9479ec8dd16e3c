"""The providers that users can sign in with: one or several."""

import asyncio
from collections.abc import Sequence

from oidc_discovery.metadata import Metadata
from rp.errors import UnknownProvider
from rp.provider_client import ProviderClient


class Providers:
    """The clients of all providers. The first is that of OIDC_ISSUER (RFC 9700 §4.4.2)."""

    def __init__(self, clients: Sequence[ProviderClient]) -> None:
        self.all = tuple(clients)
        self._by_issuer = {client.registration.issuer: client for client in clients}

    @property
    def only(self) -> ProviderClient | None:
        """The provider, if there is only one (OpenID Connect Core §4)."""
        return self.all[0] if len(self.all) == 1 else None

    def find(self, issuer: object) -> ProviderClient | None:
        """The provider of an issuer, compared as an exact string."""
        return self._by_issuer.get(issuer) if isinstance(issuer, str) else None

    def of(self, issuer: str) -> ProviderClient:
        """The same, but raises UnknownProvider if there is none."""
        found = self.find(issuer)
        if found is None:
            raise UnknownProvider
        return found

    async def any_metadata(self) -> Metadata:
        """The discovery document of any provider: with one available provider, users can sign in.

        Raises ProviderUnavailable or ProviderMisconfigured if there is none.
        """
        found = await asyncio.gather(*(client.metadata() for client in self.all), return_exceptions=True)
        for one in found:
            if isinstance(one, Metadata):
                return one
        failure = found[0]
        assert isinstance(failure, BaseException)
        raise failure
