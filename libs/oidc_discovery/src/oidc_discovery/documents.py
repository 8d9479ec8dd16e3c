"""The two documents of one provider: its discovery metadata and its key set."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, TypeAlias

from oidc_discovery import cached_document
from oidc_discovery.cached_document import CachedDocument
from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable, WrongIssuer, is_unavailable
from oidc_discovery.metadata import Metadata
from servicekit.clock import Clock
from servicekit.http import ConnectFailed, HttpClient, Unreachable

MAX_AGE = 300.0
"""How long a document is cached, in seconds, unless the service is configured otherwise."""

REFETCH_INTERVAL = 10.0
"""How often tokens that anybody can send may cause the key set to be fetched again, in seconds."""

Keys: TypeAlias = tuple[Mapping[str, Any], ...]


class ProviderDocuments:
    """One issuer's discovery document and keys, fetched on demand and again after `max_age` seconds.

    A stale copy is used while no other can be fetched. `clock` counts seconds and never goes back.
    """

    def __init__(self, issuer: str, http: HttpClient, clock: Clock, max_age: float = MAX_AGE) -> None:
        self.issuer = issuer
        self._http = http
        self._clock = clock
        self._metadata: CachedDocument[Metadata] = CachedDocument(clock, max_age)
        self._keys: CachedDocument[Keys] = CachedDocument(clock, max_age)
        self._next_refetch = -math.inf

    async def metadata(self) -> Metadata:
        """The discovery document; raises ProviderUnavailable, ProviderMisconfigured."""
        return await self._metadata.get(self._fetch_metadata)

    async def keys(self, kid: str | None = None, *, solicited: bool = False, conclusive: bool = False) -> Keys:
        """The provider's JWKs with this `kid`, or all of them.

        An unknown `kid` causes the key set to be fetched again, even right after it was fetched: the provider may just
        have rotated its keys. So does a token without a `kid`, because nobody can tell whether the set is too old for
        it. For a token that anybody can send, this happens at most once in REFETCH_INTERVAL seconds, or in FAILURE_AGE
        after a failure, so that nobody can flood the provider with requests. For a `solicited` token, which is the
        provider's response to our own request, it happens every time: the provider may rotate its keys as often as it
        likes, and neither other callers nor a cached failure can hide the new keys.

        While the set cannot be fetched, an unknown `kid` may be that of a new key. With `conclusive`, no matching key
        raises ProviderUnavailable in that case, instead of returning an empty tuple.

        OpenID Connect Core §10.1.1; OpenID Connect Back-Channel Logout §2.8.
        """
        known = self._keys.known
        lacking = kid is None or not _matching(known, kid)
        may_refetch = not solicited and self._clock() >= self._next_refetch
        refetching = lacking and may_refetch and known is not None and self._keys.is_fresh
        refresh = lacking and solicited
        keys = await self._keys.get(partial(self._fetch_keys, refresh=refresh), refresh=refresh or refetching)
        if refetching:
            pause = cached_document.FAILURE_AGE if self._keys.failure else REFETCH_INTERVAL
            self._next_refetch = self._clock() + pause
        found = _matching(keys, kid)
        if conclusive and not found and self._keys.failure:
            raise ProviderUnavailable(f"the provider's keys could not be fetched again: {self._keys.failure}")
        return found

    async def _fetch_metadata(self) -> Metadata:
        # Discovery §4.1: a slash at the end of the issuer is removed here, and nowhere else.
        """OpenID Connect Discovery §4.1, §4.3; RFC 8414 §3.3."""
        document = await self._json(f"{self.issuer.removesuffix('/')}/.well-known/openid-configuration")
        if document.get("issuer") != self.issuer:
            raise WrongIssuer(self.issuer, document.get("issuer"))
        return Metadata(self.issuer, document)

    async def _fetch_keys(self, *, refresh: bool) -> Keys:
        metadata = self._metadata.known or await self._metadata.get(self._fetch_metadata, refresh=refresh)
        keys = (await self._json(metadata.endpoint("jwks_uri"))).get("keys")
        if not isinstance(keys, list):
            raise ProviderMisconfigured("the provider's jwks_uri has no key set")
        return tuple(key for key in keys if isinstance(key, dict))

    async def _json(self, url: str) -> dict[str, Any]:
        try:
            response = await self._http.get(url)
        except Unreachable as failure:
            raise ProviderUnavailable(str(failure), reached=not isinstance(failure, ConnectFailed)) from failure
        if is_unavailable(response.status):
            raise ProviderUnavailable(f"{url} responded with {response.status}")
        if response.status != 200:
            raise ProviderMisconfigured(f"{url} responded with {response.status}")
        try:
            return response.json_object()
        except ValueError:
            raise ProviderMisconfigured(f"{url} responded with something other than a JSON object") from None


def _matching(keys: Keys | None, kid: str | None) -> Keys:
    return tuple(key for key in keys or () if kid is None or key.get("kid") == kid)
