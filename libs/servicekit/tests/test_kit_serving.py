"""A service as a process: its shutdown as clients see it, and the messages of a failed start."""

import http.client
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from redis_server import free_port
from self_signed import certificate
from servicekit.monitoring.healthcheck import ready
from waiting import wait_until

pytestmark = pytest.mark.slow

PROGRAM = """
import os, sys
from quart import Quart
from servicekit.monitoring.health import health_routes
from servicekit.web.endpoints import EndpointDispatcher
from servicekit.serving.server import StartFailed, serve
from servicekit.settings import ServiceSettings, read

def create_app():
    app = Quart("example")
    app.asgi_app = EndpointDispatcher(health_routes({}), app.asgi_app, None, lambda *_: None)
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
    """A service with only health checks."""

    def __init__(self, trust: ssl.SSLContext | None = None, **settings: str) -> None:
        self.trust = trust
        self.port = free_port()
        environment = {"PATH": os.environ["PATH"], "REDIS_URL": "redis://nowhere", "BIND": f"127.0.0.1:{self.port}"}
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment | settings)
        wait_until(lambda: self.get("/readyz").status == 200)

    def connection(self) -> http.client.HTTPConnection:
        if self.trust:
            return http.client.HTTPSConnection("localhost", self.port, timeout=5, context=self.trust)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)

    def get(self, path: str) -> http.client.HTTPResponse:
        with closing(self.connection()) as connection:
            return get(path, connection)


@pytest.fixture
def start() -> Iterator[Callable[..., Example]]:
    started: list[Example] = []

    def example(trust: ssl.SSLContext | None = None, **settings: str) -> Example:
        started.append(Example(trust, **settings))
        return started[-1]

    yield example
    for one in started:
        one.process.kill()
        one.process.wait(5)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_draining_service_responds_and_closes_connections(start, workers: str) -> None:
    example = start(DRAIN_DELAY="3", WORKERS=workers)
    with closing(example.connection()) as kept:
        assert get("/healthz", kept).getheader("connection") is None
        began = time.monotonic()
        example.process.send_signal(signal.SIGTERM)
        wait_until(lambda: example.get("/readyz").status == 503)
        response = get("/healthz", kept)
    assert response.status == 200, "a kept connection still works"
    assert response.getheader("connection") == "close"
    assert example.get("/healthz").status == 200, "new connections are still accepted"
    assert example.process.wait(10) == 0
    assert time.monotonic() - began < 10


def test_idle_service_without_drain_delay_exits_at_once(start) -> None:
    example = start()
    example.process.send_signal(signal.SIGTERM)
    assert example.process.wait(3) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_address_in_use_is_reported_in_one_line(start, workers: str) -> None:
    example = start()
    environment = {"PATH": os.environ["PATH"], "REDIS_URL": "redis://nowhere", "WORKERS": workers}
    environment["BIND"] = f"127.0.0.1:{example.port}"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=20
    )
    assert done.stderr == f"example: cannot listen on 127.0.0.1:{example.port}: Address already in use\n"


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.spec("RFC 9325 §3.1.1", "RFC 9700 §2.6")
def test_service_serves_tls_with_a_certificate(start, tmp_path: Path, workers: str) -> None:
    """A service serves TLS itself if it has a certificate; without one a proxy must."""
    cert_file, key_file = certificate(tmp_path, "own")
    trust = ssl.create_default_context(cafile=cert_file)
    example = start(trust, TLS_CERT_FILE=cert_file, TLS_KEY_FILE=key_file, WORKERS=workers)
    assert example.get("/healthz").status == 200
    bind = f"127.0.0.1:{example.port}"
    assert ready(bind, tls=True), "the health check of the container uses TLS too"
    assert not ready(bind), "there is no response without TLS"
    example.process.send_signal(signal.SIGTERM)
    assert example.process.wait(10) == 0


@pytest.mark.spec("RFC 8446 §6.1")
def test_idle_tls_connection_does_not_delay_shutdown(start, tmp_path: Path) -> None:
    """A TLS connection is closed with close_notify. A peer that does not reply is waited for at most one second."""
    cert_file, key_file = certificate(tmp_path, "own")
    example = start(ssl.create_default_context(cafile=cert_file), TLS_CERT_FILE=cert_file, TLS_KEY_FILE=key_file)
    with closing(example.connection()) as kept:
        assert get("/healthz", kept).status == 200
        example.process.send_signal(signal.SIGTERM)
        assert example.process.wait(5) == 0


@pytest.mark.parametrize(
    ("cert", "key", "complaint"),
    [
        ("own.crt", None, "set together"),
        (None, "own.key", "set together"),
        ("own.crt", "other.key", "cannot be used"),
        ("own.key", "own.key", "cannot be used"),
    ],
)
@pytest.mark.spec("RFC 9325 §3.1.1", "RFC 9700 §2.6")
def test_unusable_certificate_is_reported_in_one_line(
    tmp_path: Path, cert: str | None, key: str | None, complaint: str
) -> None:
    certificate(tmp_path, "own")
    certificate(tmp_path, "other")
    environment = {"PATH": os.environ["PATH"], "REDIS_URL": "redis://nowhere", "BIND": f"127.0.0.1:{free_port()}"}
    files = {"TLS_CERT_FILE": cert, "TLS_KEY_FILE": key}
    environment |= {name: str(tmp_path / file) for name, file in files.items() if file}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 1
    assert done.stderr.startswith("example: TLS_CERT_FILE and TLS_KEY_FILE ")
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
