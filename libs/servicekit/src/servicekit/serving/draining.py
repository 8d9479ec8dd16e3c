"""The last seconds of a service: it is not ready any more, but still answers, while everybody goes elsewhere.

A balancer takes it out because `/readyz` fails; a client that keeps its connection is asked with each answer to make a
new one. Whoever keeps connections idle for less than the delay never sends a request into one that is being closed.
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
    """Begun by a signal, over after `delay` seconds."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._begun = asyncio.Event()

    def begin(self) -> None:
        self._begun.set()

    async def over(self) -> None:
        """Wait until it has begun and the delay has passed."""
        await self._begun.wait()
        await asyncio.sleep(self._delay)

    def around(self, app: AsgiApp) -> AsgiApp:
        """The application, with other answers once this has begun."""

        async def draining(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not self._begun.is_set():
                await app(scope, receive, send)
            elif scope["path"] == "/readyz":
                await send({"type": "http.response.start", "status": 503, "headers": _HEADERS})
                await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else _BODY})
            else:
                await app(scope, receive, _asking_to_close(send))

        return draining


def _asking_to_close(send: Send) -> Send:
    async def closing(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await send(message)

    return closing
