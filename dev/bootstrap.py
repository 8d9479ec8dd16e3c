"""Make `.venv` ready: with a Python that is new enough, from the locks, once.

Make starts this with whichever python3 it finds, so it is the standard library alone, in syntax and calls that
Python 3.6 knows. A stamp in `.venv` says what it was made from; a call that finds it true does nothing more.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator, NamedTuple  # noqa: UP035 - Python 3.6's place for it

OLDEST = (3, 11)
CANDIDATES = ("python3.13", "python3.12", "python3.11", "python3")
LOCK = "requirements-dev.txt"
PACKAGES = ("libs/servicekit", "libs/oidc_discovery", "libs/testing", "services/op", "services/rs", "services/rp")
SHOWN_LINES = 20

_PROBE = "import sys; print('%d.%d.%d' % sys.version_info[:3]); import venv, ensurepip"


class Fault(Exception):
    """What stands in the way, in a line for a person."""


class Interpreter(NamedTuple):
    """A Python on this machine, and whether it can make virtual environments."""

    path: str
    version: str
    makes_venvs: bool


class Stamp(NamedTuple):
    """What an environment was made from: its interpreter and place, and the locks and packages in it."""

    base: str
    inputs: str


def digest(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def stamp_file(root: Path) -> Path:
    return root / ".venv" / "trefoil-stamp"


def venv_python(root: Path) -> Path:
    return root / ".venv" / "bin" / "python"


def current_stamp(root: Path) -> Stamp:
    """The stamp that a complete environment has now; raises OSError when it has no working interpreter."""
    python = venv_python(root).resolve(strict=True)
    configuration = (root / ".venv" / "pyvenv.cfg").read_bytes()
    inputs = [root / LOCK] + [root / package / "pyproject.toml" for package in PACKAGES]
    return Stamp(
        base=digest(str(root).encode(), str(python).encode(), configuration),
        inputs=digest(*[path.read_bytes() for path in inputs]),
    )


def recorded_stamp(root: Path) -> Stamp:
    """The stamp that the environment was left with; raises OSError or ValueError when it was never finished."""
    base, inputs = stamp_file(root).read_text().split()
    return Stamp(base, inputs)


def record_stamp(root: Path) -> None:
    stamp_file(root).write_text("\n".join(current_stamp(root)) + "\n")


def matching(root: Path) -> Stamp:
    """What of the stamp is still true; an empty string stands for what is not."""
    try:
        now, then = current_stamp(root), recorded_stamp(root)
    except (OSError, ValueError):
        return Stamp("", "")
    return Stamp(*[new if new == old else "" for new, old in zip(now, then)])  # noqa: B905 - 3.6 knows no strict=


def is_ready(root: Path) -> bool:
    return all(matching(root))


def probe(path: str) -> "list[Interpreter]":
    """The interpreter at `path`, or none: a name on PATH may be an empty shell of a version manager."""
    try:
        done = subprocess.run(
            [path, "-I", "-c", _PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
        )
    except OSError:
        return []
    version = done.stdout.decode(errors="replace").strip()
    return [Interpreter(path, version, done.returncode == 0)] if version else []


def is_new_enough(interpreter: Interpreter) -> bool:
    return tuple(int(part) for part in interpreter.version.split(".")[:2]) >= OLDEST


def candidates(root: Path) -> "Iterator[Interpreter]":
    """What PATH offers, the preferred first; never the environment that is to be made, activated as it may be."""
    own = str(venv_python(root).parent)
    for path in [shutil.which(name) for name in CANDIDATES] + [sys.executable]:
        if path and os.path.dirname(os.path.abspath(path)) != own:  # noqa: PTH100, PTH120 - links must not be resolved
            yield from probe(path)


def choose(found: "list[Interpreter]") -> "tuple[Interpreter, list[str]]":
    """The interpreter to use and the command that makes an environment with it; raises Fault."""
    if not found:
        raise Fault("no Python was found. Trefoil needs Python 3.11 or newer as python3 on PATH.")
    new_enough = [interpreter for interpreter in found if is_new_enough(interpreter)]
    if not new_enough:
        raise Fault("Trefoil needs Python 3.11 or newer; {path} is {version}.".format(**found[0]._asdict()))
    for interpreter in new_enough:
        if interpreter.makes_venvs:
            return interpreter, [interpreter.path, "-m", "venv"]
    virtualenv = shutil.which("virtualenv")
    if virtualenv:
        return new_enough[0], [virtualenv, "--quiet", "--python", new_enough[0].path]
    raise Fault(
        "{} cannot make virtual environments: it has no venv with ensurepip. "
        "On Debian and Ubuntu: apt-get install python{}-venv".format(
            new_enough[0].path, ".".join(new_enough[0].version.split(".")[:2])
        )
    )


def call(command: "list[str]", root: Path) -> None:
    """Run a step in silence; raises Fault with the end of its output when it fails."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    with subprocess.Popen(
        command,
        cwd=str(root),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as step:
        try:
            output, _ = step.communicate()
        except BaseException:
            # Nothing of an interrupted step may still write into .venv when the next call begins.
            os.killpg(step.pid, signal.SIGKILL)
            raise
    if step.returncode != 0:
        tail = output.decode(errors="replace").rstrip().splitlines()[-SHOWN_LINES:]
        raise Fault("\n".join(["this failed: " + " ".join(command), *["  " + line for line in tail]]))


def build(root: Path) -> None:
    """Make the environment, or bring one that only has older packages up to date; the stamp is written last."""
    started = time.monotonic()
    if matching(root).base:
        print("Updating .venv ...", end="", flush=True)
    else:
        interpreter, make_venv = choose(list(candidates(root)))
        print(f"Making .venv with Python {interpreter.version} ...", end="", flush=True)
        if (root / ".venv").exists():
            shutil.rmtree(str(root / ".venv"))
        call([*make_venv, str(root / ".venv")], root)
    with contextlib.suppress(FileNotFoundError):
        stamp_file(root).unlink()
    pip = [str(venv_python(root)), "-I", "-m", "pip", "install", "--no-input"]
    call([*pip, "--require-hashes", "-r", LOCK], root)
    editable = [part for package in PACKAGES for part in ("-e", package)]
    call([*pip, "--no-build-isolation", "--no-deps", *editable], root)
    record_stamp(root)
    print(f" done in {time.monotonic() - started:.0f} s")


def ensure(root: Path) -> None:
    """Build unless it is done; a call beside another one waits for that one's result."""
    if is_ready(root):
        return
    with Path(__file__).open("rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_ready(root):
            build(root)


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        ensure(Path(__file__).resolve().parent.parent)
    except (Fault, OSError) as fault:
        print(f"\nbootstrap: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbootstrap: interrupted; the next call begins again", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
