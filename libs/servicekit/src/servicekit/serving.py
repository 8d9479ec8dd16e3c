"""Serving: hypercorn runs `create_app()`, drains on SIGTERM and is gone within ten seconds.

One worker serves in this process. With more, this process opens the sockets, starts a child for each worker with the
same command and environment, and starts a new one when one dies.
"""

import asyncio
import gc
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from hypercorn.utils import LifespanFailureError
from quart import Quart

from servicekit.log import event
from servicekit.metrics import Metrics, management_app
from servicekit.settings import ServiceSettings

log = logging.getLogger(__name__)

DRAIN_SECONDS = 8.0
KEEP_ALIVE_SECONDS = 75.0
KEEP_ALIVE_REQUESTS = 1_000_000
_RESTART_PAUSE = 0.5


class StartFailed(Exception):
    """The application refused to start; the message says why."""


def serve(create_app: Callable[[], Quart], settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT. Raises StartFailed, and what `create_app` raises."""
    if settings.workers > 1:
        _supervise(settings)
    else:
        asyncio.run(_serve_here(create_app(), settings))


async def _serve_here(app: Quart, settings: ServiceSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    servers: list[Any] = [hypercorn_serve(app, hypercorn_config(settings.bind), shutdown_trigger=stop.wait)]
    metrics = app.extensions.get("metrics")
    if settings.management_bind and isinstance(metrics, Metrics):
        management = management_app(metrics)
        config = hypercorn_config(settings.management_bind)
        servers.append(hypercorn_serve(management, config, shutdown_trigger=stop.wait))
    event(log, "serving", bind=settings.bind, management=settings.management_bind)
    gc.collect()
    gc.freeze()
    try:
        await asyncio.gather(*servers)
    except LifespanFailureError as failure:
        raise StartFailed(str(failure).partition("'")[2].removesuffix("'")) from None


def hypercorn_config(bind: str) -> Config:
    """How every Hypercorn of the house is set up."""
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


def _supervise(settings: ServiceSettings) -> None:
    sockets = {
        name: hypercorn_config(bind).create_sockets().insecure_sockets[0]
        for name, bind in (("BIND", settings.bind), ("MANAGEMENT_BIND", settings.management_bind))
        if bind
    }
    stopping = False
    children: dict[int, subprocess.Popen[bytes]] = {}

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        for child in children.values():
            child.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with tempfile.TemporaryDirectory(prefix="trefoil-metrics-") as metrics_folder:
        environment = {
            **os.environ,
            **{name: f"fd://{sock.fileno()}" for name, sock in sockets.items()},
            "WORKERS": "1",
            "PROMETHEUS_MULTIPROC_DIR": metrics_folder,
        }
        handles = [sock.fileno() for sock in sockets.values()]
        for _ in range(settings.workers):
            _start(children, environment, handles)
        while children:
            pid, _status = os.wait()
            if children.pop(pid, None) is not None and not stopping:
                signal.sigtimedwait([], _RESTART_PAUSE)
                _start(children, environment, handles)


def _start(children: dict[int, subprocess.Popen[bytes]], environment: dict[str, str], handles: list[int]) -> None:
    child = subprocess.Popen([sys.executable, *sys.orig_argv[1:]], env=environment, pass_fds=handles)  # noqa: S603 - our own command again
    children[child.pid] = child
