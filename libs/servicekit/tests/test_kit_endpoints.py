"""The endpoint dispatcher: what holds for every endpoint before its handler is called."""

import asyncio
import json
from typing import Any

import pytest

from servicekit.web import endpoints
from servicekit.web.endpoints import EndpointDispatcher, Reply, Request, Route, error_reply, json_reply


async def echo(request: Request) -> Reply:
    return json_reply(200, {"body": request.body.decode()})


async def pages(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("this is not a page")


def dispatcher() -> EndpointDispatcher:
    return EndpointDispatcher(
        {"/echo": Route({"POST": echo})}, pages, lambda _, exception: Reply(500, repr(exception).encode()), print
    )


async def call(messages: list[dict[str, Any]], path: str = "/echo", **headers: str) -> list[dict[str, Any]]:
    """What the dispatcher sends for these messages of a client that then sends nothing more."""
    sent: list[dict[str, Any]] = []
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        message = next(waiting, None)
        return message or await asyncio.Future[dict[str, Any]]()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "path": path,
        "method": "POST",
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    await dispatcher()(scope, receive, send)
    return sent


async def test_chunked_body_is_joined() -> None:
    pieces: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b"},
    ]
    assert (await call(pieces))[1]["body"] == b'{"body":"ab"}'


@pytest.mark.spec("RFC 9110 §15.5.9")
async def test_incomplete_body_gets_408(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9110 §15.5.9: and the connection is closed."""
    monkeypatch.setattr(endpoints, "BODY_SECONDS", 0.01)
    sent = await call([{"type": "http.request", "body": b"a", "more_body": True}])
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


async def test_body_with_too_large_content_length_is_not_read() -> None:
    sent = await call([], content_length="70000")
    assert sent[0]["status"] == 413


async def test_disconnected_client_gets_no_response() -> None:
    assert await call([{"type": "http.disconnect"}]) == []


@pytest.mark.parametrize("path", ["http://a.test/echo", "HTTPS://a.test:1/echo", "http://u@[::1]/echo"])
@pytest.mark.spec("RFC 9112 §3.2.2")
async def test_target_in_absolute_form_is_routed_by_its_path(path: str) -> None:
    """RFC 9112 §3.2.2: a server MUST accept it."""
    assert (await call([{"type": "http.request"}], path))[0]["status"] == 200


@pytest.mark.parametrize(
    "path", ["echo", "*", "a.test/echo", "ftp://a.test/echo", "/http://a.test/echo", "http://echo", "/echohttp://a"]
)
async def test_other_targets_are_not_routed(path: str) -> None:
    with pytest.raises(AssertionError, match="not a page"):
        await call([{"type": "http.request"}], path)


@pytest.mark.parametrize(
    ("description", "sent"),
    [
        pytest.param("use GET, or #1 [a]~", "use GET, or #1 [a]~", id="what is allowed"),
        pytest.param('a "quote"', "a ?quote?", id="quotes"),
        pytest.param("a\\b", "a?b", id="a backslash"),
        pytest.param("a\nb\x7f", "a?b?", id="control characters"),
        pytest.param("§5 für", "?5 f?r", id="outside ASCII"),
    ],
)
@pytest.mark.spec("RFC 6749 §5.2")
def test_error_description_has_allowed_characters_only(description: str, sent: str) -> None:
    """RFC 6749 §5.2."""
    reply = error_reply(400, "invalid_request", description, (("cache-control", "no-store"),))
    assert json.loads(reply.body) == {"error": "invalid_request", "error_description": sent}
    assert reply.headers == (("content-type", "application/json"), ("cache-control", "no-store"))


def test_error_without_description_has_only_the_code() -> None:
    assert json.loads(error_reply(500, "server_error").body) == {"error": "server_error"}
