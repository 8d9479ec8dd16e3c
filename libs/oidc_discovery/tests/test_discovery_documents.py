"""Fetching and caching of documents, and failures."""

import asyncio
import logging

import pytest
from discovery_testing import DISCOVERY, JWKS, Provider, Ticks

from oidc_discovery.cached_document import FAILURE_AGE
from oidc_discovery.documents import MAX_AGE, ProviderDocuments
from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable, WrongIssuer
from servicekit.http import HttpClient


async def fetch(known: ProviderDocuments, path: str) -> object:
    """The document of a path."""
    return await (known.metadata() if path == DISCOVERY else known.keys("a"))


@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_metadata_is_fetched_again_when_it_is_stale(provider: Provider, documents) -> None:
    """The metadata is fetched once and cached. The last valid copy is used while the provider is unavailable or
    returns something else, and a cancelled attempt does not count.
    """
    known, ticks = documents()
    for _ in range(3):
        assert (await known.metadata()).issuer == provider.issuer
    assert len(provider.requests) == 1
    ticks.seconds += MAX_AGE
    await known.metadata()
    assert len(provider.requests) == 2


async def test_uncached_documents_are_fetched_each_time(provider: Provider) -> None:
    http = HttpClient()
    known = ProviderDocuments(provider.issuer, http, Ticks(), max_age=0)
    for _ in range(2):
        await known.metadata()
        await known.keys("a")
    assert provider.requests.count("/jwks") == 2
    provider.metadata["issuer"] = "http://evil.test"
    with pytest.raises(ProviderMisconfigured):
        await known.metadata()
    await http.close()


@pytest.mark.parametrize("issuer", ["/", ".evil.test", None], ids=["a slash more", "another", "none"])
@pytest.mark.spec("OpenID Connect Discovery §4.3", "RFC 8414 §3.3")
async def test_another_issuer_is_rejected(provider: Provider, documents, issuer: str | None) -> None:
    """RFC 8414 §3.3: The metadata of another issuer is not used."""
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
@pytest.mark.spec("OpenID Connect Discovery §4.3")
async def test_error_shows_another_issuer_short_and_printable(provider: Provider, documents, found, shown) -> None:
    """The metadata of another issuer is rejected each time, and an older copy does not hide it. The message
    about it is short and printable.
    """
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
async def test_error_status_of_the_provider_is_reported(provider: Provider, documents, status: int, failure) -> None:
    known, _ = documents()
    provider.status = status
    with pytest.raises(failure):
        await known.metadata()


@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_stale_document_is_used_while_provider_is_unreachable(provider: Provider, documents) -> None:
    known, ticks = documents()
    await known.metadata()
    provider.status = 503
    ticks.seconds += MAX_AGE
    assert (await known.metadata()).issuer == provider.issuer


@pytest.mark.spec("OpenID Connect Discovery §4.1")
async def test_issuer_may_end_with_a_slash(provider: Provider, documents) -> None:
    """The URL of the metadata leaves the slash out; the comparison keeps it."""
    known, _ = documents("/")
    provider.metadata["issuer"] = f"{provider.issuer}/"
    assert (await known.metadata()).issuer == f"{provider.issuer}/"
    assert provider.requests == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_cancelled_attempt_does_not_refresh_the_document(provider: Provider, documents, path: str) -> None:
    """A caller may cancel its request; the document is as stale as before."""
    known, ticks = documents()
    await fetch(known, path)
    ticks.seconds += MAX_AGE
    provider.held = path
    impatient = asyncio.create_task(fetch(known, path))
    await provider.arrived.wait()
    impatient.cancel()
    provider.released.set()
    await asyncio.gather(impatient, return_exceptions=True)
    await fetch(known, path)
    assert provider.requests.count(path) == 3


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_waiting_caller_retries_after_a_cancelled_attempt(provider: Provider, documents, path: str) -> None:
    known, _ = documents()
    provider.held = path
    impatient, *others = [asyncio.create_task(fetch(known, path)) for _ in range(3)]
    await provider.arrived.wait()
    impatient.cancel()
    provider.released.set()
    assert all(await asyncio.gather(*others))
    assert impatient.cancelled()
    assert provider.requests.count(path) == 2


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.parametrize(
    ("status", "failure"), [(500, ProviderUnavailable), (429, ProviderUnavailable), (404, ProviderMisconfigured)]
)
@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_thirty_requests_cause_one_request_to_a_failing_provider(
    provider: Provider, documents, path: str, status: int, failure
) -> None:
    """A provider that returns an error is contacted once a second, however many requests need its documents."""
    known, ticks = documents()
    provider.status = status
    for _ in range(30):
        with pytest.raises(failure, match=f"responded with {status}"):
            await fetch(known, path)
    assert provider.requests == [DISCOVERY]
    provider.status = 200
    ticks.seconds += FAILURE_AGE
    assert await fetch(known, path)


async def test_failures_are_not_cached_longer_than_documents(provider: Provider) -> None:
    """With 0, as in certification, each module gets its own document whatever the previous one was."""
    http = HttpClient()
    known = ProviderDocuments(provider.issuer, http, Ticks(), max_age=0)
    provider.scripted[DISCOVERY] = 500, ""
    with pytest.raises(ProviderUnavailable):
        await known.metadata()
    provider.scripted.clear()
    assert await known.metadata()
    await http.close()


async def test_provider_is_used_as_soon_as_it_is_reachable_again(provider: Provider, documents) -> None:
    known, _ = documents()
    await provider.stop()
    for path in (DISCOVERY, JWKS):
        with pytest.raises(ProviderUnavailable):
            await fetch(known, path)
    await provider.start()
    assert await fetch(known, JWKS)


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.parametrize(
    "response",
    [
        pytest.param((503, ""), id="503"),
        pytest.param((404, "not found"), id="404"),
        pytest.param((302, ""), id="a redirect"),
        pytest.param((200, "<!doctype html>"), id="HTML"),
        pytest.param((200, "[]"), id="no object"),
    ],
)
@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_last_good_document_is_used_after_a_failed_fetch(
    provider: Provider, documents, caplog, path: str, response: tuple[int, str]
) -> None:
    """The first caller gets the same document as all others, and the log says that it is the last valid one."""
    known, ticks = documents()
    good = await fetch(known, path)
    provider.scripted[path] = response
    ticks.seconds += MAX_AGE
    for _ in range(3):
        assert await fetch(known, path) == good
    assert provider.requests.count(path) == 2
    [record] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert record.getMessage() == "provider's document could not be fetched again, using the last one"
    assert path in str(record.fields["reason"])


@pytest.mark.spec("OpenID Connect Discovery §4.3")
async def test_document_of_another_issuer_removes_the_cached_one(provider: Provider, documents) -> None:
    """An older document does not hide it, even while the provider is unavailable afterwards."""
    known, ticks = documents()
    await known.metadata()
    right, provider.metadata = provider.metadata, {**provider.metadata, "issuer": "http://evil.test"}
    ticks.seconds += MAX_AGE
    for expected in (2, 2, 3, 4):
        if expected > 2:
            ticks.seconds += FAILURE_AGE
        with pytest.raises(WrongIssuer):
            await known.metadata()
        assert provider.requests.count(DISCOVERY) == expected
    ticks.seconds += FAILURE_AGE
    provider.status = 500
    with pytest.raises(ProviderUnavailable):
        await known.metadata()
    provider.status, provider.metadata = 200, right
    ticks.seconds += FAILURE_AGE
    assert (await known.metadata()).issuer == provider.issuer
