"""A service as a process: what its clients see of its end, and what a person sees of a start that cannot be."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from redis_server import free_port

PROGRAM = """
import os, sys
from quart import Quart
from servicekit.health import health_routes
from servicekit.machine import MachineDoor
from servicekit.serving import StartFailed, serve
from servicekit.settings import ServiceSettings, read

def create_app():
    app = Quart("example")
    app.asgi_app = MachineDoor(health_routes({}), app.asgi_app, None, lambda *_: None)
    return app

try:
    serve(create_app, read(ServiceSettings, os.environ))
except StartFailed as fault:
    sys.exit(f"example: {fault}")
"""


def get(path: str, connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    return response


class Example:
    """A service with nothing but its health."""

    def __init__(self, **settings: str) -> None:
        self.port = free_port()
        environment = {"PATH": os.environ["PATH"], "REDIS_URL": "redis://nowhere", "BIND": f"127.0.0.1:{self.port}"}
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment | settings)
        self.wait_until(lambda: self.get("/readyz").status == 200)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)

    def get(self, path: str) -> http.client.HTTPResponse:
        with closing(self.connection()) as connection:
            return get(path, connection)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 15
        while True:
            try:
                if condition():
                    return
            except (OSError, http.client.HTTPException):
                pass
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(0.02)


@pytest.fixture
def start() -> Iterator[Callable[..., Example]]:
    started: list[Example] = []

    def example(**settings: str) -> Example:
        started.append(Example(**settings))
        return started[-1]

    yield example
    for one in started:
        one.process.kill()
        one.process.wait(5)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_within_the_delay_a_service_is_not_ready_but_answers_and_asks_to_connect_anew(start, workers: str) -> None:
    example = start(DRAIN_DELAY="3", WORKERS=workers)
    with closing(example.connection()) as kept:
        assert get("/healthz", kept).getheader("connection") is None
        began = time.monotonic()
        example.process.send_signal(signal.SIGTERM)
        example.wait_until(lambda: example.get("/readyz").status == 503)
        response = get("/healthz", kept)
    assert response.status == 200, "a connection that was kept still works"
    assert response.getheader("connection") == "close"
    assert example.get("/healthz").status == 200, "new connections are still accepted"
    assert example.process.wait(10) == 0
    assert time.monotonic() - began < 10


def test_without_a_delay_an_idle_service_ends_at_once(start) -> None:
    example = start()
    example.process.send_signal(signal.SIGTERM)
    assert example.process.wait(3) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_address_in_use_is_one_line(start, workers: str) -> None:
    example = start()
    environment = {"PATH": os.environ["PATH"], "REDIS_URL": "redis://nowhere", "WORKERS": workers}
    environment["BIND"] = f"127.0.0.1:{example.port}"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=20
    )
    assert done.stderr == f"example: cannot listen on 127.0.0.1:{example.port}: Address already in use\n"
