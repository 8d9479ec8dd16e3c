"""`make up`, `make down`: the same sign-in on Docker, by compose.yaml.

`up` copies `.env.example` to `.env` where there is none, writes the Redis users of the three roles, finds out which
base images this machine can have, builds, starts, and waits until everything is healthy.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping

from run import chosen_mode
from stack import MODES, ROOT, StackError, read_values

OFFICIAL = {"PYTHON_IMAGE": "python:3.13-slim", "REDIS_IMAGE": "redis:8"}
STAND_INS = {"PYTHON_IMAGE": "trefoil/base-python:debian", "REDIS_IMAGE": "trefoil/base-redis:debian"}
USERS_FILE = ROOT / ".data" / "compose" / "users.acl"

# What each role's code sends to Redis, and no more: a role cannot even list the names of another's keys. The provider's
# SCAN, which its command line lists users with, does show names; it holds no secret and sees what it must protect.
_COMMON = "+get +set +mget +del +ping +hello +select +client|setinfo"
COMMANDS = {
    "op": f"{_COMMON} +getdel +eval +evalsha +script|load +multi +exec +ttl +expire +exists +incr +scan",
    "rs": _COMMON,
    "rp": f"{_COMMON} +getdel +eval",
}


def redis_users(values: Mapping[str, str]) -> str:
    """The ACL file: a user for each role with its own key pattern, passwords as SHA-256; raises StackError."""
    lines = ["user default off", "user health on nopass resetkeys resetchannels -@all +ping"]
    for role, commands in COMMANDS.items():
        name = f"REDIS_{role.upper()}_PASSWORD"
        if not values.get(name):
            raise StackError(f"{name} is missing in .env; .env.example has one")
        digest = hashlib.sha256(values[name].encode()).hexdigest()
        lines.append(f"user {role} on #{digest} ~{role}:* resetchannels -@all {commands}")
    return "\n".join(lines) + "\n"


def base_images(environment: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The base images to build on, and a line that says which; raises StackError when there are none."""
    chosen = {name: environment[name] for name in OFFICIAL if environment.get(name)}
    if len(chosen) == len(OFFICIAL):
        return chosen, f"base images: {', '.join(chosen.values())}, as the environment says"
    if all(_is_there(image) or _pull(image) for image in OFFICIAL.values()):
        return OFFICIAL, f"base images: {', '.join(OFFICIAL.values())}; PYTHON_IMAGE and REDIS_IMAGE choose others"
    if all(_is_there(image) for image in STAND_INS.values()):
        names = ", ".join(STAND_INS.values())
        return STAND_INS, f"base images: {names}, stand-ins from Debian, since no registry gave the official ones"
    raise StackError("no registry gave python:3.13-slim and redis:8; `make base-images` makes stand-ins from Debian")


def _is_there(image: str) -> bool:
    return _docker("image", "inspect", image).returncode == 0


def _pull(image: str) -> bool:
    return _docker("pull", "--quiet", image).returncode == 0


def _docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)


def check_engine() -> None:
    """Raises StackError without an engine or without compose."""
    if not shutil.which("docker") or _docker("info").returncode != 0:
        raise StackError("no Docker engine answers here; `make run` starts the same without one")
    if _docker("compose", "version").returncode != 0:
        raise StackError("docker has no compose plugin here; `make run` starts the same without it")


def compose(*arguments: str, environment: Mapping[str, str] | None = None) -> int:
    """Run docker compose in the foreground; its exit status."""
    command = ["docker", "compose", "--project-name", "trefoil", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def up(environment: Mapping[str, str]) -> int:
    """Build and start everything; docker's exit status. Raises StackError."""
    check_engine()
    if not (ROOT / ".env").exists():
        shutil.copy(ROOT / ".env.example", ROOT / ".env")
        print("up: .env is a copy of .env.example now; change every secret in it before others can reach this machine")
    values = read_values(ROOT / ".env")
    mode = chosen_mode({"MODE": environment.get("MODE") or "A"})
    write_users(redis_users(values))
    images, line = base_images(environment)
    print(f"up: {line}", flush=True)
    variables = {**environment, **MODES[mode], **images, "REVISION": _revision()}
    status = compose("build", "--quiet", environment=variables) or compose(
        "up", "--detach", "--wait", environment=variables
    )
    if status == 0:
        print(f"\n  Trefoil is ready: open {values['RP_BASE_URL']}, sign in as user0 / password0 (mode {mode})")
        print("  `make logs` follows the logs, `make down` stops it and keeps the data\n")
    return status


def write_users(text: str) -> None:
    """Readable by Redis' user in its container, and here by nobody but its owner's folder."""
    USERS_FILE.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    USERS_FILE.write_text(text)
    USERS_FILE.chmod(0o644)


def _revision() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def main(arguments: list[str]) -> int:
    """`up`, or what is left to compose: `down`, `logs`, `ps`."""
    try:
        if arguments == ["up"]:
            return up(os.environ)
        check_engine()
        return compose(*arguments)
    except StackError as fault:
        print(f"{arguments[0]}: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
