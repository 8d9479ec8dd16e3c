"""Sealing, proxies, logging, Redis URLs, discovery documents: the smaller parts of the plumbing."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from redis.asyncio import Redis, RedisCluster

from redis_server import RedisServer, free_port
from servicekit.discovery import (
    MAX_AGE,
    REFETCH_INTERVAL,
    ProviderDocuments,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from servicekit.http import HttpClient
from servicekit.log import ConsoleFormatter, JsonFormatter, event
from servicekit.metrics import Metrics
from servicekit.proxies import client_address
from servicekit.redis import Reader, RedisError, connect
from servicekit.sealing import Sealer, UnsealError

# --- Sealing ---------------------------------------------------------------------------------------------------------


def test_what_is_sealed_opens_in_its_place() -> None:
    sealer = Sealer("secret", "purpose")
    sealed = sealer.seal("välue", "place")
    assert "value" not in sealed
    assert sealer.open(sealed, "place") == "välue"
    assert sealed != sealer.seal("välue", "place"), "a fresh nonce each time"


@pytest.mark.parametrize("case", ["place", "secret", "purpose", "changed", "no base64", "empty"])
def test_it_opens_nowhere_else(case: str) -> None:
    sealed = Sealer("secret", "purpose").seal("value", "place")
    opener = Sealer("other" if case == "secret" else "secret", "other" if case == "purpose" else "purpose")
    forged = {"changed": sealed[:-4] + "AAA=", "no base64": "é", "empty": ""}.get(case, sealed)
    with pytest.raises(UnsealError):
        opener.open(forged, "other" if case == "place" else "place")


# --- Proxies ---------------------------------------------------------------------------------------------------------

TRUSTED = (ip_network("10.0.0.0/8"),)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        pytest.param("10.0.0.1", "203.0.113.7", TRUSTED, "203.0.113.7", id="a trusted proxy is believed"),
        pytest.param("203.0.113.9", "198.51.100.1", TRUSTED, "203.0.113.9", id="a stranger is not"),
        pytest.param("10.0.0.1", "198.51.100.1, 203.0.113.7", TRUSTED, "203.0.113.7", id="only the last hop counts"),
        pytest.param("10.0.0.1", "203.0.113.7, 10.0.0.2", TRUSTED, "203.0.113.7", id="two trusted proxies"),
        pytest.param("10.0.0.1", "nonsense", TRUSTED, "10.0.0.1", id="nonsense"),
        pytest.param("10.0.0.1", None, TRUSTED, "10.0.0.1", id="no header"),
        pytest.param("10.0.0.1", "203.0.113.7", (), "10.0.0.1", id="nobody is trusted"),
    ],
)
def test_client_address(peer: str, forwarded: str | None, trusted: tuple[Any, ...], expected: str) -> None:
    assert client_address(peer, forwarded, trusted) == expected


# --- Logging ---------------------------------------------------------------------------------------------------------


def test_an_event_is_one_line_whatever_it_holds(caplog: pytest.LogCaptureFixture) -> None:
    """No line of a log can be forged by what a stranger sent."""
    with caplog.at_level(logging.INFO):
        event(logging.getLogger("x"), "happened", client_id="a\nb", nothing=None)
    record = caplog.records[-1]
    assert json.loads(JsonFormatter().format(record))["client_id"] == "a\nb"
    assert "nothing" not in JsonFormatter().format(record)
    assert "\n" not in ConsoleFormatter().format(record)


# --- Redis URLs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("redis://localhost:1/0", Redis),
        ("rediss://localhost:1/0", Redis),
        ("unix:///run/redis.sock", Redis),
        ("redis+sentinel://u:p@a:1,b/mymaster/2", Redis),
        ("redis+cluster://localhost:1", RedisCluster),
    ],
)
async def test_every_form_of_url_makes_a_client(url: str, kind: type) -> None:
    client = connect(url, 0.5)
    assert isinstance(client, kind)
    await client.aclose()


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
async def test_a_redis_that_is_away_is_a_redis_error_within_a_second(scheme: str) -> None:
    client = connect(f"{scheme}://127.0.0.1:{free_port()}", 0.5)
    async with asyncio.timeout(1):
        with pytest.raises(RedisError):
            await client.get("key")
    await client.aclose()


async def test_reads_on_a_cluster(tmp_path: Path) -> None:
    """One node that has all slots: redis-py takes other ways there."""
    server = RedisServer(tmp_path, options=("--cluster-enabled", "yes", "--cluster-port", str(free_port()))).start()
    try:
        node = connect(server.url, 2.0)
        await node.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        async with asyncio.timeout(10):
            while not re.search(r"cluster_state\W+ok", str(await node.execute_command("CLUSTER INFO"))):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await node.aclose()
        cluster = connect(f"redis+cluster://127.0.0.1:{server.port}", 2.0)
        await cluster.set("{a}1", "x", ex=60)
        reader = Reader(cluster)
        answers = await asyncio.gather(reader.mget("{a}1", "{a}2"), reader.get("{b}"))
        assert answers == [["x", None], None]
        await cluster.aclose()
    finally:
        server.stop()


@pytest.mark.parametrize("url", ["http://localhost", "redis+sentinel://a:1"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        connect(url, 0.5)


# --- Discovery documents ---------------------------------------------------------------------------------------------


class Provider:
    """A scripted provider: what it answers can be changed, and what it was asked is counted."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.metadata: Any = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks"}
        self.keys: Any = {"keys": [{"kid": "a"}, {"kid": "b"}]}
        self.status = 200
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        body = self.keys if request.path == "/jwks" else self.metadata
        return web.json_response(body, status=self.status)


class Ticks:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    port = free_port()
    scripted = Provider(port)
    application = web.Application()
    application.router.add_get("/{tail:.*}", scripted.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield scripted
    await runner.cleanup()


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


# --- Metrics ---------------------------------------------------------------------------------------------------------


def test_metrics_count_by_path_method_and_status() -> None:
    metrics = Metrics()
    metrics.observe("/token", "POST", 200, 0.01)
    metrics.observe("/token", "BREW", 405, 0.01)
    page = metrics.page().decode()
    assert 'trefoil_requests_total{method="POST",path="/token",status="200"} 1.0' in page
    assert 'method="other"' in page
