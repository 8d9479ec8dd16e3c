"""`make run`: the three services and a Redis server, in the foreground, until Ctrl-C.

Reads `.env`, or `.env.example` where there is none; the environment overrides it. A service that ends is reported and
not started again; the others continue without it.
"""

import asyncio
import fcntl
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import ports
from directory_contents import DirectoryContents, read_contents
from stack import (
    ADDRESS_NAMES,
    ID_TOKEN_ALGS,
    MODES,
    ROLES,
    ROOT,
    TITLES,
    Addresses,
    Mode,
    Role,
    Stack,
    StackError,
    read_values,
)

DATA = ROOT / ".data"
PROVIDER_ENVIRONMENT = "provider-environment.json"
"""In the data folder while the stack runs: what `make op` runs the command line of the provider with."""
_WATCH_SECONDS = 0.2
_END_SECONDS = 10.0
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_COLOURS: Mapping[Role, str] = {"op": "\033[36m", "rs": "\033[33m", "rp": "\033[35m"}
_PLAIN = "\033[0m"


class Log:
    """Whole lines on standard output, each after the name of its service."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def line(self, role: Role, text: str) -> None:
        colour, plain = (_COLOURS[role], _PLAIN) if self._coloured else ("", "")
        self.say(f"{colour}{role}{plain} | {text}")

    def say(self, text: str) -> None:
        # If the terminal is gone, the services must still be stopped in order.
        with self._lock, suppress(OSError):
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()


def configured(environment: Mapping[str, str]) -> dict[str, str]:
    """The values of `.env` or `.env.example`, with those of the environment in their place where it has any."""
    file = ROOT / ".env"
    values = read_values(file if file.exists() else ROOT / ".env.example")
    return {**values, **{name: value for name, value in environment.items() if value}}


def chosen_mode(values: Mapping[str, str]) -> Mode:
    """The mode that MODE names, else the one that the two settings behind it make; raises StackError."""
    named = values.get("MODE")
    for mode in MODES:
        if named == mode or (not named and MODES[mode].items() <= values.items()):
            return mode
    if named:
        raise StackError(f"MODE must be A or B, not {named!r}")
    made = " with ".join(f"{name}={values.get(name, '')}" for name in MODES["A"])
    raise StackError(f"{made} is neither Mode A (opaque, introspection) nor Mode B (jwt, jwt); MODE=A or B sets both")


def chosen_alg(values: Mapping[str, str]) -> str:
    alg = values.get("ID_TOKEN_ALG", ID_TOKEN_ALGS[0])
    if alg not in ID_TOKEN_ALGS:
        raise StackError(f"ID_TOKEN_ALG must be one of {', '.join(ID_TOKEN_ALGS)}, not {alg!r}")
    return alg


def check_port(addresses: Addresses, role: Role) -> None:
    """Raises StackError when somebody else has the port of this service."""
    port = addresses.port(role)
    if ports.is_taken(port):
        raise StackError(
            f"port {port}, which {TITLES[role]} ({role}) needs, is taken by {ports.owner(port) or 'a process'}; "
            f"end that, or choose another: {ADDRESS_NAMES[role]}=http://localhost:{port + 1000} make run"
        )


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the data folder; raises StackError while another `make run` holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StackError(
                f"`make run` is at work here already (pid {lock.read().strip()}); Ctrl-C ends it"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def end_leftovers(folder: Path) -> None:
    """End what a run left behind that was killed itself: two Redis servers on one data folder would spoil it."""
    record = folder / "processes"
    if not record.exists():
        return
    for line in record.read_text().splitlines():
        pid, _, command = line.partition(" ")
        if command and ports.command_of(int(pid)) == command:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGTERM)
            _wait_for_end(int(pid), command)
    record.unlink()


def _wait_for_end(pid: int, command: str) -> None:
    deadline = time.monotonic() + _END_SECONDS
    while ports.command_of(pid) == command:
        if time.monotonic() > deadline:
            raise StackError(f"an earlier run left a process that does not end: {command} (pid {pid})")
        time.sleep(_WATCH_SECONDS)


def record_processes(stack: Stack, folder: Path) -> None:
    pids = [stack.redis.pid, *(stack.process(role).pid for role in ROLES)]
    lines = [f"{pid} {ports.command_of(pid)}\n" for pid in pids if pid]
    (folder / "processes").write_text("".join(lines))


def record_environment(stack: Stack, folder: Path) -> None:
    """Write the provider's environment for `make op`; it has secrets, so that its owner alone can read it."""
    file = folder / PROVIDER_ENVIRONMENT
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        json.dump(stack.environment("op"), output)


