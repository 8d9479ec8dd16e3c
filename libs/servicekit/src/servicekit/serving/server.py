"""Serving an application: Hypercorn runs it, drains on SIGTERM and exits within ten seconds.

A single worker serves in this process. With several, this process opens the sockets, starts a child process for each
worker with the same command and environment, and replaces one that exits.
"""

import asyncio
import errno
import gc
import logging
import os
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from hypercorn.utils import LifespanFailureError
from quart import Quart

from servicekit.log import event
from servicekit.monitoring.metrics import Metrics, management_app
from servicekit.serving.draining import Drain
from servicekit.serving.tls_shutdown import shorten_tls_shutdown
from servicekit.settings import ServiceSettings

log = logging.getLogger(__name__)

DRAIN_SECONDS = 8.0
KEEP_ALIVE_SECONDS = 75.0
KEEP_ALIVE_REQUESTS = 1_000_000
_RESTART_PAUSE = 0.5
_CANNOT_LISTEN = (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES)

REFUSED = 2
"""The exit status of a service that cannot start with its configuration."""


class StartFailed(Exception):
    """The application could not start; the message says why."""


def serve(create_app: Callable[[], Quart], settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT. Raises StartFailed, and what `create_app` raises."""
    _check_certificate(settings)
    try:
        if settings.workers > 1:
            _supervise(settings)
        else:
            asyncio.run(_serve_here(create_app(), settings))
    except OSError as failure:
        if failure.errno not in _CANNOT_LISTEN:
            raise
        places = " and ".join(filter(None, (settings.bind, settings.management_bind)))
        raise StartFailed(f"cannot listen on {places}: {os.strerror(failure.errno)}") from None


async def _serve_here(app: Quart, settings: ServiceSettings) -> None:
    drain = Drain(settings.drain_delay)
    loop = asyncio.get_running_loop()
    shorten_tls_shutdown(loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, drain.begin)
    apps: dict[str, Any] = {settings.bind: drain.around(app)}
    metrics = app.extensions.get("metrics")
    if settings.management_bind and isinstance(metrics, Metrics):
        apps[settings.management_bind] = management_app(metrics)
    servers = []
    for bind, served in apps.items():
        config = hypercorn_config(bind)
        if bind == settings.bind:
            _configure_tls(config, settings)
        config.graceful_timeout = DRAIN_SECONDS - settings.drain_delay
        servers.append(hypercorn_serve(served, config, shutdown_trigger=drain.over))
    event(log, "serving", bind=settings.bind, management=settings.management_bind)
    gc.collect()
    gc.freeze()
    try:
        await asyncio.gather(*servers)
    except LifespanFailureError as failure:
        raise StartFailed(str(failure).partition("'")[2].removesuffix("'")) from None


def hypercorn_config(bind: str) -> Config:
    """The configuration of every Hypercorn server in this project."""
    config = Config()
    config.bind = [bind]
    config.graceful_timeout = DRAIN_SECONDS
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.keep_alive_max_requests = KEEP_ALIVE_REQUESTS
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.errorlog.setLevel(logging.WARNING)
    return config


def _configure_tls(config: Config, settings: ServiceSettings) -> None:
    """Configure TLS if there is a certificate; only HTTP/1.1, because draining uses the header `Connection`.

    RFC 9325 §3.1.1; RFC 9700 §2.6.
    """
    if settings.tls_cert_file and settings.tls_key_file:
        config.certfile, config.keyfile = str(settings.tls_cert_file), str(settings.tls_key_file)
        config.alpn_protocols = ["http/1.1"]


def _check_certificate(settings: ServiceSettings) -> None:
    """Raises StartFailed unless there are both a certificate and its key, or neither.

    RFC 9325 §3.1.1; RFC 9700 §2.6.
    """
    certificate, key = settings.tls_cert_file, settings.tls_key_file
    if bool(certificate) != bool(key):
        raise StartFailed("TLS_CERT_FILE and TLS_KEY_FILE must be set together")
    if certificate and key:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        except OSError as fault:  # includes SSLError
            reason = getattr(fault, "reason", None) or os.strerror(fault.errno or 0)
            raise StartFailed(f"TLS_CERT_FILE and TLS_KEY_FILE cannot be used: {reason}") from None


def _supervise(settings: ServiceSettings) -> None:
    sockets = {
        name: hypercorn_config(bind).create_sockets().insecure_sockets[0]
        for name, bind in (("BIND", settings.bind), ("MANAGEMENT_BIND", settings.management_bind))
        if bind
    }
    with tempfile.TemporaryDirectory(prefix="trefoil-metrics-") as metrics_folder:
        environment = {
            **os.environ,
            **{name: f"fd://{sock.fileno()}" for name, sock in sockets.items()},
            "WORKERS": "1",
            "PROMETHEUS_MULTIPROC_DIR": metrics_folder,
        }
        _Supervisor(environment, [sock.fileno() for sock in sockets.values()]).run(settings.workers)


class _Supervisor:
    """Keeps workers running until it is stopped; they inherit the sockets `handles`."""

    def __init__(self, environment: dict[str, str], handles: list[int]) -> None:
        self._environment = environment
        self._handles = handles
        # The Popen objects are kept, because otherwise Python would reap their processes before os.wait does.
        self._workers: dict[int, subprocess.Popen[bytes]] = {}
        self._stopping = False

    def run(self, count: int) -> None:
        """Run until the last worker has exited. Raises StartFailed if none could start."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        refused = False
        for _ in range(count):
            self._start()
        while self._workers:
            pid, status = os.wait()
            self._workers.pop(pid, None)
            if os.waitstatus_to_exitcode(status) == REFUSED:
                refused = True  # it would fail again
            elif not self._stopping:
                signal.sigtimedwait([], _RESTART_PAUSE)
                self._start()
        if refused and not self._stopping:
            raise StartFailed("no worker could start; see their messages")

    def _start(self) -> None:
        if self._stopping:
            return
        command = [sys.executable, *sys.orig_argv[1:]]
        worker = subprocess.Popen(command, env=self._environment, pass_fds=self._handles)  # noqa: S603 - our own command
        self._workers[worker.pid] = worker
        if self._stopping:  # the signal arrived while the worker was being started
            self._stop()

    def _stop(self, *_: object) -> None:
        self._stopping = True
        for pid in list(self._workers):
            # Not terminate(), which would reap the process before os.wait does. It may just have exited.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
