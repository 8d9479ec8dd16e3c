"""Debian's packages, installed in CI alone: with CI=true, as root, on a system with apt-get."""

import functools
import os
import shutil
import subprocess
from collections.abc import Sequence


def install(packages: Sequence[str], purpose: str) -> None:
    """Install packages and say so; do nothing outside CI, or where there are none to install."""
    if not packages or os.environ.get("CI") != "true" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"Installing {' and '.join(packages)} with apt-get for {purpose} ...", end="", flush=True)
    fault = _update() or _apt_get("install", "-y", "--no-install-recommends", *packages)
    print(f" failed, and those tests will be skipped: {fault}" if fault else " done")


@functools.cache
def _update() -> str | None:
    return _apt_get("update")


def _apt_get(*arguments: str) -> str | None:
    """The last line of what it said, where it failed."""
    done = subprocess.run(
        ["apt-get", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return None if done.returncode == 0 else (done.stdout.strip().splitlines()[-1:] or ["no output"])[0]
