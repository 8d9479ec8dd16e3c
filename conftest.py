"""What every test of the house may ask for: a real Redis, and the images where there is a Docker engine."""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator

import pytest

from containers import Images, build
from redis_server import RedisServer
from servicekit.redis import Database, connect
from stack import StackError

pytest_plugins = ["pytest_no_skip"]

# testcontainers reads these once: its reaper is an image that not every machine can get (the fixtures clean up), and a
# stray /.dockerenv would make it look for published ports elsewhere than on this machine.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")


@pytest.fixture(scope="session")
def images() -> Iterator[Images]:
    """The images of the three roles as the work tree has them, built once, under a name of this test run alone."""
    try:
        built = build(os.environ, f"test-{os.getpid()}")
    except StackError as fault:
        pytest.skip(str(fault))
    yield built
    subprocess.run(["docker", "rmi", "--force", built.op, built.rs, built.rp], capture_output=True, check=False)


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
