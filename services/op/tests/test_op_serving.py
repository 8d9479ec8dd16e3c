"""`python -m op` as a process: its start, its workers and its shutdown."""

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from redis_server import RedisServer, free_port
from servicekit.redis.client import Database
from waiting import wait_until

pytestmark = pytest.mark.slow

KEY = "a-key-for-tests-of-more-than-32-characters"
DEMO = Path(__file__).parents[3] / "deploy" / "demo" / "directory.yaml"


def environment(**changes: Any) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **changes}


class Process:
    """A provider on a free port."""

    def __init__(self, redis_url: str, **changes: Any) -> None:
        self.port = free_port()
        issuer = f"http://localhost:{self.port}"
        values = {"OIDC_ISSUER": issuer, "OP_SECRET_KEY": KEY, "REDIS_URL": redis_url, **changes}
        values |= {"BIND": f"127.0.0.1:{self.port}", "CLIENT_SECRET": "c" * 40, "RS_CLIENT_SECRET": "r" * 40}
        self.process = subprocess.Popen([sys.executable, "-m", "op"], env=environment(**values))

    def until_ready(self) -> None:
        wait_until(lambda: self.get("/readyz")[0] == 200)

    def get(self, path: str, port: int | None = None, **headers: str) -> tuple[int, http.client.HTTPMessage, str]:
        return self.request("GET", path, None, port, **headers)

    def request(
        self, method: str, path: str, body: str | None = None, port: int | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


@pytest.fixture
def start(redis: Database, redis_server: RedisServer) -> Iterator[Callable[..., Process]]:
    """Start a provider, which is stopped at the end of the test."""
    started: list[Process] = []

    def process(**changes: Any) -> Process:
        started.append(Process(redis_server.url, **changes))
        started[-1].until_ready()
        return started[-1]

    yield process
    for one in started:
        one.process.send_signal(signal.SIGTERM)
        one.process.wait(15)


@pytest.mark.spec("RFC 9112 §3.2.2")
def test_target_in_absolute_form_is_accepted(start: Callable[..., Process]) -> None:
    """RFC 9112 §3.2.2: for the endpoints of clients and for the pages."""
    op = start()
    for path, status in (("/jwks", 200), ("/login", 400), ("/nowhere", 404)):
        assert op.get(f"http://localhost:{op.port}{path}?a=b")[0] == status, path


def test_faults_of_the_environment_are_one_line_each() -> None:
    command = [sys.executable, "-m", "op"]
    done = subprocess.run(command, env=environment(WORKERS="0"), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    names = ["REDIS_URL", "WORKERS", "OIDC_ISSUER", "OP_SECRET_KEY"]
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == names


def test_fault_of_the_directory_is_reported(tmp_path: Path, redis_server: RedisServer) -> None:
    path = tmp_path / "directory.yaml"
    path.write_text("clients: [{client_id: a}]")
    values = environment(
        REDIS_URL=redis_server.url, OIDC_ISSUER="http://localhost:1", OP_SECRET_KEY=KEY, OP_DIRECTORY_FILE=str(path)
    )
    done = subprocess.run([sys.executable, "-m", "op"], env=values, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "redirect_uris" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_secret_key_prevents_the_start(start: Callable[..., Process], redis_server: RedisServer) -> None:
    start()
    values = environment(
        REDIS_URL=redis_server.url,
        OIDC_ISSUER="http://localhost:1",
        OP_SECRET_KEY="another" * 8,
        BIND=f"127.0.0.1:{free_port()}",
    )
    done = subprocess.run(
        [sys.executable, "-m", "op"], env=values, capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 2
    assert (
        done.stderr
        == "op: OP_SECRET_KEY cannot decrypt the stored records; set it to the value that they were encrypted with\n"
    )


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see the workers")
def test_workers_share_a_socket_and_are_replaced(start: Callable[..., Process]) -> None:
    management = free_port()
    op = start(WORKERS="2", MANAGEMENT_BIND=f"127.0.0.1:{management}")
    wait_until(lambda: len(op.workers()) == 2)
    for _ in range(10):
        assert op.get("/healthz")[0] == 200
    page = op.get("/metrics", management)[2]
    counted = re.findall(r'trefoil_requests_total\{method="GET",path="/healthz",status="200"\} (\S+)', page)
    assert counted == ["10.0"]
    assert op.get("/metrics")[0] == 404, "not at the public address"

    before = op.workers()
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len(op.workers()) == 2 and before[0] not in op.workers())
    assert op.get("/readyz")[0] == 200


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see the workers")
def test_sigterm_during_worker_replacement_is_not_lost(start: Callable[..., Process]) -> None:
    op = start(WORKERS="2")
    os.kill(op.workers()[0], signal.SIGKILL)
    op.process.send_signal(signal.SIGTERM)
    assert op.process.wait(10) == 0


def test_workers_that_cannot_start_are_not_restarted(redis_server: RedisServer, tmp_path: Path) -> None:
    path = tmp_path / "directory.yaml"
    path.write_text("clients: [{client_id: a}]")
    values = environment(
        REDIS_URL=redis_server.url,
        OIDC_ISSUER="http://localhost:1",
        OP_SECRET_KEY=KEY,
        OP_DIRECTORY_FILE=str(path),
        BIND=f"127.0.0.1:{free_port()}",
        WORKERS="2",
    )
    command = [sys.executable, "-m", "op"]
    done = subprocess.run(command, env=values, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert done.stderr.count("requires redirect_uris") == 2
    assert "no worker could start" in done.stderr


def test_sigterm_completes_requests_within_ten_seconds(start: Callable[..., Process]) -> None:
    """A login whose password check takes a while is completed after SIGTERM."""
    op = start(OP_DIRECTORY_FILE=str(DEMO), RP_BASE_URL="http://rp.test")
    query = urlencode(
        {
            "response_type": "code",
            "client_id": "demo-client",
            "redirect_uri": "http://rp.test/callback",
            "scope": "openid",
            "nonce": "n",
            "code_challenge": "A" * 43,
            "code_challenge_method": "S256",
        }
    )
    status, headers, _ = op.get(f"/authorize?{query}")
    assert status == 303
    cookie = headers["Set-Cookie"].split(";")[0]
    form_page = op.get(headers["Location"].partition(f":{op.port}")[2], Cookie=cookie)[2]
    form = dict(re.findall(r'name="(login|csrf_token)" value="([^"]*)"', form_page))
    form |= {"username": "user0", "password": "password0"}
    statuses: list[int] = []

    def log_in() -> None:
        content_type: dict[str, Any] = {"Content-Type": "application/x-www-form-urlencoded"}
        statuses.append(op.request("POST", "/login", urlencode(form), Cookie=cookie, **content_type)[0])

    login = threading.Thread(target=log_in)
    login.start()
    wait_until(lambda: not login.is_alive() or _has_a_connection(op.port))
    began = time.monotonic()
    op.process.send_signal(signal.SIGTERM)
    assert op.process.wait(12) == 0
    assert time.monotonic() - began < 10
    login.join(5)
    assert statuses == [303]


def _has_a_connection(port: int) -> bool:
    """Whether a socket is connected to the port (Linux); always true on other systems."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        return True
    wanted = f"0100007F:{port:04X}"
    return any(row.split()[1] == wanted and row.split()[3] == "01" for row in table.read_text().splitlines()[1:])
