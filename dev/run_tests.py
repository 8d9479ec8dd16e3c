"""`make test` and its parts: pytest in two phases, and what the second needs installed first where that is possible.

The unit and service tests run in parallel, each worker with a Redis server of its own. What drives a browser or builds
images runs afterwards, one test at a time. With words for pytest, `make test` is a single run of just those.

BEFORE_E2E names a program that `make test` runs before the second phase: in CI it starts a Docker engine. There a phase
that failed is the last one.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from prerequisites import apache, browser, node_peers
from stack import ROOT

_PARALLEL = ("-n", "auto", "--dist", "worksteal")
_SEQUENTIAL = "docker or e2e"  # markers of pyproject.toml; what one phase leaves out the other runs
SERVICES = (*_PARALLEL, "--ignore=e2e", "-m", f"not ({_SEQUENTIAL})")
UNIT = (*_PARALLEL, "--ignore=e2e", "-m", f"not ({_SEQUENTIAL} or slow)")
E2E = ("-m", _SEQUENTIAL)
PHASES = {"services": SERVICES, "unit": UNIT, "e2e": E2E}
TITLES = {"services": "unit and service tests", "e2e": "tests in browsers and containers"}
_INTERRUPTED = 2  # pytest.ExitCode.INTERRUPTED; the phases that are left are not begun


def install_what_is_missing() -> None:
    for needed in (browser, node_peers, apache):
        needed.install_what_is_missing()


def prepare_e2e() -> None:
    """Raises CalledProcessError when BEFORE_E2E fails."""
    install_what_is_missing()
    program = os.environ.get("BEFORE_E2E")
    if program:
        subprocess.run([program], cwd=ROOT, check=True)


def run_pytest(arguments: Sequence[str]) -> int:
    """Pytest's exit status. An interrupted or terminated run is waited for: its fixtures stop what they started."""
    command = [sys.executable, "-P", "-m", "pytest", *arguments]
    # A program that a shell starts in the background ignores SIGINT, and so would pytest after it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, cwd=ROOT) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # a terminal has sent it to pytest, too
                continue


def run_phases() -> int:
    """Both phases, and a line about each at the end; the first exit status that is not zero."""
    lines, statuses = [], []
    for phase, title in TITLES.items():
        if phase == "e2e":
            prepare_e2e()
        began = time.monotonic()
        status = run_pytest(PHASES[phase])
        statuses.append(status)
        result = "passed" if status == 0 else f"FAILED (exit status {status})"
        lines.append(f"make test: {title}: {result}, {time.monotonic() - began:.0f} s")
        if status == _INTERRUPTED or status < 0 or (status != 0 and os.environ.get("CI")):
            break
    print("", *lines, sep="\n", flush=True)
    return next((abs(status) for status in statuses if status != 0), 0)


def main(arguments: Sequence[str]) -> int:
    """The first word names what to run, the others go to pytest: `all`, or one of PHASES."""
    chosen, *words = arguments
    if chosen == "all" and not words:
        return run_phases()
    if chosen in ("all", "e2e"):
        install_what_is_missing()
    return abs(run_pytest([*PHASES.get(chosen, ()), *words]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
