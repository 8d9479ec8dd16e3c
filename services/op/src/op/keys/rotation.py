"""The background task that rotates the keys and keeps those of this replica up to date."""

import asyncio
import logging

from op.keys.ring import KeyRing
from op.protocol.keys.schedule import KEY_REFRESH_SECONDS
from servicekit.encryption import DecryptionError
from servicekit.log import event
from servicekit.redis.client import RedisError

log = logging.getLogger(__name__)


class KeyRotation:
    """Reads the stored keys every `pause` seconds, and publishes new ones when they are due.

    OpenID Connect Core §10.1.1.
    """

    def __init__(self, keys: KeyRing, pause: float = KEY_REFRESH_SECONDS) -> None:
        self._keys = keys
        self._pause = pause
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._pause)
            try:
                if await self._keys.rotate(when_due=True):
                    event(log, "new signing keys published")
            except RedisError as failure:
                event(log, "signing keys could not be read", logging.WARNING, reason=failure)
            except DecryptionError:
                event(log, "OP_SECRET_KEY cannot decrypt the signing keys", logging.CRITICAL)
            except Exception:
                log.exception("unexpected error while reading the signing keys")
