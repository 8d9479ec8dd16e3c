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
    raise AssertionError("this is no page")


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


async def test_a_body_in_pieces_is_one_body() -> None:
    pieces: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b"},
    ]
    assert (await call(pieces))[1]["body"] == b'{"body":"ab"}'


@pytest.mark.spec("RFC 9110 §15.5.9")
async def test_a_body_that_stops_coming_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9110 §15.5.9: and the connection is given up."""
    monkeypatch.setattr(endpoints, "BODY_SECONDS", 0.01)
    sent = await call([{"type": "http.request", "body": b"a", "more_body": True}])
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


async def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    sent = await call([], content_length="70000")
    assert sent[0]["status"] == 413


async def test_a_client_that_goes_away_gets_no_answer() -> None:
    assert await call([{"type": "http.disconnect"}]) == []


@pytest.mark.parametrize("path", ["http://a.test/echo", "HTTPS://a.test:1/echo", "http://u@[::1]/echo"])
@pytest.mark.spec("RFC 9112 §3.2.2")
async def test_a_target_in_absolute_form_is_known_by_its_path(path: str) -> None:
    """A request target in absolute form is accepted."""
    assert (await call([{"type": "http.request"}], path))[0]["status"] == 200


@pytest.mark.parametrize(
    "path", ["echo", "*", "a.test/echo", "ftp://a.test/echo", "/http://a.test/echo", "http://echo", "/echohttp://a"]
)
async def test_other_targets_are_not_taken_for_it(path: str) -> None:
    with pytest.raises(AssertionError, match="no page"):
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
def test_an_error_description_has_allowed_characters_only(description: str, sent: str) -> None:
    reply = error_reply(400, "invalid_request", description, (("cache-control", "no-store"),))
    assert json.loads(reply.body) == {"error": "invalid_request", "error_description": sent}
    assert reply.headers == (("content-type", "application/json"), ("cache-control", "no-store"))


def test_an_error_without_a_description_names_the_code_alone() -> None:
    assert json.loads(error_reply(500, "server_error").body) == {"error": "server_error"}
