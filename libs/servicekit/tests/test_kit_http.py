"""The HTTP client: connect_to, no redirects, limited responses, clear errors."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from redis_server import free_port
from servicekit.http import (
    BODY_LIMIT,
    ConnectFailed,
    HttpClient,
    PrivateAddress,
    Unreachable,
    _is_private,
    _PublicResolver,
)
from servicekit.monitoring.healthcheck import ready


@pytest.fixture
async def server() -> AsyncIterator[int]:
    """A server that echoes requests; its port."""

    async def echo(request: web.Request) -> web.Response:
        form = dict(await request.post())
        return web.json_response({"host": request.headers["Host"], "path": request.path_qs, "form": form})

    async def away(_: web.Request) -> web.Response:
        raise web.HTTPFound("/echo")

    async def large(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * (BODY_LIMIT + 1))

    application = web.Application()
    application.router.add_route("*", "/echo", echo)
    application.router.add_get("/away", away)
    application.router.add_get("/large", large)
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield port
    await runner.cleanup()


@pytest.mark.parametrize("host", ["op.invalid", "localhost", "127.0.0.9", "[::1]"])
async def test_connect_to_changes_only_the_socket(server: int, host: str) -> None:
    """For names and IP addresses; the Host header does not change."""
    public = (host.strip("[]"), 25000)
    http = HttpClient({public: ("127.0.0.1", server)})
    response = await http.get(f"http://{host}:25000/echo?a=b%20c")
    assert response.json_object() == {"host": f"{host}:25000", "path": "/echo?a=b%20c", "form": {}}
    await http.close()


async def test_connect_to_ignores_another_port_of_the_host(server: int) -> None:
    http = HttpClient({("127.0.0.1", 25000): ("127.0.0.1", 1)})
    response = await http.get(f"http://127.0.0.1:{server}/echo")
    assert response.status == 200
    await http.close()


async def test_form_is_posted_urlencoded(server: int) -> None:
    http = HttpClient()
    response = await http.post(f"http://127.0.0.1:{server}/echo", {"token": "a b&c"})
    assert response.json_object()["form"] == {"token": "a b&c"}
    await http.close()


async def test_redirects_are_not_followed(server: int) -> None:
    http = HttpClient()
    assert (await http.get(f"http://127.0.0.1:{server}/away")).status == 302
    await http.close()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (None, False)])
async def test_container_healthcheck_requests_readyz(status: int | None, healthy: bool) -> None:
    port = free_port()
    application = web.Application()

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(status=status or 200)

    application.router.add_get("/readyz", readyz)
    runner = web.AppRunner(application)
    await runner.setup()
    if status is not None:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    assert await asyncio.to_thread(ready, f"0.0.0.0:{port}") is healthy
    await runner.cleanup()


@pytest.mark.parametrize("path", ["/large", None], ids=["too large", "nobody there"])
async def test_unusable_response_is_unreachable(server: int, path: str | None) -> None:
    http = HttpClient()
    url = f"http://127.0.0.1:{server}{path}" if path else f"http://127.0.0.1:{free_port()}/"
    with pytest.raises(Unreachable):
        await http.get(url)
    await http.close()


@pytest.mark.parametrize(
    ("url", "reached"),
    [
        pytest.param("http://127.0.0.1:{server}/large", True, id="too large"),
        pytest.param("https://127.0.0.1:{server}/echo", True, id="no TLS"),
        pytest.param("http://127.0.0.1:{free}/", False, id="connection refused"),
    ],
)
async def test_failed_connection_is_told_from_a_failed_request(server: int, url: str, reached: bool) -> None:
    http = HttpClient()
    with pytest.raises(Unreachable) as failure:
        await http.get(url.format(server=server, free=free_port()))
    assert isinstance(failure.value, ConnectFailed) is not reached
    await http.close()


async def test_https_keeps_the_public_server_name(server: int) -> None:
    """The TLS server name is that of the URL, not of the target: another server is not accepted."""
    http = HttpClient({("op.invalid", 443): ("127.0.0.1", server)})
    with pytest.raises(Unreachable):
        await http.get("https://op.invalid/echo")
    assert ssl.HAS_SNI
    await http.close()


@pytest.mark.parametrize(
    "body", [b"[]", b"1", b"", b"\xff", b"[" * 100_000], ids=["list", "number", "empty", "no UTF-8", "deep"]
)
def test_response_that_is_not_a_json_object_is_rejected(body: bytes) -> None:
    from servicekit.http import HttpResponse  # noqa: PLC0415

    with pytest.raises(ValueError, match=r".+"):
        HttpResponse(200, {}, body).json_object()


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "127.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "10.0.0.1"],
)
@pytest.mark.spec("RFC 7591 §5")
async def test_public_only_does_not_connect_to_private_addresses(server: int, host: str) -> None:
    """Neither a name nor any notation of an address leads to a private address."""
    http = HttpClient(public_only=True)
    with pytest.raises(Unreachable, match=r"private network|not a canonical"):
        await http.get(f"http://{host}:{server}/echo")
    await http.close()


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("127.0.0.1", id="this machine"),
        pytest.param("0.0.0.0", id="this machine, unspecified"),  # noqa: S104 - nothing is bound to it
        pytest.param("10.0.0.1", id="RFC 1918"),
        pytest.param("100.64.0.1", id="RFC 6598 shared"),
        pytest.param("169.254.169.254", id="a link, where clouds tell secrets"),
        pytest.param("192.0.0.8", id="protocol assignments"),
        pytest.param("192.0.0.170", id="NAT64 discovery"),
        pytest.param("192.88.99.1", id="6to4 relay"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("240.0.0.1", id="reserved"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("::1", id="IPv6 this machine"),
        pytest.param("::", id="IPv6 unspecified"),
        pytest.param("fe80::1%eth0", id="IPv6 link, with its zone"),
        pytest.param("fc00::1", id="IPv6 unique local"),
        pytest.param("fec0::1", id="IPv6 site-local"),
        pytest.param("ff02::1", id="IPv6 multicast"),
        pytest.param("4000::1", id="IPv6 reserved"),
        pytest.param("::ffff:10.0.0.1", id="IPv4-mapped"),
        pytest.param("::ffff:192.88.99.1", id="IPv4-mapped 6to4 relay"),
        pytest.param("::7f00:1", id="IPv4-compatible"),
        pytest.param("64:ff9b::a00:1", id="NAT64 of 10.0.0.1"),
        pytest.param("64:ff9b::7f00:1", id="NAT64 of 127.0.0.1"),
        pytest.param("64:ff9b:1::a00:1", id="NAT64 of ones own network"),
        pytest.param("2002:7f00:1::", id="6to4 of 127.0.0.1"),
        pytest.param("2002:a00:1::1", id="6to4 of 10.0.0.1"),
        pytest.param("2001:0:a00:1::1", id="Teredo"),
        pytest.param("2001:db8::1", id="documentation"),
    ],
)
@pytest.mark.spec("RFC 6890", "RFC 7591 §5")
def test_private_address_is_rejected(address: str) -> None:
    """RFC 6890: Private addresses are recognized in every notation."""
    assert _is_private(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "op.example", ""]
)
@pytest.mark.spec("RFC 6890", "RFC 7591 §5")
def test_public_address_and_host_name_are_accepted(address: str) -> None:
    """On a network with only IPv6, NAT64 leads to public IPv4 addresses. A name is checked when it is resolved."""
    assert not _is_private(address)


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1", "1.1.1.1"], ["1.1.1.1", "127.0.0.1"], ["1.1.1.1", "64:ff9b::7f00:1"]],
    ids=["first", "last", "in IPv6"],
)
@pytest.mark.spec("RFC 6890", "RFC 7591 §5")
async def test_name_with_a_private_address_is_rejected(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    """A host name with one private address is rejected, since nobody can choose which of its addresses is
    connected to.
    """

    async def found(*_: object) -> list[dict[str, object]]:
        return [{"hostname": "name.test", "host": address, "port": 80} for address in addresses]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", found)
    with pytest.raises(PrivateAddress):
        await _PublicResolver().resolve("name.test", 80)


async def test_name_with_only_public_addresses_is_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    async def found(*_: object) -> list[dict[str, object]]:
        return [{"hostname": "name.test", "host": host, "port": 80} for host in ("1.1.1.1", "2606:4700:4700::1111")]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", found)
    assert len(await _PublicResolver().resolve("name.test", 80)) == 2
