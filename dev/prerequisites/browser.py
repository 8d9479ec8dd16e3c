"""The Chromium that the browser tests drive: found on this machine, or installed in CI."""

import shutil
import subprocess
from pathlib import Path

import playwright

from prerequisites import debian

LAUNCH_FLAGS = (
    "--no-sandbox",  # root in a container has no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MACOS_APPS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)


def chromium_program() -> str | None:
    """The path of a Chromium or Chrome, if there is one."""
    on_path = (shutil.which(name) for name in _NAMES)
    applications = (str(path) for path in _MACOS_APPS if path.exists())
    return next(filter(None, [*on_path, *applications]), None)


def driver_runs() -> bool:
    """Whether Playwright's driver can start; on a bare Debian it misses a library."""
    node = Path(playwright.__file__).parent / "driver" / "node"
    try:
        return subprocess.run([node, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def what_is_missing() -> str | None:
    """Why no test can run in a browser here; None when it can."""
    if chromium_program() is None:
        return "there is no chromium or google-chrome on PATH (on Debian: apt-get install chromium)"
    return None if driver_runs() else "Playwright's driver does not start (on Debian: apt-get install libatomic1)"


def install_what_is_missing() -> None:
    """Install Debian's packages for it in CI; else do nothing."""
    packages = ([] if chromium_program() else ["chromium"]) + ([] if driver_runs() else ["libatomic1"])
    debian.install(packages, "the browser tests")
