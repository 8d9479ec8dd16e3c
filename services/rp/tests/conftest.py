"""A relying party with a scripted provider and a scripted resource server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from rp_suite import SuiteProvider
from rp_testing import BASE_URL, CLIENT_ID, CLIENT_SECRET, Browser, ScriptedProvider, ScriptedResourceServer, Signer

from redis_server import RedisServer
from rp.app import create_app
from rp.settings import Settings
from servicekit.settings import read


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer()


@pytest.fixture(scope="session")
def other_signer() -> Signer:
    """A signer with keys that the provider does not publish."""
    return Signer()


@pytest.fixture
async def provider(signer: Signer) -> AsyncIterator[ScriptedProvider]:
    server = ScriptedProvider(signer)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def suite(signer: Signer) -> AsyncIterator[SuiteProvider]:
    """The provider of the conformance suite, for tests that use it as `provider`."""
    server = SuiteProvider(signer)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def resource_server(provider: ScriptedProvider) -> AsyncIterator[ScriptedResourceServer]:
    server = ScriptedResourceServer(provider)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def environment(
    redis_server: RedisServer, provider: ScriptedProvider, resource_server: ScriptedResourceServer
) -> dict[str, str]:
    """The environment of the relying party. A test can change it before it opens a browser."""
    return {
        "REDIS_URL": redis_server.url,
        "REDIS_TIMEOUT": "5",  # Redis may be slow on a busy machine
        "OIDC_ISSUER": provider.url,
        "RESOURCE_SERVER_URL": resource_server.url,
        "RP_BASE_URL": BASE_URL,
        "CLIENT_ID": CLIENT_ID,
        "CLIENT_SECRET": CLIENT_SECRET,
    }


@pytest.fixture
async def open_browser(environment: dict[str, str], provider: ScriptedProvider, redis: Any) -> AsyncIterator[Any]:
    """Opens browsers; the first one starts the relying party."""
    async with AsyncExitStack() as stack:
        running: list[Any] = []

        async def open_one() -> Browser:
            if not running:
                app = create_app(read(Settings, environment))
                test_app: Any = app.test_app()  # Quart does not type it as an asynchronous context manager
                running.append(await stack.enter_async_context(test_app))
            return Browser(running[0].test_client(), provider)

        yield open_one


@pytest.fixture
async def browser(open_browser: Callable[[], Awaitable[Browser]]) -> Browser:
    return await open_browser()
