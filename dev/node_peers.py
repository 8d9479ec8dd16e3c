"""The npm packages that we are tested against, and the Node that runs them.

They are installed beside their programs, from a lock with the hash of each, and none of their scripts is run. Node is
the one that comes with Playwright: the machine's own may be of any version.
"""

import hashlib
import os
import shutil
import subprocess

from browser import DRIVER_NODE, driver_runs
from stack import ROOT

FOLDER = ROOT / "e2e" / "node_peers"
NODE = DRIVER_NODE
_STAMP = FOLDER / "node_modules" / ".trefoil-stamp"
_INPUTS = ("package.json", "package-lock.json")
_COMMAND = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
_IMPATIENCE = ("--fetch-retry-mintimeout=1000", "--fetch-retry-factor=2")  # a machine without network waits 3 s


def what_is_missing() -> str | None:
    """Why none of them can run here; None when they can."""
    if not driver_runs():
        return "the Node of Playwright's driver does not start (on Debian it needs libatomic1)"
    if _are_installed():
        return None
    if not shutil.which("npm"):
        return "no npm on PATH"
    return "the packages of e2e/node_peers are not installed; `make test` does that where it can reach a registry"


def install_what_is_missing() -> None:
    """Install the packages where there is an npm; else do nothing."""
    if _are_installed() or not shutil.which("npm"):
        return
    print("Installing the packages of e2e/node_peers with npm ...", end="", flush=True)
    done = subprocess.run(
        [*_COMMAND, *_IMPATIENCE],
        cwd=FOLDER,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        first = done.stdout.strip().splitlines()[:1] or ["no output"]
        print(f" failed, and those tests will be skipped: {first[0]}")
        return
    _STAMP.write_text(_digest())
    print(" done")


def _are_installed() -> bool:
    return _STAMP.exists() and _STAMP.read_text() == _digest()


def _digest() -> str:
    return hashlib.sha256(b"".join((FOLDER / name).read_bytes() for name in _INPUTS)).hexdigest()
