"""A small load generator: keep-alive connections to 127.0.0.1, bounded in count and time.

It writes prepared bytes and reads just enough of a response, so that it measures mainly the service.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import quantiles
from typing import Self
from urllib.parse import urlencode, urlsplit

CONNECTIONS = 16
TIME_LIMIT = 60.0


@dataclass(frozen=True, slots=True)
class Response:
    """A response."""

    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header; raises LookupError if it is missing."""
        for line in self.head.split("\r\n"):
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        raise LookupError(name)

    def cookies(self) -> str:
        """The cookies of the Set-Cookie headers, as a browser sends them."""
        lines = (line.partition(":") for line in self.head.split("\r\n"))
        return "; ".join(value.strip().split(";")[0] for key, _, value in lines if key.lower() == "set-cookie")


class Connection:
    """One keep-alive connection to a service."""

    def __init__(self, url: str) -> None:
        self._port = urlsplit(url).port
        self._host = urlsplit(url).netloc

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    def request(self, method: str, path: str, headers: dict[str, str], form: dict[str, str] | None = None) -> bytes:
        """The bytes of a request, which can be sent repeatedly."""
        body = urlencode(form or {}).encode()
        lines = {"Host": self._host, **headers}
        if form is not None:
            lines |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body

    async def send(self, request: bytes) -> Response:
        """Send a request and read the whole response."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        response = Response(status, head, b"")
        length = int(response.header("content-length"))
        return Response(status, head, await self._reader.readexactly(length)) if length else response


@dataclass(frozen=True, slots=True)
class Figures:
    """The measurements of a run; latencies in milliseconds."""

    count: int
    per_second: float
    p50: float
    p99: float


Work = Callable[[int], Awaitable[None]]


async def measure(workers: list[Work], count: int) -> Figures:
    """Let the workers perform `count` timed operations together, all within TIME_LIMIT."""
    latencies: list[float] = []
    numbers = iter(range(count))

    async def run(work: Work) -> None:
        for number in numbers:
            start = time.perf_counter()
            await work(number)
            latencies.append(time.perf_counter() - start)

    start = time.perf_counter()
    async with asyncio.timeout(TIME_LIMIT):
        await asyncio.gather(*(run(work) for work in workers))
    seconds = time.perf_counter() - start
    percentiles = quantiles(latencies, n=100)
    return Figures(count, count / seconds, percentiles[49] * 1000, percentiles[98] * 1000)
