"""Port forwards to the services of a cluster on 127.0.0.1, which survive the replacement of pods.

`kubectl port-forward` uses one pod. So each port is checked once a second; if it does not respond, or if kubectl has
exited, kubectl is started again and finds a running pod.
"""

import http.client
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

PORTS: Mapping[str, int] = {"op": 25000, "rp": 25001, "rs": 25002}

_CHECK_SECONDS = 1.0
_RESPONSE_SECONDS = 3.0
_FIRST_RESPONSE_SECONDS = 10.0


def reachable(port: int) -> bool:
    """Whether a service responds at this port of 127.0.0.1."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_RESPONSE_SECONDS)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        response.read()  # otherwise kubectl would report a reset connection
    except (OSError, http.client.HTTPException):
        return False
    else:
        return response.status == http.client.OK
    finally:
        connection.close()


class PortForward:
    """The port forward of one service. `kubectl` is the command with its cluster and namespace."""

    def __init__(self, kubectl: Sequence[str], role: str) -> None:
        self._port = PORTS[role]
        self._command = [*kubectl, "port-forward", "--address", "127.0.0.1", f"service/{role}", f"{self._port}"]
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._answered = False

    def check(self) -> None:
        """Start kubectl if it does not run, or if its pod no longer exists."""
        if self._process is not None and self._process.poll() is None:
            if reachable(self._port):
                self._answered = True
                return
            if not self._answered and time.monotonic() - self._started < _FIRST_RESPONSE_SECONDS:
                return
        self.stop()
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self._started, self._answered = time.monotonic(), False

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def keep_open(kubectl: Sequence[str]) -> int:
    """Keep all three port forwards until SIGTERM or SIGINT; the exit status."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    forwards = [PortForward(kubectl, role) for role in PORTS]
    try:
        while not ended.is_set():
            for forward in forwards:
                forward.check()
            ended.wait(_CHECK_SECONDS)
    finally:
        for forward in forwards:
            forward.stop()
    return 0
