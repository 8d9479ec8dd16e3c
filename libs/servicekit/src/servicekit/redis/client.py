"""The connection to Redis, from one URL.

`redis://`, `rediss://` and `unix://` as redis-py reads them; `redis+sentinel://host:port,host:port/service/db`;
`redis+cluster://host:port` (`rediss+...` for TLS). Every command has a timeout and is tried once: a service
responds with 503 rather than let a person wait, and a closed connection of the pool is noticed before it is used.
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

# Beyond it the response is 503 at once: Redis would not serve more connections in time anyway.
MAX_CONNECTIONS = 512

__all__ = ["Database", "RedisError", "connect"]


def connect(url: str, timeout: float) -> Database:
    """A client for `url`; `timeout` in seconds holds for connecting and for every command.

    Raises ValueError if the form of the URL is unknown. Nothing is sent before the first command.
    """
    options: dict[str, Any] = {
        "decode_responses": True,
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        # With them on, redis-py's pool does not look whether a connection was closed while it lay idle.
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
    raise ValueError(f"no known form of Redis URL: {scheme}://")


class _Cluster(RedisCluster):
    """Raises a RedisError when no node of the cluster is reachable, as the other clients do."""

    async def initialize(self, *arguments: Any, **options: Any) -> RedisCluster:
        try:
            return await super().initialize(*arguments, **options)
        except RedisClusterException as failure:
            raise RedisConnectionError(str(failure)) from failure


class Reader:
    """Reads whose commands of one tick of the event loop go to Redis together, as one pipeline.

    Under load that is a fraction of the work that a connection and a write for each command would be.
    """

    def __init__(self, redis: Database) -> None:
        self._redis = redis
        self._waiting: list[tuple[tuple[str, ...], asyncio.Future[list[str | None]]]] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def mget(self, *keys: str) -> list[str | None]:
        """The values of keys, all in one slot; raises RedisError."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[str | None]] = loop.create_future()
        self._waiting.append((keys, answer))
        if len(self._waiting) == 1:
            loop.call_soon(self._send)
        return await answer

    async def get(self, key: str) -> str | None:
        """The value of a key; raises RedisError."""
        return (await self.mget(key))[0]

    def _send(self) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(self._waiting))
        self._waiting = []
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _answer(self, waiting: list[tuple[tuple[str, ...], asyncio.Future[list[str | None]]]]) -> None:
        try:
            pipeline = self._redis.pipeline(transaction=False)
            for keys, _ in waiting:
                # Not `mget`, which redis-py refuses in a cluster's pipeline: these keys are all in one slot.
                pipeline.execute_command("MGET", *keys)
            answers = await pipeline.execute()
        except Exception as failure:  # noqa: BLE001 - each reader gets it
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(failure)
        else:
            for (_, answer), values in zip(waiting, answers, strict=True):
                if not answer.done():
                    answer.set_result(values)


def _sentinel_master(url: str, options: dict[str, Any]) -> Database:
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("a sentinel URL needs the service: redis+sentinel://host:26379/mymaster/0")
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
