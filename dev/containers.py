"""`make up`, `make down`: the same sign-in on Docker, by compose.yaml.

`up` copies `.env.example` to `.env` if it does not exist, writes the Redis users of the three roles, determines the
available base images, builds, starts, and waits until everything is healthy.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from run import chosen_mode
from servicekit.monitoring.healthcheck import ready
from stack import MODES, READY_SECONDS, ROLES, ROOT, TITLES, Addresses, Role, StackError, read_values

OFFICIAL = {"PYTHON_IMAGE": "python:3.13-slim", "REDIS_IMAGE": "redis:8", "PROXY_IMAGE": "haproxy:3.0"}
STAND_INS = {name: f"trefoil/base-{name.partition('_')[0].lower()}:debian" for name in OFFICIAL}
WITHOUT_PROXY = ("PYTHON_IMAGE", "REDIS_IMAGE")
USERS_FILE = ROOT / ".data" / "compose" / "users.acl"
COMPOSE_FILES = ("compose.yaml", "compose.replicas.yaml")
MOST_REPLICAS = 10
_POLL_SECONDS = 0.1

# Only the commands that each role's code sends to Redis: a role cannot even list the keys of another. The provider's
# command line lists users with SCAN, which does show key names, but these contain no secrets.
_COMMON = "+get +set +mget +del +ping +hello +select +client|setinfo"
COMMANDS = {
    "op": f"{_COMMON} +getdel +eval +evalsha +script|load +multi +exec +ttl +expire +exists +incr +scan "
    "+hset +hvals +hget +hgetall +hdel +zadd +zrange +zrem +zremrangebyscore",
    "rs": _COMMON,
    "rp": f"{_COMMON} +getdel +eval +expire +zadd +zrange +zrem +zremrangebyscore",
}


def redis_users(values: Mapping[str, str]) -> str:
    """The ACL file: a user for each role with its own key pattern, passwords as SHA-256; raises StackError."""
    # Nobody can be the default user, but Redis itself is when it replays its append-only file: without permissions it
    # would leave out every transaction, and with it what scripts had written.
    lines = ["user default off resetpass ~* &* +@all", "user health on nopass resetkeys resetchannels -@all +ping"]
    for role, commands in COMMANDS.items():
        name = f"REDIS_{role.upper()}_PASSWORD"
        if not values.get(name):
            raise StackError(f"{name} is missing in .env; .env.example has one")
        digest = hashlib.sha256(values[name].encode()).hexdigest()
        lines.append(f"user {role} on #{digest} ~{role}:* resetchannels -@all {commands}")
    return "\n".join(lines) + "\n"


def base_images(environment: Mapping[str, str], names: Iterable[str] = WITHOUT_PROXY) -> tuple[dict[str, str], str]:
    """The base images with these names, and a line that describes them; raises StackError if there are none."""
    chosen = {name: environment[name] for name in names if environment.get(name)}
    wanted = [name for name in names if name not in chosen]
    if not wanted:
        return chosen, f"base images: {', '.join(chosen.values())}, as the environment says"
    for images, remark in (
        (OFFICIAL, f"{' and '.join(wanted)} in the environment choose others"),
        (STAND_INS, "with stand-ins from Debian, since no registry gave the official ones"),
    ):
        if all(_is_there(images[name]) or (images is OFFICIAL and _pull(images[name])) for name in wanted):
            found = {name: images[name] for name in wanted} | chosen
            return found, f"base images: {', '.join(found.values())}; {remark}"
    official = ", ".join(OFFICIAL[name] for name in wanted)
    raise StackError(f"no registry gave {official}; `make base-images` makes stand-ins from Debian")


def _is_there(image: str) -> bool:
    return _docker("image", "inspect", image).returncode == 0


def _pull(image: str) -> bool:
    return _docker("pull", "--quiet", image).returncode == 0


def _docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)


def check_engine() -> None:
    """Raises StackError if there is no engine or no compose."""
    if not shutil.which("docker") or _docker("info").returncode != 0:
        raise StackError("no Docker engine answers here; `make run` starts the same without one")
    if _docker("compose", "version").returncode != 0:
        raise StackError("docker has no compose plugin here; `make run` starts the same without it")


def compose(*arguments: str, environment: Mapping[str, str] | None = None, replicas: int = 1) -> int:
    """Run docker compose in the foreground; its exit status."""
    files = COMPOSE_FILES if replicas > 1 else COMPOSE_FILES[:1]
    named = [part for file in files for part in ("--file", file)]
    command = ["docker", "compose", "--project-name", project(environment or os.environ), *named, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def project(environment: Mapping[str, str]) -> str:
    return environment.get("COMPOSE_PROJECT_NAME") or "trefoil"


@dataclass(frozen=True)
class Images:
    """The parts of a stack of containers."""

    op: str
    rs: str
    rp: str
    redis: str
    proxy: str

    def __str__(self) -> str:
        return "\n".join([self.op, self.rs, self.rp, f"beside {self.redis} and {self.proxy}"])

    def of(self, role: Role) -> str:
        return {"op": self.op, "rs": self.rs, "rp": self.rp}[role]


def build(environment: Mapping[str, str], tag: str) -> Images:
    """Build the images of the three roles with their own tag; raises StackError with the end of the output."""
    check_engine()
    bases, _ = base_images(environment, OFFICIAL)
    variables = {**environment, **bases, "TAG": tag, "REVISION": _revision()}
    command = ["docker", "compose", "build", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError("\n".join(["the images cannot be built", *done.stderr.splitlines()[-20:]]))
    op, rs, rp = (f"trefoil/{role}:{tag}" for role in ROLES)
    return Images(op=op, rs=rs, rp=rp, redis=bases["REDIS_IMAGE"], proxy=bases["PROXY_IMAGE"])


def up(environment: Mapping[str, str]) -> int:
    """Build and start everything; returns Docker's exit status. Raises StackError."""
    check_engine()
    if not (ROOT / ".env").exists():
        shutil.copy(ROOT / ".env.example", ROOT / ".env")
        print("up: .env is a copy of .env.example now; change every secret in it before others can reach this machine")
    # Like compose: the environment overrides .env.
    values = {name: environment.get(name) or value for name, value in read_values(ROOT / ".env").items()}
    mode = chosen_mode({"MODE": environment.get("MODE") or "A"})
    replicas = chosen_replicas(environment)
    write_users(redis_users(values))
    images, line = base_images(environment, WITHOUT_PROXY if replicas == 1 else OFFICIAL)
    print(f"up: {line}", flush=True)
    addresses = Addresses.of(values)
    ports = {f"{role.upper()}_PORT": str(addresses.port(role)) for role in ROLES}
    variables = {**environment, **MODES[mode], **images, **ports, "REPLICAS": str(replicas), "REVISION": _revision()}
    status = compose("build", "--quiet", environment=variables) or compose(
        "up", "--detach", "--wait", "--remove-orphans", environment=variables, replicas=replicas
    )
    if status == 0:
        _wait_until_ready(addresses)
        behind = f", {replicas} of each behind a proxy" if replicas > 1 else ""
        print(f"\n  Trefoil is ready: open {addresses.rp}, sign in as user0 / password0 (mode {mode}{behind})")
        print("  `make logs` follows the logs, `make down` stops it and keeps the data\n")
    return status


