"""What the tests of session ends share: clients that are notified, and a sign-in that ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from op_testing import REDIRECT_URI, SECRET, RunningProvider, until

from op.protocol.clients.metadata import client_of
from op.sessions.back_channel import BackChannel
from redis_server import free_port


@dataclass
class Clients:
    """The servers of all clients in one: what they received, and the status that they return, by default 200."""

    url: str
    received: list[tuple[str, str]] = field(default_factory=list)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def respond(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.received.append((name, str((await request.post())["logout_token"])))
        if name == "slow":
            await self.gate.wait()
        statuses = self.statuses.get(name, [])
        return web.Response(status=statuses.pop(0) if statuses else 200)

    def tokens_of(self, name: str) -> list[str]:
        return [token for client, token in self.received if client == name]


@asynccontextmanager
async def running_clients() -> AsyncIterator[Clients]:
    port = free_port()
    served = Clients(f"http://127.0.0.1:{port}")
    application = web.Application()
    application.router.add_post("/{name}", served.respond)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield served
    served.gate.set()
    await runner.cleanup()


async def delivered(channel: BackChannel) -> None:
    async def nothing_is_on_its_way() -> bool:
        return not channel._tasks

    await until(nothing_is_on_its_way)


async def register(provider: RunningProvider, client_id: str, **metadata: Any) -> None:
    known = {"client_id": client_id, "client_secret": SECRET, "redirect_uris": [REDIRECT_URI], "scope": "openid email"}
    await provider.op.clients.save(client_of(known | metadata))


async def sign_in(provider: RunningProvider, client_id: str, **changes: str) -> dict[str, Any]:
    code = await provider.code(client_id=client_id, scope="openid", **changes)
    response = await provider.redeem(code, client_id=client_id, client_secret=SECRET)
    tokens: dict[str, Any] = await response.get_json()
    return tokens


async def sign_out(provider: RunningProvider, tokens: dict[str, Any], **parameters: str) -> Any:
    return await provider.client.get("/logout", query_string={"id_token_hint": tokens["id_token"], **parameters})
