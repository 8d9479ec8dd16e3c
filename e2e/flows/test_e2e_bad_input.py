"""Bytes that no client should send, to the real server: a clear 4xx, never a 500, and it goes on serving."""

import json
import re
import socket
from contextlib import suppress

import pytest

from stack import Stack

# What arrives is the same in a container.
pytestmark = pytest.mark.parametrize("platform", ["processes"], indirect=True, scope="session")

FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


def send(port: int, request: bytes) -> bytes:
    """The head of the answer to raw bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.settimeout(10)
        with suppress(BrokenPipeError, ConnectionResetError):  # it may be refused before all of it was sent
            connection.sendall(request)
        received = b""
        with suppress(ConnectionResetError):
            while b"\r\n\r\n" not in received and (chunk := connection.recv(65536)):
                received += chunk
        return received


def status_of(answer: bytes) -> int:
    match = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    assert match, answer[:200]
    return int(match[1])


def post(path: str, body: bytes, headers: str = FORM) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("latin-1") + body


def get(target: bytes, headers: bytes = b"") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + b"\r\n"


OP_POSTS = ["/token", "/introspect", "/revoke", "/userinfo", "/authorize", "/login", "/logout"]


@pytest.mark.parametrize("path", OP_POSTS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"a=" + b"x" * 10_000_000, id="10 MB"),
        pytest.param(b"state=" + b"x" * 50_000, id="a parameter of 50 KB"),
        pytest.param(b"username=%ff%fe", id="invalid UTF-8"),
        pytest.param(b"\xff\xfe=\x00", id="raw bytes"),
        pytest.param(b"login=%00&token=%00&code=%00", id="NUL"),
        pytest.param(b"&".join(b"p%d=1" % i for i in range(2000)), id="2000 parameters"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_the_provider_answers_strange_forms_with_4xx(stack_a: Stack, path: str, body: bytes) -> None:
    status = status_of(send(stack_a.addresses.port("op"), post(path, body)))
    allowed = (303,) if path == "/logout" and body == b"" else ()  # no cookie came: on to the GET
    assert 400 <= status < 500 or status in allowed


@pytest.mark.parametrize("path", OP_POSTS)
@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "text/plain; charset=ÿ", ""])
def test_the_provider_answers_other_content_types_with_4xx(stack_a: Stack, path: str, content_type: str) -> None:
    headers = f"Content-Type: {content_type}\r\n"
    status = status_of(send(stack_a.addresses.port("op"), post(path, json.dumps({"a": 1}).encode(), headers)))
    assert 400 <= status < 500


TARGETS = [
    pytest.param(b"/%00", id="NUL in the path"),
    pytest.param(b"/%ff%fe", id="invalid UTF-8 in the path"),
    pytest.param(b"/?a=%ff&b=%00", id="strange query"),
    pytest.param(b"/" + b"x" * 50_000, id="a path of 50 KB"),
    pytest.param(b"/..%2f..%2fetc%2fpasswd", id="climbing up"),
    pytest.param(b"//evil.test/", id="two slashes"),
    pytest.param(b"/assets/..%2f..%2fpages.py", id="climbing out of the assets"),
]


@pytest.mark.parametrize("role", ["op", "rs", "rp"])
@pytest.mark.parametrize("target", TARGETS)
def test_strange_addresses_get_no_500(stack_a: Stack, role, target: bytes) -> None:
    assert status_of(send(stack_a.addresses.port(role), get(target))) < 500


PAGES = [
    ("op", "/authorize"),
    ("op", "/login"),
    ("op", "/logout"),
    ("op", "/userinfo"),
    ("rp", "/login"),
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
def test_strange_queries_get_no_500(stack_a: Stack, role, path: str, query: bytes) -> None:
    assert status_of(send(stack_a.addresses.port(role), get(path.encode() + b"?" + query))) < 500


@pytest.mark.parametrize(("role", "path"), PAGES)
@pytest.mark.parametrize(
    "headers",
    [
        b"Cookie: op_session=\xff\xfe; rp_session=\xff; op_login=\x80; rp_login=\x80\r\n",
        b"Cookie: " + b"a=b; " * 1500 + b"\r\n",
        b"Authorization: Bearer \xff\xfe\r\n",
        b"Authorization: Bearer " + b"x" * 10_000 + b"\r\n",
        b"Authorization: Basic \xff\r\nAuthorization: Bearer x\r\n",
        b"X-Forwarded-For: \xff, nonsense\r\nForwarded: for=x\r\nOrigin: \xff\r\n",
        b"Host: other\r\n",
        b"Accept-Language: \xff\r\nContent-Type: \xff\r\n",
    ],
    ids=["cookies", "many cookies", "bearer bytes", "long bearer", "two", "forwarded", "two hosts", "others"],
)
def test_strange_headers_get_no_500(stack_a: Stack, role, path: str, headers: bytes) -> None:
    assert status_of(send(stack_a.addresses.port(role), get(path.encode(), headers))) < 500


def test_everything_still_works_after_all_that(stack_a: Stack) -> None:
    stack_a.check()
    for role in ("op", "rs", "rp"):
        assert status_of(send(stack_a.addresses.port(role), get(b"/readyz"))) == 200
        assert not [line for line in stack_a.log(role) if "unforeseen" in line or "Traceback" in line]