def _wait_until_ready(addresses: Addresses) -> None:
    """The containers are healthy, but a proxy in front of them may not have noticed yet."""
    deadline = time.monotonic() + READY_SECONDS
    for role in ROLES:
        while not ready(f"127.0.0.1:{addresses.port(role)}"):
            if time.monotonic() > deadline:
                raise StackError(f"{TITLES[role]} ({role}) does not answer at {addresses.url(role)}; see `make logs`")
            time.sleep(_POLL_SECONDS)


def chosen_replicas(environment: Mapping[str, str]) -> int:
    """The number of replicas of each service; raises StackError."""
    text = environment.get("REPLICAS") or "1"
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= MOST_REPLICAS:
        raise StackError(f"REPLICAS must be a number from 1 to {MOST_REPLICAS}, not {text!r}")
    return int(text)


def write_users(text: str) -> None:
    """Readable by the user of Redis in its container, but protected here by the permissions of its folder."""
    USERS_FILE.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    USERS_FILE.write_text(text)
    USERS_FILE.chmod(0o644)


def _revision() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def main(arguments: list[str]) -> int:
    """Run `up` or `images`, or pass `down`, `logs` and `ps` to compose."""
    try:
        if arguments == ["up"]:
            return up(os.environ)
        if arguments == ["images"]:
            print(build(os.environ, os.environ.get("TAG") or "dev"))
            return 0
        check_engine()
        return compose(*arguments, replicas=MOST_REPLICAS)  # with or without a proxy
    except StackError as fault:
        print(f"{arguments[0]}: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
