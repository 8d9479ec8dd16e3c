"""The HTTP client of the services: with timeouts, a limit for responses and `connect_to`, but without redirects.

`connect_to` works like curl's `--connect-to`: the URL, the `Host` header and the TLS server name do not change; only
the socket is connected to another address. It works for names and IP addresses.
"""

import errno
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import aiohttp
from aiohttp.abc import ResolveResult
from yarl import URL

from servicekit.settings import Address

TOTAL_TIMEOUT = 3.0
CONNECT_TIMEOUT = 1.0
BODY_LIMIT = 1024 * 1024
DNS_CACHE_SECONDS = 1
KEEP_ALIVE_SECONDS = 2.0
"""How long an idle connection is kept, in seconds: less than a DRAIN_DELAY of 3, so that no request is interrupted."""


class Unreachable(Exception):
    """There was no usable HTTP response: connection refused, timeout, connection closed, or too large."""


class ConnectFailed(Unreachable):
    """No connection was established, so the server has not seen the request."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; raises ValueError if it is not one."""
        try:
            value = json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        if not isinstance(value, dict):
            raise ValueError("not a JSON object")
        return value


class PrivateAddress(OSError):
    """An untrusted URL leads to a private network."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "the address belongs to a private network")


class _PublicResolver(aiohttp.ThreadedResolver):
    """Resolves names, but rejects those that have an address in a private network (RFC 6890; RFC 7591 §5)."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        if any(_is_private(result["host"]) for result in found):
            raise PrivateAddress
        return found


# Networks without public hosts that some versions of Python treat as global: protocol assignments, 6to4 relays, local
# NAT64 (RFC 8215), Teredo, 6to4 (RFC 7526), documentation, segment routing, site-local addresses.
_NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "64:ff9b:1::/48",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)
# With an IPv4 address in the last 32 bits: IPv4-compatible (RFC 4291 §2.5.5.1) and NAT64 (RFC 6052 §2.1).
_WITH_IPV4 = (ip_network("::/96"), ip_network("64:ff9b::/96"))
_IPV4_BITS = 0xFFFFFFFF


def _is_private(host: str) -> bool:
    """Whether the host is an IP address that is not public; IPv4 addresses inside IPv6 addresses are checked too.

    RFC 6890; RFC 7591 §5.
    """
    try:
        address = _meant(ip_address(host.partition("%")[0]))
    except ValueError:
        return False
    special = address.is_multicast or address.is_reserved or any(address in network for network in _NOT_PUBLIC)
    return special or not address.is_global


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 address, or else the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if any(address in network for network in _WITH_IPV4):
            return IPv4Address(int(address) & _IPV4_BITS)
    return address


class HttpClient:
    """A connection pool of a service, created in its event loop.

    `total_timeout` is the limit for a request with its response, in seconds.

    With `public_only`, for untrusted URLs, it does not connect to private, loopback or link-local addresses. The
    address that is checked is the address that is used.
    """

    def __init__(
        self,
        connect_to: Mapping[Address, Address] | None = None,
        *,
        public_only: bool = False,
        total_timeout: float = TOTAL_TIMEOUT,
    ) -> None:
        self._connect_to = dict(connect_to or {})
        self._public_only = public_only
        self._timeout = aiohttp.ClientTimeout(total=total_timeout, sock_connect=CONNECT_TIMEOUT)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
        return await self._request("GET", url, headers or {}, None)

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> HttpResponse:
        """POST `form` as application/x-www-form-urlencoded."""
        return await self._request("POST", url, headers or {}, dict(form))

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], form: dict[str, str] | None
    ) -> HttpResponse:
        """Raises Unreachable."""
        try:
            target, host, server_hostname = self._target(URL(url))
            if self._public_only and _is_private(target.host or ""):
                raise PrivateAddress
            async with self._pool().request(
                method,
                target,
                headers={"Accept": "application/json", **headers, **host},
                data=form,
                allow_redirects=False,
                server_hostname=server_hostname,
            ) as response:
                body = await self._bounded(response)
                return HttpResponse(response.status, response.headers, body)
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            reason = str(failure) or type(failure).__name__
            # After a TLS error there was a connection.
            reached = not isinstance(failure, aiohttp.ClientConnectorError) or isinstance(
                failure, aiohttp.ClientSSLError
            )
            raise (Unreachable if reached else ConnectFailed)(f"{method} {url}: {reason}") from failure

    def _target(self, url: URL) -> tuple[URL, dict[str, str], str | None]:
        """The URL to connect to, the Host header, and the TLS server name."""
        mapped = self._connect_to.get(((url.host or "").lower(), url.port or 0))
        if mapped is None:
            return url, {}, None
        name = url.host if url.scheme == "https" else None
        return url.with_host(mapped[0]).with_port(mapped[1]), {"Host": url.host_port_subcomponent or ""}, name

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=100,
                    ttl_dns_cache=DNS_CACHE_SECONDS,
                    keepalive_timeout=KEEP_ALIVE_SECONDS,
                    resolver=_PublicResolver() if self._public_only else None,
                ),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    @staticmethod
    async def _bounded(response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > BODY_LIMIT:
                raise Unreachable(f"{response.url}: the response is larger than {BODY_LIMIT} bytes")
        return bytes(body)
