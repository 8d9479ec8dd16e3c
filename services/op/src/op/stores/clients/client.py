"""Clients: `op:client:<client_id>`, with encrypted secrets, cached in the process for a few seconds."""

import dataclasses
from collections.abc import AsyncIterator, Callable

from op.records import Client
from op.stores.codec import from_json, to_json
from servicekit.encryption import Encryptor
from servicekit.redis.client import Database

CACHE_SECONDS = 5.0
CACHE_LIMIT = 1000

_PREFIX = "op:client:"


class ClientStore:
    """All replicas see a change after CACHE_SECONDS; `clock` counts seconds and never goes back."""

    def __init__(self, redis: Database, encryptor: Encryptor, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._encryptor = encryptor
        self._clock = clock
        self._cache: dict[str, tuple[float, Client]] = {}

    async def save(self, client: Client, ttl: int | None = None) -> None:
        """Store a client; without a `ttl` until an administrator removes it."""
        key = _PREFIX + client.client_id
        secret = self._encryptor.encrypt(client.client_secret, key) if client.client_secret else None
        await self._redis.set(key, to_json(dataclasses.replace(client, client_secret=secret)), ex=ttl)
        self._cache.pop(client.client_id, None)

    async def find(self, client_id: str) -> Client | None:
        cached = self._cache.get(client_id)
        if cached and self._clock() < cached[0]:
            return cached[1]
        client = await self.read(client_id)
        if client is None:
            self._cache.pop(client_id, None)
            return None
        if len(self._cache) >= CACHE_LIMIT:
            self._cache.clear()
        self._cache[client_id] = (self._clock() + CACHE_SECONDS, client)
        return client

    async def read(self, client_id: str) -> Client | None:
        """Like `find`, but without the cache."""
        key = _PREFIX + client_id
        text = await self._redis.get(key)
        if text is None:
            return None
        client = from_json(Client, text)
        secret = self._encryptor.decrypt(client.client_secret, key) if client.client_secret else None
        return dataclasses.replace(client, client_secret=secret)

    async def remove(self, client_id: str) -> bool:
        """Delete a client; False if it does not exist."""
        self._cache.pop(client_id, None)
        return bool(await self._redis.delete(_PREFIX + client_id))

    async def all(self) -> AsyncIterator[Client]:
        """Every client, by client_id."""
        for key in sorted([key async for key in self._redis.scan_iter(match=f"{_PREFIX}*")]):
            client = await self.read(key.removeprefix(_PREFIX))
            if client is not None:
                yield client
