"""Fixtures for every test: a real Redis server, and the images of the services if there is a Docker engine.

With pytest-xdist each worker is a session and has its own Redis server.
"""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from containers import Images, build
from redis_server import RedisServer
from servicekit.redis.client import Database, connect
from stack import StackError

pytest_plugins = ["pytest_no_skip", "pytest_skip_reasons"]

# testcontainers reads these once: its reaper is an image that not every machine can get (the fixtures clean up), and a
# stray /.dockerenv would make it look for published ports elsewhere than on this machine.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")


_E2E = Path(__file__).parent / "e2e"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that cannot run in parallel, before `-m` selects."""
    for item in items:
        if "images" in getattr(item, "fixturenames", ()) or "containers" in parameters_of(item):
            item.add_marker("docker")
        if item.path.is_relative_to(_E2E):
            item.add_marker("e2e")
            item.add_marker(item.path.relative_to(_E2E).parts[0])


def parameters_of(item: pytest.Item) -> tuple[object, ...]:
    """The values that a test is parametrized with; the fixture `platform` of e2e/ has "containers"."""
    callspec = getattr(item, "callspec", None)
    return tuple(callspec.params.values()) if callspec else ()


@pytest.fixture(scope="session")
def images() -> Iterator[Images]:
    """The images of the three roles, built once from the work tree under a name that only this test run uses."""
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
    """A client with an empty database."""
    client = connect(redis_server.url, 2.0)
    await client.flushdb()
    yield client
    await client.aclose()
