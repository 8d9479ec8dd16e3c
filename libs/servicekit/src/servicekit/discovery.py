"""The provider's documents, fetched and kept for its two clients: discovery metadata and JWKS.

Only the transport is shared here. What a client checks in a token it writes itself.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from servicekit.http import HttpClient, Unreachable
from servicekit.log import event

MAX_AGE = 300.0
REFETCH_INTERVAL = 10.0

log = logging.getLogger(__name__)

Clock = Callable[[], float]


class ProviderUnavailable(Exception):
    """The provider does not answer, or answers with a server error: try again later."""


class ProviderMisconfigured(Exception):
    """The provider answered with a document that must not be used; the message says why."""


class WrongIssuer(ProviderMisconfigured):
    """The document is of another issuer than the one that was asked for (OpenID Connect Discovery 1.0 §4.3)."""

    def __init__(self, expected: str, found: object) -> None:
        super().__init__(f"the discovery document is of issuer {found!r}, not {expected!r}")
        self.expected = expected
        self.found = found


@dataclass(frozen=True)
class Metadata:
    """A discovery document whose issuer was compared (OpenID Connect Discovery 1.0 §4.3)."""

    issuer: str
    document: Mapping[str, Any]

    def endpoint(self, name: str) -> str:
        """The URL of an endpoint by its name in the document; raises ProviderMisconfigured without one."""
        url = self.document.get(name)
        if not isinstance(url, str) or not _is_http_url(url):
            raise ProviderMisconfigured(f"the discovery document has no {name}")
        return url

    def values(self, name: str) -> tuple[str, ...]:
        """A list of the document, empty when it has none."""
        found = self.document.get(name)
        return tuple(v for v in found if isinstance(v, str)) if isinstance(found, list) else ()


class ProviderDocuments:
    """One issuer's discovery document and keys, fetched when first asked for and again after `max_age` seconds.

    A stale copy still serves while the provider does not answer. `clock` counts seconds and never goes back.
    """

    def __init__(self, issuer: str, http: HttpClient, clock: Clock, max_age: float = MAX_AGE) -> None:
        self.issuer = issuer
        self._http = http
        self._clock = clock
        self._max_age = max_age
        self._metadata: Metadata | None = None
        self._metadata_fetched = 0.0
        self._keys: tuple[Mapping[str, Any], ...] | None = None
        self._keys_fetched = 0.0
        self._keys_sought: float | None = None
        self._lock = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """The discovery document; raises ProviderUnavailable, ProviderMisconfigured."""
        known, seen = self._metadata, self._metadata_fetched
        if known and self._clock() - seen < self._max_age:
            return known
        async with self._lock:
            # Whoever waited for another's attempt takes its outcome, a failure too, instead of trying once more.
            if self._metadata_fetched == seen:
                try:
                    self._metadata = await self._fetched_or_stale(self._fetch_metadata, known)
                finally:
                    self._metadata_fetched = self._clock()
        if self._metadata is None:
            raise ProviderUnavailable("the provider's discovery document could not be fetched just now")
        return self._metadata

    async def keys(self, kid: str | None = None, *, asked_for: bool = False) -> tuple[Mapping[str, Any], ...]:
        """The provider's JWKs: those of `kid`, or all of them.

        An unknown `kid` makes it fetch the set once more, also right after it was fetched: the provider may just have
        changed its keys. So does a token without a `kid`, of which nobody can tell whether the set is too old for it.
        A token that anybody can send does so every REFETCH_INTERVAL seconds at most, so that strangers cannot make it
        hammer the provider. One that the provider gave when it was asked for (`asked_for`) does so each time: the
        provider may change its keys as often as it likes, and strangers cannot keep it from being heard.
        """
        seen = self._keys_fetched
        known = self._keys
        found = _of(known, kid)
        stale = known is None or self._clock() - seen >= self._max_age
        if stale or ((not found or kid is None) and (asked_for or self._may_seek())):
            async with self._lock:
                if not stale and not asked_for:
                    self._keys_sought = self._clock()
                if self._keys_fetched == seen:
                    try:
                        self._keys = await self._fetched_or_stale(self._fetch_keys, known)
                    finally:
                        self._keys_fetched = self._clock()
            if self._keys is None:
                raise ProviderUnavailable("the provider's keys could not be fetched just now")
            found = _of(self._keys, kid)
        return found

    def _may_seek(self) -> bool:
        return self._keys_sought is None or self._clock() - self._keys_sought >= REFETCH_INTERVAL

    async def _fetched_or_stale(self, fetch: Callable[[], Any], known: Any) -> Any:
        try:
            return await fetch()
        except ProviderUnavailable as failure:
            if known is None:
                raise
            event(log, "provider away, using its last document", logging.WARNING, reason=failure)
            return known

    async def _fetch_metadata(self) -> Metadata:
        # Discovery §4.1: a slash at the issuer's end is left out here, and nowhere else.
        document = await self._json(f"{self.issuer.removesuffix('/')}/.well-known/openid-configuration")
        if document.get("issuer") != self.issuer:
            raise WrongIssuer(self.issuer, document.get("issuer"))
        return Metadata(self.issuer, document)

    async def _fetch_keys(self) -> tuple[Mapping[str, Any], ...]:
        metadata = self._metadata or await self._fetch_metadata()
        keys = (await self._json(metadata.endpoint("jwks_uri"))).get("keys")
        if not isinstance(keys, list):
            raise ProviderMisconfigured("the provider's jwks_uri has no key set")
        return tuple(key for key in keys if isinstance(key, dict))

    async def _json(self, url: str) -> dict[str, Any]:
        try:
            answer = await self._http.get(url)
        except Unreachable as failure:
            raise ProviderUnavailable(str(failure)) from failure
        if answer.status >= 500 or answer.status == 429:
            raise ProviderUnavailable(f"{url} answered {answer.status}")
        if answer.status != 200:
            raise ProviderMisconfigured(f"{url} answered {answer.status}")
        try:
            return answer.json_object()
        except ValueError:
            raise ProviderMisconfigured(f"{url} answered with something that is no JSON object") from None


def _is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0 and text.isprintable()
    except ValueError:
        return False


def _of(keys: tuple[Mapping[str, Any], ...] | None, kid: str | None) -> tuple[Mapping[str, Any], ...]:
    return tuple(key for key in keys or () if kid is None or key.get("kid") == kid)
