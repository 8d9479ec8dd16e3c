"""The public keys of clients, registered by value or fetched from their URL (RFC 7591 §2)."""

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
    fetched_at: float | None = None
    refetched_at: float | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class ClientKeys:
    """Fetches and caches keys; `clock` counts seconds and never goes back (RFC 7591 §2)."""

    def __init__(self, http: ClientHttp, clock: Callable[[], float]) -> None:
        self._http = http
        self._clock = clock
        self._cache: dict[str, _Fetched] = {}

    async def find(self, client: Client, kid: str | None = None) -> tuple[Key, ...]:
        """All keys of a client; none if it does not have any or they cannot be fetched.

        A cached set is fetched again when it is MAX_AGE seconds old, or when it lacks `kid`, because the client may
        just have changed its keys. The latter happens at most once in REFETCH_INTERVAL seconds, so that forged tokens
        do not make the provider flood a client with requests.
        """
        if client.jwks is not None:
            return usable_keys(client.jwks)
        if client.jwks_uri is None:
            return ()
        place = f"{client.client_id} {client.jwks_uri}"
        if len(self._cache) >= CACHE_LIMIT and place not in self._cache:
            self._cache.clear()
        cached = self._cache.setdefault(place, _Fetched())
        seen = cached.fetched_at
        old = seen is None or self._clock() - seen >= MAX_AGE
        if old or (not _has(cached.keys, kid) and self._may_refetch(cached)):
            async with cached.lock:
                if cached.fetched_at == seen:  # otherwise another request has just tried
                    cached.refetched_at = cached.refetched_at if old else self._clock()
                    await self._fetch(client, client.jwks_uri, cached)
        return cached.keys

    def _may_refetch(self, cached: _Fetched) -> bool:
        return cached.refetched_at is None or self._clock() - cached.refetched_at >= REFETCH_INTERVAL

    async def _fetch(self, client: Client, uri: str, cached: _Fetched) -> None:
        """Fetch the keys; after a failure the old ones stay."""
        try:
            response = await self._http.of(client).get(uri)
            if response.status == 200:
                cached.keys = usable_keys(response.json_object())
                return
            reason = str(response.status)
        except (Unreachable, ValueError) as failure:
            reason = str(failure)
        finally:
            cached.fetched_at = self._clock()
        event(log, "client keys could not be fetched", logging.WARNING, client_id=client.client_id, reason=reason)


def _has(keys: Sequence[Key], kid: str | None) -> bool:
    return bool(keys) and (kid is None or any(key.get("kid") == kid for key in keys))
