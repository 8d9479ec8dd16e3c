"""The three services and a Redis server as processes of this machine: for `make run`, the tests and the benchmark."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, get_args
from urllib.parse import urlsplit

from op.settings import Settings as ProviderSettings
from redis_server import RedisServer
from rp.settings import Settings as RelyingPartySettings
from rs.settings import Settings as ResourceServerSettings
from servicekit.monitoring.healthcheck import ready
from servicekit.settings import declared

Role = Literal["op", "rs", "rp"]
Mode = Literal["A", "B"]

ROOT = Path(__file__).resolve().parent.parent
ROLES: tuple[Role, ...] = get_args(Role)
TITLES: Mapping[Role, str] = {"op": "the provider", "rs": "the resource server", "rp": "the relying party"}
ADDRESS_NAMES: Mapping[Role, str] = {"op": "OIDC_ISSUER", "rs": "RESOURCE_SERVER_URL", "rp": "RP_BASE_URL"}
MODES: Mapping[Mode, Mapping[str, str]] = {
    "A": {"ACCESS_TOKEN_FORMAT": "opaque", "TOKEN_VALIDATION": "introspection"},
    "B": {"ACCESS_TOKEN_FORMAT": "jwt", "TOKEN_VALIDATION": "jwt"},
}
PATIENT: Mapping[str, str] = {"REDIS_TIMEOUT": "5", "HTTP_TIMEOUT": "10"}
"""Deadlines for a test that is not about them: a machine may be busy for a second."""
ID_TOKEN_ALGS = ("RS256", "ES256", "HS256")

READY_SECONDS = 30.0
STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02
_LOG_LINES = 200
_SHOWN_LINES = 15

_SETTINGS: Mapping[Role, type] = {
    "op": ProviderSettings,
    "rs": ResourceServerSettings,
    "rp": RelyingPartySettings,
}
_DATABASES: Mapping[Role, int] = {"op": 0, "rp": 1, "rs": 2}
_OF_THE_SYSTEM = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONWARNINGS", "PYTHONPYCACHEPREFIX")

LineReader = Callable[[Role, str], object]


class StackError(RuntimeError):
    """The stack cannot be started as configured; the message is for the user."""


def read_values(file: Path) -> dict[str, str]:
    """The `NAME=value` lines of a file; raises StackError for any other line."""
    values = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.fullmatch(r"\s*([A-Za-z_][A-Za-z0-9_]*)=(.*?)\s*", line)
        if not match:
            raise StackError(f"{file.name}, line {number}: a line is NAME=value or starts with #")
        values[match[1]] = _unquoted(match[2])
    return values


def _unquoted(value: str) -> str:
    quoted = re.fullmatch(r"(['\"])(.*)\1", value)
    return quoted[2] if quoted else value


def demo_values() -> dict[str, str]:
    """What `.env.example` says, whatever this machine's user has configured."""
    return read_values(ROOT / ".env.example")


@dataclass(frozen=True)
class Addresses:
    """Where each service is for browsers and for the others: `http://localhost:<port>`."""

    op: str
    rs: str
    rp: str

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Self:
        """The addresses that the values name; raises StackError for one that this machine cannot serve by itself."""
        for name in ADDRESS_NAMES.values():
            if not re.fullmatch(r"http://(localhost|127\.0\.0\.1):[1-9][0-9]{0,4}", values.get(name, "")):
                raise StackError(f"{name} must be http://localhost:<port> here, not {values.get(name, '')!r}")
        return cls(**{role: values[name] for role, name in ADDRESS_NAMES.items()})

    @classmethod
    def on_free_ports(cls) -> Self:
        with ExitStack() as held:
            probes = [held.enter_context(socket.socket()) for _ in ROLES]
            for probe in probes:
                probe.bind(("127.0.0.1", 0))
            return cls(*(f"http://localhost:{probe.getsockname()[1]}" for probe in probes))

    def url(self, role: Role) -> str:
        return {"op": self.op, "rs": self.rs, "rp": self.rp}[role]

    def port(self, role: Role) -> int:
        port = urlsplit(self.url(role)).port
        assert port is not None
        return port


