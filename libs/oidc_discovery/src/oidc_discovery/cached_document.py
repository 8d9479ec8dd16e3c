"""A document that is fetched on demand and cached, together with the outcome of the last attempt."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeAlias, TypeVar

from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable, WrongIssuer
from servicekit.clock import Clock
from servicekit.log import event

FAILURE_AGE = 1.0
"""How long a failure is cached, in seconds. Callers are told to retry after one second."""

log = logging.getLogger(__name__)

Document = TypeVar("Document")
Fetch: TypeAlias = Callable[[], Awaitable[Document]]


class CachedDocument(Generic[Document]):
    """A document that is fetched on the first request for it, and again when it is `max_age` seconds old.

    The last good document is used while the provider is unavailable or responds with something else, with one
    exception: a document of another issuer removes it. Attempts run one at a time; callers that waited for another
    caller's attempt share its outcome, a failure too, instead of making their own. A cancelled attempt has no outcome.

    Without a document, a failure is cached for FAILURE_AGE seconds, so that untrusted requests do not cause as
    many requests to a provider that has problems. A failed connection is not cached, so that the provider is used as
    soon as it is reachable again. A failure is never cached for longer than `max_age`.

    OpenID Connect Core §10.1.1; OpenID Connect Discovery §4.2, §4.3; OpenID Connect Back-Channel Logout §2.8.
    """

    def __init__(self, clock: Clock, max_age: float) -> None:
        self.known: Document | None = None
        self.failure: ProviderUnavailable | ProviderMisconfigured | None = None
        self._clock = clock
        self._max_age = max_age
        self._attempts = 0
        self._fresh_until = 0.0
        self._lock = asyncio.Lock()

    @property
    def is_fresh(self) -> bool:
        """Whether the outcome of the last attempt, a document or a failure, can be used without another attempt."""
        return self._attempts > 0 and self._clock() < self._fresh_until

    async def get(self, fetch: Fetch[Document], *, refresh: bool = False) -> Document:
        """The document, fetched if the last outcome is stale or `refresh` is set.

        Raises ProviderUnavailable or ProviderMisconfigured if there is no document.
        """
        seen = self._attempts
        if refresh or not self.is_fresh:
            async with self._lock:
                if self._attempts == seen:
                    await self._attempt(fetch)
        if self.known is None:
            assert self.failure is not None
            raise self.failure.with_traceback(None)  # otherwise each raise would extend the same traceback
        return self.known

    async def _attempt(self, fetch: Fetch[Document]) -> None:
        try:
            self.known, self.failure = await fetch(), None
        except (ProviderUnavailable, ProviderMisconfigured) as failure:
            self.failure = failure
            if isinstance(failure, WrongIssuer):
                self.known = None
            if self.known is not None:
                event(
                    log,
                    "provider's document could not be fetched again, using the last one",
                    logging.WARNING,
                    reason=failure,
                )
        self._attempts += 1
        self._fresh_until = self._clock() + self._age_of_outcome()

    def _age_of_outcome(self) -> float:
        if self.known is not None:
            return self._max_age
        reached = not isinstance(self.failure, ProviderUnavailable) or self.failure.reached
        return min(FAILURE_AGE, self._max_age) if reached else 0.0
