"""Malformed input to the application of each service in process leads to a 4xx, never to a 500.

e2e/flows/test_e2e_bad_input.py tests what needs a socket (malformed HTTP, incomplete requests, huge headers) or the
provider together with the relying party or the resource server.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import pytest_asyncio
from quart import Quart

from op.app import create_app as create_provider
from redis_server import RedisServer
from rp.app import create_app as create_relying_party
from rs.app import create_app as create_resource_server
from stack import Addresses, Role, Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")

CREATE: dict[Role, Callable[[], Quart]] = {
    "op": create_provider,
    "rs": create_resource_server,
    "rp": create_relying_party,
}
DATABASE = 6  # a database that no other test clears
FORM = "application/x-www-form-urlencoded"

Apps = dict[Role, Quart]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def apps(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Apps]:
    """The three applications with the demo's settings, without servers at their addresses."""
    folder: Path = tmp_path_factory.mktemp("apps")
    stack = Stack(folder, addresses=Addresses("http://localhost:1", "http://localhost:2", "http://localhost:3"))
    apps: Apps = {}
    async with AsyncExitStack() as running:
        for role, create in CREATE.items():
            with pytest.MonkeyPatch.context() as environment:
                for name, value in stack.own_values(role).items():
                    environment.setenv(name, value)
                environment.setenv("REDIS_URL", redis_server.database_url(DATABASE))
                apps[role] = create()
            await running.enter_async_context(apps[role].test_app())  # type: ignore[arg-type]
        yield apps


async def status_of(app: Quart, method: str, target: bytes, body: bytes = b"", *headers: tuple[bytes, bytes]) -> int:
    """The status of the response to a request, whose target and headers are split like Hypercorn does."""
    path, _, query = target.partition(b"?")
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"content-length", str(len(body)).encode()), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "extensions": {},
    }
    received = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Any] = []

    async def receive() -> Any:
        return received.pop() if received else await asyncio.Future()

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    status = sent[0]["status"]
    assert isinstance(status, int)
    return status


OP_POSTS = [
    "/token", "/introspect", "/revoke", "/userinfo", "/authorize", "/login", "/logout", "/account/password",
]  # fmt: skip


@pytest.mark.parametrize("path", OP_POSTS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"a=" + b"x" * 1_000_000, id="1 MB"),
        pytest.param(b"state=" + b"x" * 50_000, id="a parameter of 50 KB"),
        pytest.param(b"username=%ff%fe", id="invalid UTF-8"),
        pytest.param(b"\xff\xfe=\x00", id="raw bytes"),
        pytest.param(b"login=%00&token=%00&code=%00", id="NUL"),
        pytest.param(b"&".join(b"p%d=1" % i for i in range(2000)), id="2000 parameters"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_malformed_form_gets_a_4xx(apps: Apps, path: str, body: bytes) -> None:
    status = await status_of(apps["op"], "POST", path.encode(), body, (b"content-type", FORM.encode()))
    redirecting = ("/logout", "/account/password")  # without cookies: to the GET, and to the account page
    allowed = (303,) if path in redirecting and body == b"" else ()
    assert 400 <= status < 500 or status in allowed


@pytest.mark.parametrize("path", OP_POSTS)
@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "text/plain; charset=ÿ", ""])
async def test_other_content_type_gets_a_4xx(apps: Apps, path: str, content_type: str) -> None:
    body, header = json.dumps({"a": 1}).encode(), (b"content-type", content_type.encode("latin-1"))
    assert 400 <= await status_of(apps["op"], "POST", path.encode(), body, header) < 500


@pytest.mark.parametrize("role", CREATE)
@pytest.mark.parametrize(
    "target",
    [
        pytest.param(b"/%00", id="NUL in the path"),
        pytest.param(b"/%ff%fe", id="invalid UTF-8 in the path"),
        pytest.param(b"/?a=%ff&b=%00", id="malformed query"),
        pytest.param(b"/..%2f..%2fetc%2fpasswd", id="climbing up"),
        pytest.param(b"//evil.test/", id="two slashes"),
        pytest.param(b"/assets/..%2f..%2fpages.py", id="climbing out of the assets"),
    ],
)
async def test_malformed_path_gets_no_5xx(apps: Apps, role: Role, target: bytes) -> None:
    assert await status_of(apps[role], "GET", target) < 500


PAGES: list[tuple[Role, str]] = [
    ("op", "/authorize"),
    ("op", "/login"),
    ("op", "/logout"),
    ("op", "/userinfo"),
    ("rp", "/callback"),
    ("rp", "/logout/callback"),
    ("rp", "/profile"),
    ("rs", "/api/me"),
]


@pytest.mark.parametrize(("role", "path"), PAGES)
@pytest.mark.parametrize(
    "query",
    [b"state=%ff", b"code=%00&state=%00", b"state=" + b"x" * 12_000, b"state=a&state=b", b"=&&&=", b"%zz=%zz"],
    ids=["invalid UTF-8", "NUL", "long", "repeated", "empty", "bad percent"],
)
async def test_malformed_query_gets_no_5xx(apps: Apps, role: Role, path: str, query: bytes) -> None:
    assert await status_of(apps[role], "GET", path.encode() + b"?" + query) < 500


@pytest.mark.parametrize(("role", "path"), PAGES)
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(
            [(b"cookie", b"op_session=\xff\xfe; rp_session=\xff; op_login=\x80; rp_login=\x80")], id="cookies"
        ),
        pytest.param([(b"cookie", b"a=b; " * 1500)], id="many cookies"),
        pytest.param([(b"authorization", b"Bearer \xff\xfe")], id="bearer bytes"),
        pytest.param([(b"authorization", b"Basic \xff"), (b"authorization", b"Bearer x")], id="two schemes"),
        pytest.param(
            [(b"x-forwarded-for", b"\xff, nonsense"), (b"forwarded", b"for=x"), (b"origin", b"\xff")], id="forwarded"
        ),
        pytest.param([(b"host", b"other")], id="two hosts"),
        pytest.param([(b"accept-language", b"\xff"), (b"content-type", b"\xff")], id="others"),
    ],
)
async def test_malformed_header_gets_no_5xx(
    apps: Apps, role: Role, path: str, headers: list[tuple[bytes, bytes]]
) -> None:
    assert await status_of(apps[role], "GET", path.encode(), b"", *headers) < 500