class Service:
    """One service as a process, with the end of its log."""

    def __init__(self, role: Role, command: Sequence[str], environment: Mapping[str, str], reader: LineReader) -> None:
        self.role = role
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        # A session of its own: Ctrl-C in a terminal reaches whoever stops the services in order, not them.
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self._reading = threading.Thread(target=self._read, args=(reader,), daemon=True)
        self._reading.start()

    def _read(self, reader: LineReader) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.log.append(line.rstrip())
                reader(self.role, line.rstrip())

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self) -> None:
        """End it in order; by force when it has not gone after STOP_SECONDS."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._reading.join(STOP_SECONDS)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)
        self._reading.join(STOP_SECONDS)

    def ending(self) -> str:
        """How it ended, and the last of what it said."""
        status = self.process.poll()
        how = signal.Signals(-status).name if status is not None and status < 0 else f"status {status}"
        self._reading.join(1.0)
        lines = list(self.log)[-_SHOWN_LINES:]
        return "\n".join([f"{TITLES[self.role]} ({self.role}) ended with {how}", *(f"  {line}" for line in lines)])


class Stack:
    """A Redis server and the three services, each with its own database and with only the variables that it reads.

    `folder` keeps Redis' data; `values` are what `.env` would say, and `extra` goes beyond them. `reader` is called
    with every line that a service logs, from a thread for each service.
    """

    def __init__(
        self,
        folder: Path,
        *,
        mode: Mode = "A",
        id_token_alg: str = "RS256",  # noqa: S107 - an algorithm's name
        addresses: Addresses | None = None,
        values: Mapping[str, str] | None = None,
        extra: Mapping[str, str] | None = None,
        reader: LineReader = lambda _role, _line: None,
    ) -> None:
        self.mode = mode
        self.addresses = addresses or Addresses.on_free_ports()
        self.redis = RedisServer(folder / "redis")
        self._reader = reader
        self._services: dict[Role, Service] = {}
        self._values = {
            "LOG_FORMAT": "console",
            "OP_DIRECTORY_FILE": str(ROOT / "deploy/demo/directory.yaml"),
            "RS_PROFILES_FILE": str(ROOT / "deploy/demo/profiles.yaml"),
            **(demo_values() if values is None else values),
            **MODES[mode],
            "ID_TOKEN_ALG": id_token_alg,
            "OIDC_ISSUER": self.addresses.op,
            "RP_BASE_URL": self.addresses.rp,
            "RS_BASE_URL": self.addresses.rs,
            "RESOURCE_SERVER_URL": self.addresses.rs,
            **(extra or {}),
        }
        unread = set(extra or {}).difference(*(self._names(role) for role in ROLES))
        if unread:
            raise StackError(f"no service reads {', '.join(sorted(unread))}")

    @property
    def op_url(self) -> str:
        return self.addresses.op

    @property
    def rs_url(self) -> str:
        return self.addresses.rs

    @property
    def rp_url(self) -> str:
        return self.addresses.rp

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start everything and wait until it is ready; raises StackError, and then nothing is left running."""
        try:
            self.redis.start()
            for role in ROLES:
                self._spawn(role)
            for role in ROLES:
                self._wait_until_ready(role)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop what runs, the last started first."""
        for role in reversed(ROLES):
            self.stop_service(role)
        self.redis.stop()

    def start_service(self, role: Role) -> None:
        """Start one that was stopped or killed, and wait until it is ready."""
        self._spawn(role)
        self._wait_until_ready(role)

    def stop_service(self, role: Role) -> None:
        """Stop one in order; one that does not run is left as it is."""
        service = self._services.pop(role, None)
        if service is not None:
            service.stop()

    def kill_service(self, role: Role) -> None:
        """End one at once, as a crash would."""
        self._services.pop(role).kill()

    @property
    def started(self) -> tuple[Role, ...]:
        """The services that were started and not stopped."""
        return tuple(self._services)

    def process(self, role: Role) -> subprocess.Popen[str]:
        return self._services[role].process

    def has_ended(self, role: Role) -> bool:
        """Whether a service that was started has ended by itself."""
        return self._services[role].has_ended

    def ending(self, role: Role) -> str:
        """How a service ended, and the last lines of its log."""
        return self._services[role].ending()

    def log(self, role: Role) -> list[str]:
        """The last lines that a running service has logged."""
        return list(self._services[role].log)

    def check(self) -> None:
        """Raise StackError when something that was started has ended by itself."""
        for service in self._services.values():
            if service.has_ended:
                raise StackError(service.ending())
        if not self.redis.is_running:
            raise StackError("the Redis server ended")

    def environment(self, role: Role) -> dict[str, str]:
        """What a service's process gets: its own settings, and what every program needs of the system."""
        system = {name: os.environ[name] for name in _OF_THE_SYSTEM if name in os.environ}
        return {
            **system,
            "PYTHONUNBUFFERED": "1",
            **self.own_values(role),
            "BIND": f"127.0.0.1:{self.addresses.port(role)}",
            "REDIS_URL": self.redis.database_url(_DATABASES[role]),
        }

    def own_values(self, role: Role) -> dict[str, str]:
        """What is configured of the settings that a service reads."""
        return {name: value for name, value in self._values.items() if name in self._names(role)}

    def command(self, role: Role) -> list[str]:
        return [sys.executable, "-m", role]

    def _names(self, role: Role) -> set[str]:
        names = set(declared(_SETTINGS[role]))
        if role == "op":
            directory = Path(self._values["OP_DIRECTORY_FILE"])
            names |= set(re.findall(r"\$\{([A-Z][A-Z0-9_]*)", directory.read_text(encoding="utf-8")))
        return names | {f"{name}_FILE" for name in names}

    def _spawn(self, role: Role) -> None:
        assert role not in self._services, f"{role} runs already"
        self._services[role] = Service(role, self.command(role), self.environment(role), self._reader)

    def _wait_until_ready(self, role: Role) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not ready(f"127.0.0.1:{self.addresses.port(role)}"):
            self.check()
            if time.monotonic() > deadline:
                lines = "".join(f"\n  {line}" for line in self.log(role)[-_SHOWN_LINES:])
                raise StackError(f"{TITLES[role]} ({role}) was not ready after {READY_SECONDS:.0f} s{lines}")
            time.sleep(_POLL_SECONDS)
