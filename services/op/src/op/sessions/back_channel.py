"""Logout tokens on their way to the clients (Back-Channel Logout 1.0 §2.5, §2.8), beside the person's request."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from servicekit.http import HttpClient, Unreachable
from servicekit.log import event

log = logging.getLogger(__name__)

PAUSES = (0.5, 2.0)
"""How long to wait before the second and the third try, in seconds."""
DRAIN_SECONDS = 1.5

_REFUSED = 400


LogoutToken = Callable[[], Awaitable[str]]
Post = Callable[[str], Awaitable[str | None]]


class BackChannel:
    """Posts tokens, each in a task of its own, with a deadline and a few tries."""

    def __init__(self, pauses: tuple[float, ...] = PAUSES) -> None:
        self._pauses = pauses
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, http: HttpClient, client_id: str, uri: str, logout_token: LogoutToken) -> None:
        """Deliver a token, made anew for each try: a client that has seen a `jti` refuses it the second time."""
        task = asyncio.create_task(_deliver(partial(_post, http, uri), client_id, logout_token, self._pauses))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, patience: float = DRAIN_SECONDS) -> None:
        """At the process's end: what is on its way may arrive within `patience` seconds, which a service has few of."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            if late:
                event(log, "logout tokens not delivered before shutdown", logging.WARNING, count=len(late))
                await asyncio.wait(late)


async def _deliver(post: Post, client_id: str, logout_token: LogoutToken, pauses: tuple[float, ...]) -> None:
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
    """Why it was not taken, if it was not (§2.8)."""
    try:
        answer = await http.post(uri, {"logout_token": logout_token})
    except Unreachable as failure:
        return str(failure)
    return None if answer.status in (200, 204) else str(answer.status)
