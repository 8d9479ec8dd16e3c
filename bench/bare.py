"""The bare server as a baseline of the measurements: Hypercorn, configured as in the services, with a constant page."""

import asyncio
import sys
from typing import Any

from hypercorn.asyncio import serve

from servicekit.serving.server import hypercorn_config

_BODY = b'{"active":false}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]


async def constant_page(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that only reads a request and sends a response."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})


if __name__ == "__main__":
    asyncio.run(serve(constant_page, hypercorn_config(f"127.0.0.1:{sys.argv[1]}")))
