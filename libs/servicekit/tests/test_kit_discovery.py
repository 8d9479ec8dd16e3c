"""The provider's documents: fetched once, kept, and what happens when they cannot be had or used."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from redis_server import free_port
from servicekit.discovery import (
    FAILURE_AGE,
    MAX_AGE,
    REFETCH_INTERVAL,
    ProviderDocuments,
    ProviderMisconfigured,
    ProviderUnavailable,
    WrongIssuer,
)
from servicekit.http import HttpClient

DISCOVERY, JWKS = "/.well-known/openid-configuration", "/jwks"


class Provider:
    """A scripted provider: what it answers can be changed, and what it was asked is counted."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.issuer = f"http://127.0.0.1:{port}"
        self.metadata: Any = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks"}
        self.keys: Any = {"keys": [{"kid": "a"}, {"kid": "b"}]}
        self.status = 200
        self.scripted: dict[str, tuple[int, str]] = {}
        self.asked: list[str] = []
        self.held: str | None = None
        self.arrived, self.released = asyncio.Event(), asyncio.Event()

    async def start(self) -> None:
        application = web.Application()
        application.router.add_get("/{tail:.*}", self.answer)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def answer(self, request: web.Request) -> web.Response:
        """Each answer at once, but that of the path `held` when it is `released`; `scripted` has others."""
        self.asked.append(request.path)
        if request.path == self.held:
            self.arrived.set()
            await self.released.wait()
        body = json.dumps(self.keys if request.path == JWKS else self.metadata)
        status, body = self.scripted.get(request.path, (self.status, body))
        return web.Response(status=status, text=body)


class Ticks:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


async def ask(known: ProviderDocuments, path: str) -> object:
    """The document of this path, as a caller gets it."""
    return await (known.metadata() if path == DISCOVERY else known.keys("a"))


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    scripted = Provider(free_port())
    await scripted.start()
    yield scripted
    await scripted.stop()


@pytest.fixture
async def documents(provider: Provider) -> AsyncIterator[Callable[..., tuple[ProviderDocuments, Ticks]]]:
    http = HttpClient()

    def make(ending: str = "") -> tuple[ProviderDocuments, Ticks]:
        ticks = Ticks()
        return ProviderDocuments(provider.issuer + ending, http, ticks), ticks

    yield make
    await http.close()


async def test_metadata_is_fetched_once_and_again_when_stale(provider: Provider, documents) -> None:
    known, ticks = documents()
    for _ in range(3):
        assert (await known.metadata()).issuer == provider.issuer
    assert len(provider.asked) == 1
    ticks.seconds += MAX_AGE
    await known.metadata()
    assert len(provider.asked) == 2


async def test_documents_that_are_not_kept_are_fetched_each_time(provider: Provider) -> None:
    http = HttpClient()
    known = ProviderDocuments(provider.issuer, http, Ticks(), max_age=0)
    for _ in range(2):
        await known.metadata()
        await known.keys("a")
    assert provider.asked.count("/jwks") == 2
    provider.metadata["issuer"] = "http://evil.test"
    with pytest.raises(ProviderMisconfigured):
        await known.metadata()
    await http.close()


@pytest.mark.parametrize("issuer", ["/", ".evil.test", None], ids=["a slash more", "another", "none"])
async def test_another_issuer_is_refused(provider: Provider, documents, issuer: str | None) -> None:
    """OpenID Connect Discovery 1.0 §4.3: exactly."""
    known, _ = documents()
    provider.metadata["issuer"] = issuer and provider.issuer + issuer
    with pytest.raises(ProviderMisconfigured):
        await known.metadata()


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        pytest.param("http://evil.test", "http://evil.test", id="a short one"),
        pytest.param(None, None, id="none"),
        pytest.param("\ud800", r"\ud800", id="half a character"),
        pytest.param(
            "http://\u043ep.test\n\0", r"http://\u043ep.test\n\x00", id="a letter like another, control characters"
        ),
        pytest.param("x" * 900_000, "x" * 117 + "...", id="900 kB"),
        pytest.param("\U0001f511" * 900, (r"\U0001f511" * 12)[:117] + "...", id="many that take ten letters each"),
        pytest.param(["\ud800"], r"['\ud800']", id="a list"),
        pytest.param({str(number): "x" * 900 for number in range(900)}, ..., id="a large object"),
        pytest.param(7, "7", id="a number"),
    ],
)
async def test_another_issuer_is_named_short_and_printable(provider: Provider, documents, found, shown) -> None:
    known, _ = documents()
    provider.metadata["issuer"] = found
    with pytest.raises(WrongIssuer) as refusal:
        await known.metadata()
    assert shown in (refusal.value.found, ...)
    assert len(str(refusal.value)) < 250
    assert str(refusal.value).isascii()
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    ("status", "failure"), [(500, ProviderUnavailable), (429, ProviderUnavailable), (404, ProviderMisconfigured)]
)
async def test_a_provider_that_answers_with_an_error(provider: Provider, documents, status: int, failure) -> None:
    known, _ = documents()
    provider.status = status
    with pytest.raises(failure):
        await known.metadata()


