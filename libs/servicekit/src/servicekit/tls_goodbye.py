"""The end of a TLS connection whose peer keeps it idle: nobody reads our goodbye there, and so nobody answers it.

asyncio waits for that answer for half a minute, and then calls it a failure; Hypercorn has no word for either. A
service that has to be gone in ten seconds cannot wait so long, and a failure would cut short what others still get.
"""

import asyncio
from collections.abc import Callable
from typing import Any

_SECONDS = 1.0


def hurry_tls_goodbyes(loop: asyncio.AbstractEventLoop) -> None:
    """Make every TLS server of this loop wait a second for a goodbye, and take its absence for one."""
    create_server: Any = loop.create_server

    async def hurried(make_protocol: Callable[[], Any], *args: Any, **options: Any) -> Any:
        if not options.get("ssl"):
            return await create_server(make_protocol, *args, **options)
        return await create_server(lambda: _forgiving(make_protocol()), *args, **options, ssl_shutdown_timeout=_SECONDS)

    loop.create_server = hurried  # type: ignore[method-assign, assignment]


def _forgiving(protocol: Any) -> Any:
    lost = protocol.connection_lost
    protocol.connection_lost = lambda failure: lost(None if isinstance(failure, TimeoutError) else failure)
    return protocol
