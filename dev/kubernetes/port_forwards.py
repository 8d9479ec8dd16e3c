"""The addresses of a cluster's services on 127.0.0.1, kept open while pods come and go.

`kubectl port-forward` holds on to one pod. So each address is asked once a second whether it answers, and when it does
not, or kubectl has ended, another one is started, which finds a pod that is there.
"""

import http.client
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

PORTS: Mapping[str, int] = {"op": 25000, "rp": 25001, "rs": 25002}

_CHECK_SECONDS = 1.0
_ANSWER_SECONDS = 3.0
_FIRST_ANSWER_SECONDS = 10.0


def reachable(port: int) -> bool:
    """Whether a service answers at 127.0.0.1 on this port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        response.read()  # or kubectl would complain of a reset connection
    except (OSError, http.client.HTTPException):
        return False
    else:
        return response.status == http.client.OK
    finally:
        connection.close()


class PortForward:
    """One service's address. `kubectl` is the command with its cluster and namespace."""

    def __init__(self, kubectl: Sequence[str], role: str) -> None:
        self._port = PORTS[role]
        self._command = [*kubectl, "port-forward", "--address", "127.0.0.1", f"service/{role}", f"{self._port}"]
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._answered = False

    def check(self) -> None:
        """Start kubectl when it does not run, or when what it holds on to has gone."""
        if self._process is not None and self._process.poll() is None:
            if reachable(self._port):
                self._answered = True
                return
            if not self._answered and time.monotonic() - self._started < _FIRST_ANSWER_SECONDS:
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
    """Hold all three addresses until SIGTERM or SIGINT; the exit status."""
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
