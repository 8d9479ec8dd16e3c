"""Loading what must be in Redis before the provider is ready: its signing keys and the directory."""

import asyncio
import logging

from op.cli.directory import Directory, load
from op.context import Context
from servicekit.encryption import DecryptionError
from servicekit.log import event
from servicekit.redis.client import RedisError

log = logging.getLogger(__name__)

_RETRY_SECONDS = 0.5
_PATIENCE_SECONDS = 2.0


class NotProvisioned(Exception):
    """The keys and the directory are not loaded yet."""


class WrongSecretKey(Exception):
    """The stored records were encrypted with another OP_SECRET_KEY."""

    def __init__(self) -> None:
        super().__init__(
            "OP_SECRET_KEY cannot decrypt the stored records; set it to the value that they were encrypted with"
        )


class Provisioning:
    """Loads the keys and the directory at start, and retries while Redis is unavailable."""

    def __init__(self, op: Context, directory: Directory) -> None:
        self._op = op
        self._directory = directory
        self._done = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start loading, and wait for the end unless Redis is unavailable; raises WrongSecretKey, UsernameTaken."""
        self._task = asyncio.create_task(self._run())
        await asyncio.wait({self._task}, timeout=_PATIENCE_SECONDS)
        if self._task.done():
            try:
                self._task.result()
            except DecryptionError:
                raise WrongSecretKey from None

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def check(self) -> None:
        """Raises NotProvisioned until everything is loaded."""
        if not self._done:
            raise NotProvisioned

    async def _run(self) -> None:
        op = self._op
        while not self._done:
            try:
                await op.keys.load()
                await load(self._directory, op.users, op.clients, op.passwords, op.settings.op_secret_key)
                self._done = True
            except RedisError as failure:
                event(log, "Redis is unavailable, retrying", logging.WARNING, reason=failure)
                await asyncio.sleep(_RETRY_SECONDS)
            except Exception as fault:
                event(log, "startup failed permanently", logging.CRITICAL, reason=repr(fault))
                raise