def banner(stack: Stack, alg: str, contents: DirectoryContents, seconds: float) -> str:
    mode = {"A": "opaque access tokens, introspection", "B": "JWT access tokens, verified locally"}[stack.mode]
    rows = [
        ("open", [stack.rp_url]),
        ("users", contents.users),
        ("clients", contents.clients),
        ("mode", [f"{stack.mode}: {mode}"]),
        ("id_token", [alg]),
        ("services", [f"{role}  {stack.addresses.url(role)}  pid {stack.process(role).pid}" for role in ROLES]),
        ("manage", ['make op ARGS="users list"']),
    ]
    lines = [f"  {title if first else '':<10} {line}" for title, column in rows for first, line in _first(column)]
    return "\n".join(["", f"  Trefoil is ready after {seconds:.1f} s", "", *lines, "", "  Ctrl-C stops everything", ""])


def _first(column: Sequence[str]) -> Iterator[tuple[bool, str]]:
    return ((number == 0, line) for number, line in enumerate(column))


def watch(stack: Stack, log: Log) -> None:
    """Report each service that ends, and Redis. Raises StackError when no service is left."""
    reported: set[str] = set()
    while True:
        time.sleep(_WATCH_SECONDS)
        ended: dict[str, str] = {role: stack.ending(role) for role in ROLES if stack.has_ended(role)}
        if not stack.redis.is_running:
            ended["redis"] = "the Redis server ended"
        for name in ended.keys() - reported:
            # What a service said last is in the log above.
            how = ended[name].splitlines()[0]
            log.say(f"run: {how}; the others continue. To start it again, press Ctrl-C and run `make run` once more.")
        reported |= ended.keys()
        if reported.issuperset(ROLES):
            raise StackError("all services have ended")


def run(environment: Mapping[str, str], log: Log, started: float) -> None:
    """Run until KeyboardInterrupt; raises StackError when the start fails or no service is left."""
    values = configured(environment)
    mode, alg, addresses = chosen_mode(values), chosen_alg(values), Addresses.of(values)
    with exclusive(DATA):
        end_leftovers(DATA)
        for role in ROLES:
            check_port(addresses, role)
        stack = Stack(DATA, mode=mode, id_token_alg=alg, addresses=addresses, values=values, reader=log.line)
        try:
            stack.start()
            seconds = time.monotonic() - started
            record_processes(stack, DATA)
            record_environment(stack, DATA)
            log.say(banner(stack, alg, asyncio.run(read_contents(stack.environment("op"))), seconds))
            watch(stack, log)
        except StackError as fault:
            # What a service said last is in the log above.
            raise StackError(str(fault).splitlines()[0]) from None
        finally:
            for number in _ENDING_SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            stack.stop()
            for name in ("processes", PROVIDER_ENVIRONMENT):
                (DATA / name).unlink(missing_ok=True)


def main() -> int:
    started = time.monotonic()
    for number in _ENDING_SIGNALS:
        signal.signal(number, signal.default_int_handler)
    log = Log()
    try:
        run(os.environ, log, started)
    except KeyboardInterrupt:
        log.say(f"stopped; the data are kept in {DATA.name}/")
        return 0
    except (StackError, RuntimeError, OSError) as fault:
        print(f"run: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
