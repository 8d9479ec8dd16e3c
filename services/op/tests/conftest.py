"""A provider over a real Redis."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

import pytest
from jinja2 import BytecodeCache
from logout_testing import Clients, running_clients
from op_testing import (
    CHEAP_MEMORY_KIB,
    CHEAP_PASSES,
    ISSUER,
    Clock,
    ProviderFactory,
    RunningProvider,
    Site,
    add_users,
    running_site,
)
from shared_testing import KeyPairs, TemplateCache

from op.app import create_app
from op.context import Context
from op.keys.ring import SigningKey
from op.settings import Settings
from redis_server import RedisServer
from servicekit.redis.client import Database


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Lower the cost of argon2, equally for users and for unknown usernames."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("op.sessions.passwords.PASSES", CHEAP_PASSES)
        patch.setattr("op.sessions.passwords.MEMORY_KIB", CHEAP_MEMORY_KIB)
        yield


@pytest.fixture(scope="session", autouse=True)
def parsed_keys() -> Iterator[None]:
    """Parse each signing key once: a parsed RSA key is checked, which takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SigningKey, "from_pem", cache(SigningKey.from_pem))
        yield


@pytest.fixture(scope="session")
def key_pairs() -> KeyPairs:
    """Signing keys that all tests share."""
    return KeyPairs()


@pytest.fixture(autouse=True)
def new_keys_are_shared(key_pairs: KeyPairs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a test each new key pair is different; the next test gets the same ones again."""
    key_pairs.begin()
    monkeypatch.setattr("op.keys.ring.new_keys", key_pairs.next)


@pytest.fixture(scope="session")
def templates() -> BytecodeCache:
    """Compiled templates."""
    return TemplateCache()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def provider_with(
    redis: Database, redis_server: RedisServer, clock: Clock, templates: BytecodeCache
) -> AsyncIterator[ProviderFactory]:
    """Start a provider with its own settings."""
    async with AsyncExitStack() as stack:

        async def start(**changes: Any) -> RunningProvider:
            settings = Settings(
                **{
                    "redis_url": redis_server.url,
                    "oidc_issuer": ISSUER,
                    "op_secret_key": "a-key-for-tests-of-more-than-32-characters",
                    "redis_timeout": 5.0,
                    "login_attempts": 5,
                    **changes,
                }
            )
            app = create_app(settings, clock=clock)
            app.jinja_env.bytecode_cache = templates
            test_app: Any = app.test_app()
            running = await stack.enter_async_context(test_app)
            op: Context = app.extensions["provider"]
            await add_users(op)
            provider = RunningProvider(running.test_client(), running.test_client, op, clock)
            await provider.register("web")
            return provider

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
