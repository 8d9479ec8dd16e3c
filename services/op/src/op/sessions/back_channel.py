"""The delivery of logout tokens to clients in the background (Back-Channel Logout 1.0 §2.5, §2.8)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from servicekit.http import HttpClient, Unreachable
from servicekit.log import event

log = logging.getLogger(__name__)

PAUSES = (0.5, 2.0)
"""How long to wait before the second and third attempt, in seconds."""
DRAIN_SECONDS = 1.5

_REFUSED = 400


LogoutToken = Callable[[], Awaitable[str]]
Post = Callable[[str], Awaitable[str | None]]


class BackChannel:
    """Posts logout tokens, each in a separate task, with a timeout and a few attempts.

    OpenID Connect Back-Channel Logout §2.5.
    """

    def __init__(self, pauses: tuple[float, ...] = PAUSES) -> None:
        self._pauses = pauses
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, http: HttpClient, client_id: str, uri: str, logout_token: LogoutToken) -> None:
        """Deliver a token; each attempt has a new one, because a client rejects a `jti` that it has already seen."""
        task = asyncio.create_task(_deliver(partial(_post, http, uri), client_id, logout_token, self._pauses))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, patience: float = DRAIN_SECONDS) -> None:
        """At shutdown, wait up to `patience` seconds for the pending deliveries."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            if late:
                event(log, "logout tokens not delivered before shutdown", logging.WARNING, count=len(late))
                await asyncio.wait(late)


async def _deliver(post: Post, client_id: str, logout_token: LogoutToken, pauses: tuple[float, ...]) -> None:
    """200 means that the logout token was accepted, and 400 that it was rejected for good (OpenID Connect
    Back-Channel Logout §2.8).
    """
    for pause in (*pauses, None):
        reason = await post(await logout_token())
        if reason is None:
            event(log, "logout token delivered", client_id=client_id)
            return
        if pause is None or reason == str(_REFUSED):
            break
        await asyncio.sleep(pause)
    event(log, "logout token not delivered", logging.WARNING, client_id=client_id, reason=reason)


async def _post(http: HttpClient, uri: str, logout_token: str) -> str | None:
    """Post a logout token; the reason if the client did not accept it (§2.8)."""
    try:
        response = await http.post(uri, {"logout_token": logout_token})
    except Unreachable as failure:
        return str(failure)
    return None if response.status in (200, 204) else str(response.status)
