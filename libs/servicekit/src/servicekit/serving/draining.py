"""Draining before shutdown: the service is no longer ready, but still responds while traffic moves elsewhere.

A load balancer removes it because `/readyz` fails; every response tells the client to close its connection. A client
that keeps idle connections for less than the delay never sends a request on a connection that is being closed.
"""

import asyncio
from typing import Any

from servicekit.web.endpoints import AsgiApp, Receive, Scope, Send

_BODY = b'{"status":"draining"}'
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_BODY)).encode()),
    (b"cache-control", b"no-store"),
    (b"connection", b"close"),
]


class Drain:
    """A drain that is started by a signal and is over after `delay` seconds."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._begun = asyncio.Event()

    def begin(self) -> None:
        self._begun.set()

    async def over(self) -> None:
        """Wait until it has started and the delay has passed."""
        await self._begun.wait()
        await asyncio.sleep(self._delay)

    def around(self, app: AsgiApp) -> AsgiApp:
        """Wrap an application, whose responses change once the drain has started."""

        async def draining(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not self._begun.is_set():
                await app(scope, receive, send)
            elif scope["path"] == "/readyz":
                await send({"type": "http.response.start", "status": 503, "headers": _HEADERS})
                await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else _BODY})
            else:
                await app(scope, receive, _closing(send))

        return draining


def _closing(send: Send) -> Send:
    async def send_closing(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await send(message)

    return send_closing
