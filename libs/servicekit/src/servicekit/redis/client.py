"""The connection to Redis, from one URL.

`redis://`, `rediss://` and `unix://` as redis-py reads them; `redis+sentinel://host:port,host:port/service/db`;
`redis+cluster://host:port` (`rediss+...` for TLS). Every command has a timeout and is tried once: a service responds
with 503 rather than let a user wait, and a closed connection of the pool is detected before it is used.
"""

import asyncio
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from redis.asyncio import ConnectionPool, Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException, RedisError
from redis.maint_notifications import MaintNotificationsConfig

from servicekit.redis.database import Database

# Requests beyond this limit get 503 at once: Redis could not serve more connections in time anyway.
MAX_CONNECTIONS = 512

__all__ = ["Database", "RedisError", "connect"]


def connect(url: str, timeout: float) -> Database:
    """A client for `url`; `timeout` in seconds applies to connecting and to every command.

    Raises ValueError if the form of the URL is unknown. Nothing is sent before the first command.
    """
    options: dict[str, Any] = {
        "decode_responses": True,
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        # If enabled, redis-py's pool does not check whether an idle connection has been closed.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    scheme = url.partition("://")[0]
    if scheme in ("redis", "rediss", "unix"):
        pool = ConnectionPool.from_url(url, max_connections=MAX_CONNECTIONS, retry=_once(), **options)
        return cast(Database, Redis.from_pool(pool))
    if scheme in ("redis+cluster", "rediss+cluster"):
        return cast(Database, _Cluster.from_url(url.replace("+cluster", "", 1), retry=_once(), **options))
    if scheme in ("redis+sentinel", "rediss+sentinel"):
        return _sentinel_master(url, options)
    raise ValueError(f"unknown scheme of a Redis URL: {scheme}://")


class _Cluster(RedisCluster):
    """Raises a RedisError when no node of the cluster is reachable, as the other clients do."""

    async def initialize(self, *arguments: Any, **options: Any) -> RedisCluster:
        try:
            return await super().initialize(*arguments, **options)
        except RedisClusterException as failure:
            raise RedisConnectionError(str(failure)) from failure


class Reader:
    """Sends the reads of one iteration of the event loop to Redis in one pipeline.

    Under load this takes a fraction of the work of a connection and a write for each command.
    """

    def __init__(self, redis: Database) -> None:
        self._redis = redis
        self._waiting: list[tuple[tuple[str, ...], asyncio.Future[list[str | None]]]] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def mget(self, *keys: str) -> list[str | None]:
        """The values of keys, which must be in one slot; raises RedisError."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[list[str | None]] = loop.create_future()
        self._waiting.append((keys, result))
        if len(self._waiting) == 1:
            loop.call_soon(self._send)
        return await result

    async def get(self, key: str) -> str | None:
        """The value of a key; raises RedisError."""
        return (await self.mget(key))[0]

    def _send(self) -> None:
        task = asyncio.get_running_loop().create_task(self._execute(self._waiting))
        self._waiting = []
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _execute(self, waiting: list[tuple[tuple[str, ...], asyncio.Future[list[str | None]]]]) -> None:
        try:
            pipeline = self._redis.pipeline(transaction=False)
            for keys, _ in waiting:
                # Not `mget`, which redis-py refuses in a cluster's pipeline: these keys are all in one slot.
                pipeline.execute_command("MGET", *keys)
            results = await pipeline.execute()
        except Exception as failure:  # noqa: BLE001 - every waiting reader gets it
            for _, result in waiting:
                if not result.done():
                    result.set_exception(failure)
        else:
            for (_, result), values in zip(waiting, results, strict=True):
                if not result.done():
                    result.set_result(values)


def _sentinel_master(url: str, options: dict[str, Any]) -> Database:
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("a Sentinel URL must name the service: redis+sentinel://host:26379/mymaster/0")
    sentinels = [(host, int(port or 26379)) for host, _, port in (h.partition(":") for h in hosts.split(","))]
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        sentinels,
        sentinel_kwargs={"socket_timeout": options["socket_timeout"]},
        ssl=parts.scheme.startswith("rediss"),
    )
    master = sentinel.master_for(
        service,
        db=int(database or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        retry=_once(),
        **options,
    )
    return cast(Database, master)


def _once() -> Retry:
    return Retry(NoBackoff(), 0)