async def test_a_stale_document_serves_while_the_provider_is_away(provider: Provider, documents) -> None:
    known, ticks = documents()
    await known.metadata()
    provider.status = 503
    ticks.seconds += MAX_AGE
    assert (await known.metadata()).issuer == provider.issuer


async def test_an_unknown_kid_fetches_once_more_and_not_again_and_again(provider: Provider, documents) -> None:
    known, ticks = documents()
    assert len(await known.keys("a")) == 1
    provider.keys = {"keys": [{"kid": "c"}]}
    assert len(await known.keys("c")) == 1, "rotated right after the set was fetched"
    for kid in ("d", "e", None):
        await known.keys(kid)
    assert provider.asked.count("/jwks") == 2
    ticks.seconds += REFETCH_INTERVAL
    assert await known.keys("d") == ()
    assert provider.asked.count("/jwks") == 3


async def test_a_token_without_kid_asks_for_the_set_again_and_not_again_and_again(
    provider: Provider, documents
) -> None:
    """OpenID Connect Core §10.1.1: it may be signed with a key that came after the set was fetched."""
    known, ticks = documents()
    assert len(await known.keys()) == 2
    provider.keys = {"keys": [{"kid": "c"}]}
    assert len(await known.keys()) == 1
    await known.keys()
    assert provider.asked.count("/jwks") == 2
    ticks.seconds += REFETCH_INTERVAL
    await known.keys()
    assert provider.asked.count("/jwks") == 3


@pytest.mark.parametrize("named", [True, False], ids=["with kid", "without kid"])
async def test_a_token_that_was_asked_for_always_finds_the_newest_keys(
    provider: Provider, documents, named: bool
) -> None:
    """OpenID Connect Core §10.1.1: however often the provider changes them, and whatever strangers sent before."""
    known, _ = documents()
    await known.keys("a")
    await known.keys("a stranger's")
    for kid in ("c", "d", "e"):
        provider.keys = {"keys": [{"kid": kid}]}
        assert await known.keys(kid if named else None, asked_for=True) == ({"kid": kid},)
    assert provider.asked.count("/jwks") == 5


async def test_a_key_that_is_known_is_not_fetched_again(provider: Provider, documents) -> None:
    known, _ = documents()
    for _ in range(3):
        assert len(await known.keys("a", asked_for=True)) == 1
    assert provider.asked.count("/jwks") == 1


async def test_an_issuer_that_ends_with_a_slash(provider: Provider, documents) -> None:
    """OpenID Connect Discovery 1.0 §4.1: the slash is left out of the address, and compared all the same."""
    known, _ = documents("/")
    provider.metadata["issuer"] = f"{provider.issuer}/"
    assert (await known.metadata()).issuer == f"{provider.issuer}/"
    assert provider.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
async def test_an_attempt_that_was_cancelled_makes_no_document_fresh(provider: Provider, documents, path: str) -> None:
    """A caller may have less time than the provider takes; what was stale is stale afterwards."""
    known, ticks = documents()
    await ask(known, path)
    ticks.seconds += MAX_AGE
    provider.held = path
    impatient = asyncio.create_task(ask(known, path))
    await provider.arrived.wait()
    impatient.cancel()
    provider.released.set()
    await asyncio.gather(impatient, return_exceptions=True)
    await ask(known, path)
    assert provider.asked.count(path) == 3


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
async def test_who_waited_for_an_attempt_that_was_cancelled_makes_one(provider: Provider, documents, path: str) -> None:
    known, _ = documents()
    provider.held = path
    impatient, *others = [asyncio.create_task(ask(known, path)) for _ in range(3)]
    await provider.arrived.wait()
    impatient.cancel()
    provider.released.set()
    assert all(await asyncio.gather(*others))
    assert impatient.cancelled()
    assert provider.asked.count(path) == 2


async def test_a_search_that_was_cancelled_leaves_the_next_token_its_own(provider: Provider, documents) -> None:
    known, _ = documents()
    await known.keys("a")
    provider.held = JWKS
    impatient = asyncio.create_task(known.keys("c"))
    await provider.arrived.wait()
    impatient.cancel()
    provider.keys = {"keys": [{"kid": "c"}]}
    provider.released.set()
    await asyncio.gather(impatient, return_exceptions=True)
    assert await known.keys("c") == ({"kid": "c"},)


async def test_the_keys_come_from_the_document_that_is_known(provider: Provider, documents) -> None:
    known, _ = documents()
    await known.keys("a")
    await known.metadata()
    assert provider.asked == [DISCOVERY, JWKS]


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.parametrize(
    ("status", "failure"), [(500, ProviderUnavailable), (429, ProviderUnavailable), (404, ProviderMisconfigured)]
)
async def test_thirty_requests_do_not_ask_a_failing_provider_thirty_times(
    provider: Provider, documents, path: str, status: int, failure
) -> None:
    known, ticks = documents()
    provider.status = status
    for _ in range(30):
        with pytest.raises(failure, match=f"answered {status}"):
            await ask(known, path)
    assert provider.asked == [DISCOVERY]
    provider.status = 200
    ticks.seconds += FAILURE_AGE
    assert await ask(known, path)


