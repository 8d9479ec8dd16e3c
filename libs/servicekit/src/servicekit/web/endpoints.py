"""The dispatcher of the endpoints that programs call, in front of the pages of a service.

A path in its table is handled by a function from a parsed request to a reply, without a framework; every other path is
passed on to Quart. The dispatcher applies what all endpoints have in common: the limit of the body, HEAD, unknown
methods, CORS for scripts of a browser, and a response for every exception.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeAlias

BODY_LIMIT = 64 * 1024
BODY_SECONDS = 10

# What comes before the path of a request target in absolute form, which every server must accept (RFC 9112 §3.2.2).
_AUTHORITY = re.compile(r"\Ahttps?://[^/]*", re.IGNORECASE)

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
HeaderList: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A complete request to an endpoint."""

    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The value of a header; the values of several headers are joined by commas (RFC 9110 §5.3)."""
        wanted = name.lower().encode("ascii")
        found = [value for key, value in self.headers if key == wanted]
        return b", ".join(found).decode("latin-1") if found else None

    def has_form_body(self) -> bool:
        """Whether the body is application/x-www-form-urlencoded."""
        content_type = (self.header("content-type") or "").partition(";")[0].strip().lower()
        return content_type == "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete response of an endpoint."""

    status: int
    body: bytes = b""
    headers: HeaderList = ()


_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)

# The complement of what an error_description may contain (RFC 6749 §5.2).
_NOT_IN_DESCRIPTION = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


def json_reply(status: int, value: Mapping[str, Any], headers: HeaderList = ()) -> Reply:
    body = _JSON.encode(value).encode()
    return Reply(status, body, (("content-type", "application/json"), *headers))


def error_description(text: str) -> str:
    """`text` as an error_description (RFC 6749 §5.2).

    "?" replaces every character that it may not contain: quotes, backslashes, control characters and everything
    outside ASCII.
    """
    return _NOT_IN_DESCRIPTION.sub("?", text)


def error_body(code: str, description: str | None = None) -> dict[str, str]:
    """The members of an error response (RFC 6749 §5.2)."""
    return (
        {"error": code} if description is None else {"error": code, "error_description": error_description(description)}
    )


def error_reply(status: int, code: str, description: str | None = None, headers: HeaderList = ()) -> Reply:
    """An error as JSON in the form of RFC 6749 §5.2."""
    return json_reply(status, error_body(code, description), headers)


Handler: TypeAlias = Callable[[Request], Awaitable[Reply]]
FailureReply: TypeAlias = Callable[[Request, Exception], Reply]
Observer: TypeAlias = Callable[[str, str, int, float], None]


@dataclass(frozen=True)
class Route:
    """The handlers of a path by method, and whether scripts of any origin may call them."""

    handlers: Mapping[str, Handler]
    cors: bool = False
    allow: str = field(init=False)

    def __post_init__(self) -> None:
        methods = {*self.handlers, "OPTIONS"} | ({"HEAD"} if "GET" in self.handlers else set())
        object.__setattr__(self, "allow", ", ".join(sorted(methods)))


_CLOSE: HeaderList = (("connection", "close"),)
_ALWAYS: HeaderList = (("x-content-type-options", "nosniff"),)
_OVER_TLS: HeaderList = (("strict-transport-security", "max-age=31536000"),)  # a year, of this host alone
_CORS: HeaderList = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "www-authenticate, retry-after"),
)
_PREFLIGHT: HeaderList = (
    ("access-control-allow-headers", "authorization, content-type"),
    ("access-control-max-age", "3600"),
)


class BodyTooLarge(Exception):
    """The body is larger than BODY_LIMIT."""


class BodyTimeout(Exception):
    """The body was not received within BODY_SECONDS."""


class ClientDisconnected(Exception):
    """The client closed the connection before its request was complete."""


class EndpointDispatcher:
    """An ASGI application that handles `routes` itself and passes all other requests to `pages` (RFC 9112 §3.2.2).

    `failure` converts every exception of a handler into a reply; `observe(path, method, status, seconds)` counts
    requests. `secure` means that callers reach the service over TLS, perhaps through a proxy: then every response tells
    browsers to use TLS only (RFC 6797 §7.2).
    """

    def __init__(
        self,
        routes: Mapping[str, Route],
        pages: AsgiApp,
        failure: FailureReply,
        observe: Observer,
        *,
        secure: bool = False,
    ) -> None:
        self._always = _raw(_OVER_TLS if secure else ())
        self._routes = dict(routes)
        self._pages = pages
        self._failure = failure
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        path = _AUTHORITY.sub("", scope["path"])
        route = self._routes.get(path)
        if route is None:
            await self._page(scope, receive, send)
            return
        start = perf_counter()
        request = Request(scope["method"], path, scope["query_string"], list(scope["headers"]))
        try:
            reply = await self._reply(route, request, receive)
        except ClientDisconnected:
            return
        # Before it is sent, so that a client that has the response finds it in the metrics of every worker.
        self._observe(request.path, request.method, reply.status, perf_counter() - start)
        await self._send(route, request, reply, send)

    async def _reply(self, route: Route, request: Request, receive: Receive) -> Reply:
        method = "GET" if request.method == "HEAD" else request.method
        handler = route.handlers.get(method)
        if handler is None:
            if method == "OPTIONS":
                preflight = (("access-control-allow-methods", route.allow), *_PREFLIGHT) if route.cors else ()
                return Reply(204, b"", (("allow", route.allow), *preflight))
            return error_reply(
                405, "invalid_request", f"The method is not allowed. Use {route.allow}.", (("allow", route.allow),)
            )
        try:
            if method in ("POST", "PUT"):
                body = await _body_in_time(request, receive)
                request = Request(request.method, request.path, request.query, request.headers, body)
            return await handler(request)
        except BodyTooLarge:
            return error_reply(413, "invalid_request", f"The body must not be larger than {BODY_LIMIT} bytes.", _CLOSE)
        except BodyTimeout:
            return error_reply(
                408, "invalid_request", f"The body was not received within {BODY_SECONDS} seconds.", _CLOSE
            )
        except ClientDisconnected:
            raise
        except Exception as exception:  # noqa: BLE001 - the service's renderer converts all exceptions
            return self._failure(request, exception)

    async def _send(self, route: Route, request: Request, reply: Reply, send: Send) -> None:
        headers = (
            *reply.headers,
            ("content-length", str(len(reply.body))),
            *_ALWAYS,
            *(_CORS if route.cors else ()),
        )
        raw = [*_raw(headers), *self._always]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else reply.body})

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = perf_counter()

        async def observed(message: Any) -> None:
            if message["type"] == "http.response.start":
                self._observe("page", scope["method"], message["status"], perf_counter() - start)
                message = {**message, "headers": [*message.get("headers", ()), *self._always]}
            await send(message)

        await self._pages(scope, receive, observed)


def _raw(headers: HeaderList) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


async def _body_in_time(request: Request, receive: Receive) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await read_body(request, receive)
    except TimeoutError:
        raise BodyTimeout from None


async def read_body(request: Request, receive: Receive) -> bytes:
    """Read the whole body; raises BodyTooLarge as soon as it exceeds BODY_LIMIT, and ClientDisconnected."""
    declared = request.header("content-length")
    if declared and declared.isdecimal() and int(declared) > BODY_LIMIT:
        raise BodyTooLarge
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        chunk: bytes = message.get("body", b"")
        body += chunk
        if len(body) > BODY_LIMIT:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return body
