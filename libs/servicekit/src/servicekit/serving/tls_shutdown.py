"""Closing TLS connections whose peer does not respond to the close_notify alert (RFC 8446 §6.1).

asyncio waits half a minute for the response and then reports a failure; Hypercorn has no setting for either. A service
that must exit within ten seconds cannot wait that long, and the failure would interrupt other responses.
"""

import asyncio
from collections.abc import Callable
from typing import Any

_SECONDS = 1.0


def shorten_tls_shutdown(loop: asyncio.AbstractEventLoop) -> None:
    """Make every TLS server of this loop wait one second for close_notify, and accept its absence (RFC 8446 §6.1)."""
    create_server: Any = loop.create_server

    async def with_short_shutdown(make_protocol: Callable[[], Any], *args: Any, **options: Any) -> Any:
        if not options.get("ssl"):
            return await create_server(make_protocol, *args, **options)
        return await create_server(
            lambda: _accepting_silence(make_protocol()), *args, **options, ssl_shutdown_timeout=_SECONDS
        )

    loop.create_server = with_short_shutdown  # type: ignore[method-assign, assignment]


def _accepting_silence(protocol: Any) -> Any:
    lost = protocol.connection_lost
    protocol.connection_lost = lambda failure: lost(None if isinstance(failure, TimeoutError) else failure)
    return protocol
