"""`python -m rs` as a process, with real sockets and raw bytes."""

import asyncio
import json
import signal
import socket
import sys
from contextlib import asynccontextmanager

from redis_server import free_port


@asynccontextmanager
async def running(environment: dict[str, str]):
    """The process, with a socket that listens before it starts: requests wait until it serves."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "rs"),
            env={**environment, "BIND": f"fd://{listening.fileno()}"},
            pass_fds=[listening.fileno()],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield program, listening.getsockname()[1]
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()


async def exchange(port: int, request: bytes) -> tuple[int, str]:
    """Send raw bytes; the status and the whole response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    async with asyncio.timeout(10):
        response = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return int(response.split(" ")[1]), response


def get_me(*headers: bytes) -> bytes:
    lines = (b"GET /api/me HTTP/1.1", b"Host: rs", b"Connection: close", *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n"


async def test_service_handles_raw_requests_and_exits_cleanly(redis_server):
    environment = {
        "OIDC_ISSUER": f"http://127.0.0.1:{free_port()}",
        "REDIS_URL": redis_server.url,
        "TOKEN_VALIDATION": "jwt",
        "LOG_LEVEL": "INFO",
    }
    async with running(environment) as (program, port):
        status, response = await exchange(port, get_me())
        assert status == 401
        assert "www-authenticate: bearer" in response.lower()
        expected = {
            get_me(b"Authorization: Bearer not-a-real-token"): 401,
            get_me(b"Authorization: Bearer a\x00b"): 400,
            get_me(b"Authorization: Bearer \xff\xfe"): 401,
            get_me(b"Authorization: Bearer a", b"Authorization: Bearer a"): 400,
            get_me(b"Authorization: Bearer " + b"a" * 100_000): 431,
        }
        assert {call: (await exchange(port, call))[0] for call in expected} == expected
        program.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            output, errors = await program.communicate()
    assert (program.returncode, errors) == (0, b"")
    events = [json.loads(line) for line in output.splitlines()]
    assert sum(entry["message"] == "request refused" for entry in events) == 4
