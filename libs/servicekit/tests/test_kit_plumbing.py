"""Encryption, proxies, logging, Redis URLs and metrics."""

import asyncio
import base64
import json
import logging
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis, RedisCluster

from redis_server import RedisServer, free_port
from servicekit.encryption import DecryptionError, Encryptor
from servicekit.log import ConsoleFormatter, JsonFormatter, event
from servicekit.monitoring.metrics import Metrics
from servicekit.redis.client import Reader, RedisError, connect
from servicekit.web.proxies import client_address

# --- Encryption ------------------------------------------------------------------------------------------------------


@pytest.mark.spec("RFC 5869", "NIST SP 800-38D")
def test_encrypted_value_is_decrypted_in_its_place() -> None:
    """What must not be readable in Redis is encrypted, for one purpose and one place."""
    encryptor = Encryptor("secret", "purpose")
    ciphertext = encryptor.encrypt("välue", "place")
    assert "välue".encode() not in base64.urlsafe_b64decode(ciphertext), "it is encrypted"
    assert encryptor.decrypt(ciphertext, "place") == "välue"
    assert ciphertext != encryptor.encrypt("välue", "place"), "a new nonce each time"


@pytest.mark.parametrize("case", ["place", "secret", "purpose", "changed", "no base64", "empty"])
@pytest.mark.spec("RFC 5869", "NIST SP 800-38D")
def test_decryption_elsewhere_is_rejected(case: str) -> None:
    ciphertext = Encryptor("secret", "purpose").encrypt("value", "place")
    other = Encryptor("other" if case == "secret" else "secret", "other" if case == "purpose" else "purpose")
    forged = {"changed": ciphertext[:-4] + "AAA=", "no base64": "é", "empty": ""}.get(case, ciphertext)
    with pytest.raises(DecryptionError):
        other.decrypt(forged, "other" if case == "place" else "place")


# --- Proxies ---------------------------------------------------------------------------------------------------------

TRUSTED = (ip_network("10.0.0.0/8"),)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        pytest.param("10.0.0.1", "203.0.113.7", TRUSTED, "203.0.113.7", id="a trusted proxy is believed"),
        pytest.param("203.0.113.9", "198.51.100.1", TRUSTED, "203.0.113.9", id="an untrusted peer"),
        pytest.param("10.0.0.1", "198.51.100.1, 203.0.113.7", TRUSTED, "203.0.113.7", id="only the last hop counts"),
        pytest.param("10.0.0.1", "203.0.113.7, 10.0.0.2", TRUSTED, "203.0.113.7", id="two trusted proxies"),
        pytest.param("10.0.0.1", "nonsense", TRUSTED, "10.0.0.1", id="malformed"),
        pytest.param("10.0.0.1", None, TRUSTED, "10.0.0.1", id="no header"),
        pytest.param("10.0.0.1", "203.0.113.7", (), "10.0.0.1", id="no trusted proxies"),
    ],
)
def test_client_address_is_behind_trusted_proxies(
    peer: str, forwarded: str | None, trusted: tuple[Any, ...], expected: str
) -> None:
    assert client_address(peer, forwarded, trusted) == expected


# --- Logging ---------------------------------------------------------------------------------------------------------


def test_event_is_logged_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Untrusted values cannot forge a line of the log."""
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
async def test_client_is_created_for_each_redis_url_scheme(url: str, kind: type) -> None:
    client = connect(url, 0.5)
    await client.aclose()
    assert isinstance(client, kind)


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
async def test_unreachable_redis_raises_an_error_within_a_second(scheme: str) -> None:
    client = connect(f"{scheme}://127.0.0.1:{free_port()}", 0.5)
    async with asyncio.timeout(1):
        with pytest.raises(RedisError):
            await client.get("key")
    await client.aclose()


async def test_reader_works_on_a_cluster(tmp_path: Path) -> None:
    """A single node with all slots, for which redis-py uses other code."""
    server = RedisServer(tmp_path, options=("--cluster-enabled", "yes", "--cluster-port", str(free_port()))).start()
    try:
        node = Redis.from_url(server.url, decode_responses=True)
        await node.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        async with asyncio.timeout(10):
            while not re.search(r"cluster_state\W+ok", str(await node.execute_command("CLUSTER INFO"))):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await node.aclose()
        cluster = connect(f"redis+cluster://127.0.0.1:{server.port}", 2.0)
        await cluster.set("{a}1", "x", ex=60)
        reader = Reader(cluster)
        several, one = await asyncio.gather(reader.mget("{a}1", "{a}2"), reader.get("{b}"))
        assert (several, one) == (["x", None], None)
        await cluster.aclose()
    finally:
        server.stop()


@pytest.mark.parametrize("url", ["http://localhost", "redis+sentinel://a:1"])
def test_unknown_redis_url_is_rejected(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        connect(url, 0.5)


# --- Metrics ---------------------------------------------------------------------------------------------------------


def test_metrics_are_counted_by_path_method_and_status() -> None:
    metrics = Metrics()
    metrics.observe("/token", "POST", 200, 0.01)
    metrics.observe("/token", "BREW", 405, 0.01)
    page = metrics.page().decode()
    assert 'trefoil_requests_total{method="POST",path="/token",status="200"} 1.0' in page
    assert 'method="other"' in page
