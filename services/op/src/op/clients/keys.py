"""The public keys of clients: registered with them, or fetched from where they publish them (RFC 7591 §2)."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from op.clients.http import ClientHttp
from op.protocol.clients.public_keys import Key, usable_keys
from op.records import Client
from servicekit.http import Unreachable
from servicekit.log import event

log = logging.getLogger(__name__)

MAX_AGE = 300.0
REFETCH_INTERVAL = 10.0
CACHE_LIMIT = 1000


@dataclass(slots=True)
class _Fetched:
    keys: tuple[Key, ...] = ()
    at: float | None = None
    sought: float | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class ClientKeys:
    """`clock` counts seconds and never goes back."""

    def __init__(self, http: ClientHttp, clock: Callable[[], float]) -> None:
        self._http = http
        self._clock = clock
        self._cache: dict[str, _Fetched] = {}

    async def find(self, client: Client, kid: str | None = None) -> tuple[Key, ...]:
        """All keys of a client; none when it has none, or none that can be fetched.

        A set is fetched when it is old. One that lacks `kid` is fetched once more, also right after it was fetched: the
        client may just have changed its keys. That is not done more often than every REFETCH_INTERVAL seconds: whoever
        sends made-up tokens cannot make the provider hammer a client.
        """
        if client.jwks is not None:
            return usable_keys(client.jwks)
        if client.jwks_uri is None:
            return ()
        place = f"{client.client_id} {client.jwks_uri}"
        if len(self._cache) >= CACHE_LIMIT and place not in self._cache:
            self._cache.clear()
        cached = self._cache.setdefault(place, _Fetched())
        seen = cached.at
        old = seen is None or self._clock() - seen >= MAX_AGE
        if old or (not _has(cached.keys, kid) and self._may_seek(cached)):
            async with cached.lock:
                if cached.at == seen:  # else somebody else has just tried
                    cached.sought = cached.sought if old else self._clock()
                    await self._fetch(client, client.jwks_uri, cached)
        return cached.keys

    def _may_seek(self, cached: _Fetched) -> bool:
        return cached.sought is None or self._clock() - cached.sought >= REFETCH_INTERVAL

    async def _fetch(self, client: Client, uri: str, cached: _Fetched) -> None:
        """What cannot be fetched leaves the keys as they were."""
        try:
            answer = await self._http.of(client).get(uri)
            if answer.status == 200:
                cached.keys = usable_keys(answer.json_object())
                return
            reason = str(answer.status)
        except (Unreachable, ValueError) as failure:
            reason = str(failure)
        finally:
            cached.at = self._clock()
        event(log, "client keys could not be fetched", logging.WARNING, client_id=client.client_id, reason=reason)


def _has(keys: Sequence[Key], kid: str | None) -> bool:
    return bool(keys) and (kid is None or any(key.get("kid") == kid for key in keys))
