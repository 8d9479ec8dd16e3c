"""What every test of the house may ask for: a real Redis."""

from collections.abc import AsyncIterator, Iterator

import pytest

from redis_server import RedisServer
from servicekit.redis import Database, connect

pytest_plugins = ["pytest_no_skip"]


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis-compatible server for this test run."""
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.stop()


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Database]:
    """A client of an empty database."""
    client = connect(redis_server.url, 2.0)
    await client.flushdb()
    yield client
    await client.aclose()
