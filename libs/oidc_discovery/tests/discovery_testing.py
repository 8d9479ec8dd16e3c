"""A scripted provider and a clock, for the tests of fetching and caching its documents."""

import asyncio
import json
from typing import Any

from aiohttp import web

DISCOVERY, JWKS = "/.well-known/openid-configuration", "/jwks"


class Provider:
    """A scripted provider whose responses can be changed, and which counts its requests."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.issuer = f"http://127.0.0.1:{port}"
        self.metadata: Any = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks"}
        self.keys: Any = {"keys": [{"kid": "a"}, {"kid": "b"}]}
        self.status = 200
        self.scripted: dict[str, tuple[int, str]] = {}
        self.requests: list[str] = []
        self.held: str | None = None
        self.arrived, self.released = asyncio.Event(), asyncio.Event()

    async def start(self) -> None:
        application = web.Application()
        application.router.add_get("/{tail:.*}", self.respond)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def respond(self, request: web.Request) -> web.Response:
        """Respond at once, except to the path `held` until `released`; `scripted` has other responses."""
        self.requests.append(request.path)
        if request.path == self.held:
            self.arrived.set()
            await self.released.wait()
        body = json.dumps(self.keys if request.path == JWKS else self.metadata)
        status, body = self.scripted.get(request.path, (self.status, body))
        return web.Response(status=status, text=body)


class Ticks:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds
