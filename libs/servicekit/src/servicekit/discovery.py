"""The provider's documents, fetched and kept for its two clients: discovery metadata and JWKS.

Only the transport is shared here. What a client checks in a token it writes itself.
"""

import asyncio
import logging
import math
import re
import reprlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar
from urllib.parse import urlsplit

from servicekit.http import HttpClient, NotReached, Unreachable
from servicekit.log import event

MAX_AGE = 300.0
REFETCH_INTERVAL = 10.0
FAILURE_AGE = 1.0
"""How long a failure is the answer to everybody, in seconds: callers are told to come again after one."""

_SHOWN_LENGTH = 120
_URL = re.compile(r"[!-~]{1,2048}")
_HOST_AND_PORT = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")

log = logging.getLogger(__name__)

Clock = Callable[[], float]
Keys: TypeAlias = tuple[Mapping[str, Any], ...]
Document = TypeVar("Document")
Fetch: TypeAlias = Callable[[], Awaitable[Document]]


class ProviderUnavailable(Exception):
    """The provider does not answer, or answers with a server error: try again later.

    It was `reached` unless no connection came about, of which it notices nothing.
    """

    def __init__(self, reason: str, *, reached: bool = True) -> None:
        super().__init__(reason)
        self.reached = reached


class ProviderMisconfigured(Exception):
    """The provider answered with a document that must not be used; the message says why."""


class WrongIssuer(ProviderMisconfigured):
    """The document is of another issuer than the one that was asked for (OpenID Connect Discovery 1.0 §4.3).

    `found` is what stands there, shortened, in printable ASCII; None where nothing does.
    """

    def __init__(self, expected: str, found: object) -> None:
        self.expected = expected
        self.found = None if found is None else _shown(found)
        super().__init__(f"the discovery document is of issuer {self.found}, not {expected}")


@dataclass(frozen=True)
class Metadata:
    """A discovery document whose issuer was compared (OpenID Connect Discovery 1.0 §4.3)."""

    issuer: str
    document: Mapping[str, Any]

    def endpoint(self, name: str) -> str:
        """The URL of an endpoint by its name in the document, https where the issuer is (§3).

        It is of printable ASCII, with an IP address or a host of letters, digits, dots, hyphens and underscores. Raises
        ProviderMisconfigured without such a one.
        """
        url = self.document.get(name)
        if not isinstance(url, str) or not _is_http_url(url):
            raise ProviderMisconfigured(f"the discovery document has no {name}")
        if urlsplit(self.issuer).scheme == "https" and urlsplit(url).scheme != "https":
            raise ProviderMisconfigured(f"the {name} in the discovery document is not https, as the issuer is")
        return url

    def values(self, name: str) -> tuple[str, ...]:
        """A list of the document, empty when it has none."""
        found = self.document.get(name)
        return tuple(v for v in found if isinstance(v, str)) if isinstance(found, list) else ()


class Kept(Generic[Document]):
    """A document that is fetched when it is first asked for, and again when it is `max_age` seconds old.

    The last good one serves while the provider is away, or answers with something that is no such document; but it
    hides no document of another issuer: when one comes, it is gone. Attempts come one at a time, and whoever waited for
    another's takes its outcome, a failure too, instead of trying once more. An attempt that was cancelled has none.

    Without any document a failure stands for FAILURE_AGE seconds, so that the requests of strangers do not become as
    many to a provider that is in trouble. One that could not be reached is spared nothing by that: its return is
    noticed at once. Where documents are not kept so long, failures are not either.
    """

    def __init__(self, clock: Clock, max_age: float) -> None:
        self.known: Document | None = None
        self.failure: ProviderUnavailable | ProviderMisconfigured | None = None
        self._clock = clock
        self._max_age = max_age
        self._attempts = 0
        self._stands_until = 0.0
        self._lock = asyncio.Lock()

    @property
    def stands(self) -> bool:
        """Whether the outcome of the last attempt, a document or a failure, serves without another."""
        return self._attempts > 0 and self._clock() < self._stands_until

    async def get(self, fetch: Fetch[Document], *, anew: bool = False) -> Document:
        """The document, fetched where the last outcome does not stand, or `anew`; raises why there is none."""
        seen = self._attempts
        if anew or not self.stands:
            async with self._lock:
                if self._attempts == seen:
                    await self._attempt(fetch)
        if self.known is None:
            assert self.failure is not None
            raise self.failure.with_traceback(None)  # or each raise would add to one traceback
        return self.known

    async def _attempt(self, fetch: Fetch[Document]) -> None:
        try:
            self.known, self.failure = await fetch(), None
        except (ProviderUnavailable, ProviderMisconfigured) as failure:
            self.failure = failure
            if isinstance(failure, WrongIssuer):
                self.known = None
            if self.known is not None:
                event(log, "provider's document not renewed, using the last one", logging.WARNING, reason=failure)
        self._attempts += 1
        self._stands_until = self._clock() + self._age_of_outcome()

    def _age_of_outcome(self) -> float:
        if self.known is not None:
            return self._max_age
        reached = not isinstance(self.failure, ProviderUnavailable) or self.failure.reached
        return min(FAILURE_AGE, self._max_age) if reached else 0.0