async def test_nor_one_that_fails_for_its_keys_alone(provider: Provider, documents) -> None:
    known, ticks = documents()
    provider.scripted[JWKS] = 500, ""
    for kid in ("a", "b", "unknown", None) * 8:
        with pytest.raises(ProviderUnavailable):
            await known.keys(kid)
    assert provider.asked == [DISCOVERY, JWKS]
    ticks.seconds += FAILURE_AGE
    with pytest.raises(ProviderUnavailable):
        await known.keys("a")
    assert provider.asked == [DISCOVERY, JWKS, JWKS]


@pytest.mark.parametrize("failing", [DISCOVERY, JWKS])
async def test_a_failure_keeps_no_token_that_was_asked_for_from_its_key(
    provider: Provider, documents, failing: str
) -> None:
    known, _ = documents()
    provider.scripted[failing] = 500, ""
    with pytest.raises(ProviderUnavailable):
        await known.keys("a")
    provider.scripted.clear()
    assert await known.keys("a", asked_for=True) == ({"kid": "a"},)


async def test_failures_are_not_kept_longer_than_documents(provider: Provider) -> None:
    """With 0 the next module of a certification finds the next document, whatever the one before it was."""
    http = HttpClient()
    known = ProviderDocuments(provider.issuer, http, Ticks(), max_age=0)
    provider.scripted[DISCOVERY] = 500, ""
    with pytest.raises(ProviderUnavailable):
        await known.metadata()
    provider.scripted.clear()
    assert await known.metadata()
    await http.close()


async def test_a_provider_that_could_not_be_reached_is_noticed_when_it_is_back(provider: Provider, documents) -> None:
    known, _ = documents()
    await provider.stop()
    for path in (DISCOVERY, JWKS):
        with pytest.raises(ProviderUnavailable):
            await ask(known, path)
    await provider.start()
    assert await ask(known, JWKS)


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((503, ""), id="503"),
        pytest.param((404, "not found"), id="404"),
        pytest.param((302, ""), id="a redirect"),
        pytest.param((200, "<!doctype html>"), id="HTML"),
        pytest.param((200, "[]"), id="no object"),
    ],
)
async def test_a_good_document_serves_while_no_other_comes(
    provider: Provider, documents, caplog, path: str, answer: tuple[int, str]
) -> None:
    """The first who asks gets the same as all others, and the log says that it is the last one."""
    known, ticks = documents()
    good = await ask(known, path)
    provider.scripted[path] = answer
    ticks.seconds += MAX_AGE
    for _ in range(3):
        assert await ask(known, path) == good
    assert provider.asked.count(path) == 2
    [record] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert record.getMessage() == "provider's document not renewed, using the last one"
    assert path in str(record.fields["reason"])


async def test_known_keys_serve_while_their_set_is_none(provider: Provider, documents) -> None:
    known, ticks = documents()
    await known.keys("a")
    provider.keys = {}
    ticks.seconds += MAX_AGE
    assert await known.keys("a") == ({"kid": "a"},)


async def test_no_document_hides_one_of_another_issuer(provider: Provider, documents) -> None:
    """OpenID Connect Discovery 1.0 §4.3: not the one of before, and not while the provider is away afterwards."""
    known, ticks = documents()
    await known.metadata()
    right, provider.metadata = provider.metadata, {**provider.metadata, "issuer": "http://evil.test"}
    ticks.seconds += MAX_AGE
    for asked in (2, 2, 3, 4):
        if asked > 2:
            ticks.seconds += FAILURE_AGE
        with pytest.raises(WrongIssuer):
            await known.metadata()
        assert provider.asked.count(DISCOVERY) == asked
    ticks.seconds += FAILURE_AGE
    provider.status = 500
    with pytest.raises(ProviderUnavailable):
        await known.metadata()
    provider.status, provider.metadata = 200, right
    ticks.seconds += FAILURE_AGE
    assert (await known.metadata()).issuer == provider.issuer


@pytest.mark.parametrize(
    ("answer", "fails"),
    [((500, ""), True), ((200, "<!doctype html>"), True), ((200, '{"keys": []}'), False)],
    ids=["500", "HTML", "a set without it"],
)
async def test_a_key_is_certainly_unknown_only_when_the_set_could_be_fetched(
    provider: Provider, documents, answer: tuple[int, str], fails: bool
) -> None:
    known, ticks = documents()
    await known.keys("a")
    provider.scripted[JWKS] = answer
    assert await known.keys("c") == ()
    if fails:
        with pytest.raises(ProviderUnavailable, match="jwks"):
            await known.keys("c", certain=True)
        assert len(await known.keys("a", certain=True)) == 1
    else:
        assert await known.keys("c", certain=True) == ()
    assert provider.asked.count(JWKS) == 2
    provider.scripted.clear()
    provider.keys = {"keys": [{"kid": "c"}]}
    ticks.seconds += FAILURE_AGE
    assert len(await known.keys("c", certain=True)) == (1 if fails else 0)
