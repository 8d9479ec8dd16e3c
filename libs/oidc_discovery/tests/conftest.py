"""A running scripted provider, and its documents."""

from collections.abc import AsyncIterator, Callable

import pytest
from discovery_testing import Provider, Ticks

from oidc_discovery.documents import ProviderDocuments
from redis_server import free_port
from servicekit.http import HttpClient


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    scripted = Provider(free_port())
    await scripted.start()
    yield scripted
    await scripted.stop()


@pytest.fixture
async def documents(provider: Provider) -> AsyncIterator[Callable[..., tuple[ProviderDocuments, Ticks]]]:
    http = HttpClient()

    def make(ending: str = "") -> tuple[ProviderDocuments, Ticks]:
        ticks = Ticks()
        return ProviderDocuments(provider.issuer + ending, http, ticks), ticks

    yield make
    await http.close()