class ProviderDocuments:
    """One issuer's discovery document and keys, fetched when first asked for and again after `max_age` seconds.

    A stale copy still serves while no other can be had. `clock` counts seconds and never goes back.
    """

    def __init__(self, issuer: str, http: HttpClient, clock: Clock, max_age: float = MAX_AGE) -> None:
        self.issuer = issuer
        self._http = http
        self._clock = clock
        self._metadata: Kept[Metadata] = Kept(clock, max_age)
        self._keys: Kept[Keys] = Kept(clock, max_age)
        self._may_seek_from = -math.inf

    async def metadata(self) -> Metadata:
        """The discovery document; raises ProviderUnavailable, ProviderMisconfigured."""
        return await self._metadata.get(self._fetch_metadata)

    async def keys(self, kid: str | None = None, *, asked_for: bool = False, certain: bool = False) -> Keys:
        """The provider's JWKs: those of `kid`, or all of them.

        An unknown `kid` makes it fetch the set once more, also right after it was fetched: the provider may just have
        changed its keys. So does a token without a `kid`, of which nobody can tell whether the set is too old for it.
        A token that anybody can send does so every REFETCH_INTERVAL seconds at most, or FAILURE_AGE after a failure, so
        that strangers cannot make it hammer the provider. One that the provider gave when it was asked (`asked_for`)
        does so each time: the provider may change its keys as often as it likes, and neither strangers nor a failure
        that is remembered can keep it from being heard.

        While the set cannot be fetched, an unknown `kid` may be that of a new key. Where the answer has to be `certain`
        it is ProviderUnavailable then, instead of nothing.
        """
        known = self._keys.known
        lacking = kid is None or not _of(known, kid)
        may_seek = not asked_for and self._clock() >= self._may_seek_from
        seeking = lacking and may_seek and known is not None and self._keys.stands
        anew = lacking and asked_for
        keys = await self._keys.get(partial(self._fetch_keys, anew=anew), anew=anew or seeking)
        if seeking:
            self._may_seek_from = self._clock() + (FAILURE_AGE if self._keys.failure else REFETCH_INTERVAL)
        found = _of(keys, kid)
        if certain and not found and self._keys.failure:
            raise ProviderUnavailable(f"the provider's keys are those of before: {self._keys.failure}")
        return found

    async def _fetch_metadata(self) -> Metadata:
        # Discovery §4.1: a slash at the issuer's end is left out here, and nowhere else.
        document = await self._json(f"{self.issuer.removesuffix('/')}/.well-known/openid-configuration")
        if document.get("issuer") != self.issuer:
            raise WrongIssuer(self.issuer, document.get("issuer"))
        return Metadata(self.issuer, document)

    async def _fetch_keys(self, *, anew: bool) -> Keys:
        metadata = self._metadata.known or await self._metadata.get(self._fetch_metadata, anew=anew)
        keys = (await self._json(metadata.endpoint("jwks_uri"))).get("keys")
        if not isinstance(keys, list):
            raise ProviderMisconfigured("the provider's jwks_uri has no key set")
        return tuple(key for key in keys if isinstance(key, dict))

    async def _json(self, url: str) -> dict[str, Any]:
        try:
            answer = await self._http.get(url)
        except Unreachable as failure:
            raise ProviderUnavailable(str(failure), reached=not isinstance(failure, NotReached)) from failure
        if answer.status >= 500 or answer.status == 429:
            raise ProviderUnavailable(f"{url} answered {answer.status}")
        if answer.status != 200:
            raise ProviderMisconfigured(f"{url} answered {answer.status}")
        try:
            return answer.json_object()
        except ValueError:
            raise ProviderMisconfigured(f"{url} answered with something that is no JSON object") from None


def _is_http_url(text: str) -> bool:
    # What is in it goes into headers, pages and policies, where a host must not mean something else.
    try:
        parts = urlsplit(text)
        return (
            _URL.fullmatch(text) is not None
            and parts.scheme in ("https", "http")
            and _HOST_AND_PORT.fullmatch(parts.netloc) is not None
            and parts.port != 0
        )
    except ValueError:
        return False


def _shown(value: object) -> str:
    # Lone surrogates cannot be written at all, and letters that look alike are told apart in ASCII alone.
    if isinstance(value, str):
        text = value[: _SHOWN_LENGTH + 1].encode("unicode_escape").decode("ascii")
    else:
        text = reprlib.repr(value).encode("ascii", "backslashreplace").decode("ascii")
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 3]}..."


def _of(keys: Keys | None, kid: str | None) -> Keys:
    return tuple(key for key in keys or () if kid is None or key.get("kid") == kid)
