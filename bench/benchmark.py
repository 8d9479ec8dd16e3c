"""`make bench`: requests per second of the services on this machine, with one worker each and a real Redis server.

Every request goes to 127.0.0.1, and every loop ends by itself. The machine also generates the load, so the figures
are only good for comparing a change with the version before it.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from load import CONNECTIONS, Connection, Figures, Work, measure

from redis_server import free_port
from stack import ROLES, Addresses, Mode, Stack, demo_values

REQUESTS = 10_000
EXCHANGES = 1500
SIGN_INS = 150

VALUES = demo_values()
VERIFIER = secrets.token_urlsafe(48)
ADDRESSES = Addresses.on_free_ports()
REDIRECT_URI = f"{ADDRESSES.rp}/callback"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def main() -> None:
    rows: list[tuple[str, Figures]] = []
    with bare_server() as url:
        rows.append(("bare server, constant page", asyncio.run(constant_pages(url))))
    memory: dict[str, str] = {}
    started: dict[Mode, float] = {}
    for mode in ("A", "B"):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            with Stack(Path(folder), mode=mode, addresses=ADDRESSES) as stack:
                started[mode] = time.perf_counter() - start
                rows += asyncio.run(mode_a(stack) if mode == "A" else mode_b(stack))
                memory |= {f"{role}, mode {mode}": resident(stack.process(role).pid) for role in ROLES}
    report(rows, memory, started)


async def mode_a(stack: Stack) -> list[tuple[str, Figures]]:
    async with connections(stack.op_url) as pool:
        return [
            ("introspection", await introspections(pool)),
            ("token exchange (code, RS256 id_token)", await exchanges(pool, stack)),
            ("refresh", await refreshes(pool, stack)),
            ("/api/me, mode A", await api_me(stack, pool[0])),
            ("whole sign-in (login with argon2id, code, tokens)", await sign_ins(pool, stack)),
        ]


async def mode_b(stack: Stack) -> list[tuple[str, Figures]]:
    async with connections(stack.op_url) as pool:
        return [
            ("token exchange, mode B (two RS256 signatures)", await exchanges(pool, stack)),
            ("/api/me, mode B", await api_me(stack, pool[0])),
        ]


# --- What is measured ------------------------------------------------------------------------------------------------


async def constant_pages(url: str) -> Figures:
    async with connections(url) as pool:
        return await repeated(pool, "POST", "/", {}, {"token": "x" * 66})


async def introspections(pool: list[Connection]) -> Figures:
    token = (await tokens_of(pool[0], await code_of(pool[0], await session_of(pool[0]))))["access_token"]
    headers = basic(VALUES["RS_CLIENT_ID"], VALUES["RS_CLIENT_SECRET"])
    return await repeated(pool, "POST", "/introspect", headers, {"token": token})


async def exchanges(pool: list[Connection], stack: Stack) -> Figures:
    session = await session_of(pool[0])
    codes = [await code_of(pool[0], session) for _ in range(EXCHANGES)]

    def worker(connection: Connection) -> Work:
        async def exchange(number: int) -> None:
            await tokens_of(connection, codes[number])

        return exchange

    stack.check()
    return await measure([worker(connection) for connection in pool], EXCHANGES)


async def refreshes(pool: list[Connection], stack: Stack) -> Figures:
    session = await session_of(pool[0])
    first = [(await tokens_of(pool[0], await code_of(pool[0], session)))["refresh_token"] for _ in pool]

    def worker(connection: Connection, token: str) -> Work:
        latest = token

        async def refresh(_: int) -> None:
            nonlocal latest
            form = {"grant_type": "refresh_token", "refresh_token": latest}
            latest = (await post_token(connection, form))["refresh_token"]

        return refresh

    stack.check()
    return await measure([worker(c, token) for c, token in zip(pool, first, strict=True)], EXCHANGES)


async def api_me(stack: Stack, op: Connection) -> Figures:
    token = (await tokens_of(op, await code_of(op, await session_of(op))))["access_token"]
    async with connections(stack.rs_url) as pool:
        return await repeated(pool, "GET", "/api/me", {"Authorization": f"Bearer {token}"})


async def sign_ins(pool: list[Connection], stack: Stack) -> Figures:
    def worker(connection: Connection) -> Work:
        async def sign_in(_: int) -> None:
            await tokens_of(connection, await code_of(connection, await session_of(connection)))

        return sign_in

    stack.check()
    return await measure([worker(connection) for connection in pool], SIGN_INS)


async def repeated(
    pool: list[Connection], method: str, path: str, headers: dict[str, str], form: dict[str, str] | None = None
) -> Figures:
    """The same request repeatedly."""

    def worker(connection: Connection) -> Work:
        request = connection.request(method, path, headers, form)

        async def send(_: int) -> None:
            response = await connection.send(request)
            assert response.status == 200, response.body

        return send

    workers = [worker(connection) for connection in pool]
    await measure(workers, REQUESTS // 10)  # to warm up
    return await measure(workers, REQUESTS)


# --- A client and its browser ----------------------------------------------------------------------------------------


def authorization_query() -> str:
    return urlencode(
        {
            "response_type": "code",
            "client_id": VALUES["CLIENT_ID"],
            "redirect_uri": REDIRECT_URI,
            "scope": "openid email profile",
            "state": "s",
            "nonce": "n",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
    )


async def session_of(op: Connection) -> str:
    """Log in as user0; the session cookie."""
    start = await op.send(op.request("GET", f"/authorize?{authorization_query()}", {}))
    cookie = {"Cookie": start.cookies()}
    location = urlsplit(start.header("location"))
    page = await op.send(op.request("GET", f"{location.path}?{location.query}", cookie))
    form = dict(re.findall(r'name="(login|csrf_token)" value="([^"]*)"', page.body.decode()))
    response = await op.send(
        op.request("POST", "/login", cookie, form | {"username": "user0", "password": "password0"})
    )
    assert response.status == 303, response.body
    return response.cookies()


async def code_of(op: Connection, session: str) -> str:
    response = await op.send(op.request("GET", f"/authorize?{authorization_query()}", {"Cookie": session}))
    return parse_qs(urlsplit(response.header("location")).query)["code"][0]


async def tokens_of(op: Connection, code: str) -> dict[str, str]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    return await post_token(op, form)


async def post_token(op: Connection, form: dict[str, str]) -> dict[str, str]:
    headers = basic(VALUES["CLIENT_ID"], VALUES["CLIENT_SECRET"])
    response = await op.send(op.request("POST", "/token", headers, form))
    assert response.status == 200, response.body
    tokens: dict[str, str] = json.loads(response.body)
    return tokens


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


# --- Around it -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def connections(url: str) -> AsyncIterator[list[Connection]]:
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(Connection(url)) for _ in range(CONNECTIONS)]


@contextmanager
def bare_server() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, str(Path(__file__).with_name("bare.py")), str(port)])
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def resident(pid: int) -> str:
    """The resident memory of a process in MB, if the system reports it (Linux)."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return "unknown"
    kilobytes = int(re.findall(r"VmRSS:\s+(\d+)", status.read_text())[0])
    return f"{kilobytes / 1024:.0f} MB"


def report(rows: list[tuple[str, Figures]], memory: dict[str, str], started: dict[Mode, float]) -> None:
    print(f"\n{CONNECTIONS} connections, one worker a service\n")
    print("| what | count | per second | p50 ms | p99 ms |\n|---|---:|---:|---:|---:|")
    for name, figures in rows:
        print(f"| {name} | {figures.count} | {figures.per_second:.0f} | {figures.p50:.1f} | {figures.p99:.1f} |")
    print("\n| resident after the load | memory |\n|---|---:|")
    for name, size in memory.items():
        print(f"| {name} | {size} |")
    print("\nstart to ready: " + ", ".join(f"mode {mode} {seconds:.1f} s" for mode, seconds in started.items()))


if __name__ == "__main__":
    main()
