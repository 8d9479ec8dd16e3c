"""A provider over a real Redis."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from logout_testing import Clients, running_clients
from op_testing import ISSUER, Clock, ProviderFactory, RunningProvider, Site, populate, running_site

from op.app import create_app
from op.context import Context
from op.keys.ring import new_keys
from op.records import Generation
from op.settings import Settings
from op.stores.signing_keys import SigningKeyStore
from redis_server import RedisServer
from servicekit.redis import Database
from servicekit.sealing import Sealer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def signing_pems() -> dict[str, str]:
    """The same for all providers of these tests: keys take longer to make than most tests."""
    return new_keys()


@pytest.fixture
async def provider_with(
    redis: Database, redis_server: RedisServer, clock: Clock, signing_pems: dict[str, str]
) -> AsyncIterator[ProviderFactory]:
    """Start a provider with settings of its own."""
    async with AsyncExitStack() as stack:

        async def start(**changes: Any) -> RunningProvider:
            settings = Settings(
                **{
                    "redis_url": redis_server.url,
                    "oidc_issuer": ISSUER,
                    "op_secret_key": "a-key-for-tests-of-more-than-32-characters",
                    "redis_timeout": 2.0,
                    "login_attempts": 5,
                    **changes,
                }
            )
            keys = SigningKeyStore(redis, Sealer(settings.op_secret_key, "op signing keys"))
            await keys.save_first(Generation(int(clock()), signing_pems))
            app = create_app(settings, clock=clock)
            running = await stack.enter_async_context(app.test_app())
            op: Context = app.extensions["provider"]
            await populate(op)
            return RunningProvider(running.test_client(), running.test_client, op, clock)

        yield start


@pytest.fixture
async def provider(provider_with: ProviderFactory) -> RunningProvider:
    return await provider_with()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site() as site:
        yield site


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    async with running_clients() as clients:
        yield clients
