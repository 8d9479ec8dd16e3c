"""Requests that no client should send, over sockets: a clear 4xx, never a 500, and the services keep serving.

services/tests/test_services_bad_input.py gives the applications in process what a socket is not needed for.
"""

import re
import socket
from contextlib import suppress

import pytest

from stack import ROLES, Role, Stack

# What arrives is the same in a container.
pytestmark = pytest.mark.parametrize("platform", ["processes"], indirect=True, scope="session")

FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


def send(port: int, request: bytes) -> bytes:
    """The head of the response to raw bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.settimeout(10)
        with suppress(BrokenPipeError, ConnectionResetError):  # it may be refused before all of it was sent
            connection.sendall(request)
        received = b""
        with suppress(ConnectionResetError):
            while b"\r\n\r\n" not in received and (chunk := connection.recv(65536)):
                received += chunk
        return received


def status_of(response: bytes) -> int:
    match = re.match(rb"HTTP/1\.1 (\d{3})", response)
    assert match, response[:200]
    return int(match[1])


def get(target: bytes, headers: bytes = b"") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + b"\r\n"


def post(path: str, body: bytes) -> bytes:
    head = b"POST " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + FORM
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", id="TLS where none is spoken"),
        pytest.param(get(b"/\xff\xfe"), id="raw bytes in the target"),
        pytest.param(get(b"/", b"no colon here\r\n"), id="a header without a colon"),
        pytest.param(get(b"/", b"Content-Length: 1\r\nContent-Length: 2\r\n"), id="two lengths"),
        pytest.param(get(b"/" + b"x" * 50_000), id="a path of 50 KB"),
        pytest.param(get(b"/", b"Cookie: " + b"a=b; " * 20_000 + b"\r\n"), id="cookies of 100 KB"),
    ],
)
def test_broken_or_huge_head_is_a_4xx(stack_a: Stack, role: Role, request_bytes: bytes) -> None:
    assert 400 <= status_of(send(stack_a.addresses.port(role), request_bytes)) < 500


@pytest.mark.parametrize(("role", "path"), [("op", "/token"), ("op", "/login"), ("rp", "/login")])
def test_body_of_10_mb_is_a_4xx(stack_a: Stack, role: Role, path: str) -> None:
    body = b"a=" + b"x" * 10_000_000
    assert 400 <= status_of(send(stack_a.addresses.port(role), post(path, body))) < 500


@pytest.mark.parametrize(("role", "path"), [("op", "/token"), ("op", "/login"), ("rp", "/backchannel-logout")])
def test_request_cut_short_leaves_the_service_serving(stack_a: Stack, role: Role, path: str) -> None:
    port = stack_a.addresses.port(role)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(post(path, b"token=of-a-client-that-hangs-up")[:-10])
    assert status_of(send(port, get(b"/readyz"))) == 200


NEEDS_THE_PROVIDER = [
    pytest.param("rp", get(b"/login?login_hint=%ff"), id="invalid UTF-8 at the login"),
    pytest.param("rp", get(b"/login?iss=a&iss=b"), id="repeated at the login"),
    pytest.param("rs", get(b"/api/me", b"Authorization: Bearer " + b"x" * 10_000 + b"\r\n"), id="long bearer"),
]


@pytest.mark.parametrize(("role", "request_bytes"), NEEDS_THE_PROVIDER)
def test_strange_request_to_rs_and_rp_is_not_a_5xx(stack_a: Stack, role: Role, request_bytes: bytes) -> None:
    assert status_of(send(stack_a.addresses.port(role), request_bytes)) < 500


@pytest.mark.parametrize("role", ROLES)
def test_service_is_ready_and_logged_no_failure_after_all_that(stack_a: Stack, role: Role) -> None:
    stack_a.check()
    assert status_of(send(stack_a.addresses.port(role), get(b"/readyz"))) == 200
    assert not [line for line in stack_a.log(role) if "unforeseen" in line or "Traceback" in line]
