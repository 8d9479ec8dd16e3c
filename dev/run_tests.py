"""`make test` and its parts: pytest in two phases, and what the second needs installed first where that is possible.

The unit and service tests run in parallel, each worker with a Redis server of its own. What drives a browser or builds
images runs afterwards, in two runs of pytest side by side: the tests over containers wait most of the time. With words
for pytest, `make test` is a single run of just those.

The last lines name each reason for which tests were skipped, once.

BEFORE_E2E names a program that `make test` runs before the second phase: in CI it starts a Docker engine. There a phase
that failed is the last one.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest_skip_reasons
from prerequisites import apache, browser, node_peers
from stack import ROOT

_PARALLEL = ("-n", "auto", "--dist", "worksteal")
_SEQUENTIAL = "docker or e2e"  # markers of pyproject.toml; what one phase leaves out the other runs
SERVICES = (*_PARALLEL, "--ignore=e2e", "-m", f"not ({_SEQUENTIAL})")
UNIT = (*_PARALLEL, "--ignore=e2e", "-m", f"not ({_SEQUENTIAL} or slow)")
E2E = ("-m", _SEQUENTIAL)
_CONTAINERS_AND_PEERS = "docker or certification or peers"
LANES = (("-m", _CONTAINERS_AND_PEERS), ("-m", f"e2e and not ({_CONTAINERS_AND_PEERS})"))
"""E2E in two halves that take about as long. The cluster, whose ports are fixed, is in the second alone."""
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


def run_pytest(*runs: Sequence[str]) -> list[int]:
    """Pytest's exit status for each of `runs`, the arguments of one; they run at the same time.

    The first writes to the terminal; what the others wrote follows when all have ended. A run that is interrupted or
    terminated is waited for: its fixtures stop what they started.
    """
    # A program that a shell starts in the background ignores SIGINT, and so would pytest after it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with ExitStack() as opened:
        outputs = [None, *(opened.enter_context(tempfile.TemporaryFile("w+")) for _ in runs[1:])]
        processes = [
            opened.enter_context(
                subprocess.Popen([sys.executable, "-P", "-m", "pytest", *arguments], cwd=ROOT, stdout=output)
            )
            for arguments, output in zip(runs, outputs, strict=True)
        ]

        def interrupt(*_: object) -> None:
            for process in processes:
                process.send_signal(signal.SIGINT)

        signal.signal(signal.SIGTERM, interrupt)
        statuses = [_status(process) for process in processes]
        for output in outputs:
            if output is not None:
                output.seek(0)
                shutil.copyfileobj(output, sys.stdout)
        return statuses


def _status(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # a terminal has sent it to pytest, too
            continue


def run_phases() -> int:
    """Both phases, and at the end their results and what was skipped; the first exit status that is not zero."""
    with tempfile.NamedTemporaryFile(prefix="skips-") as skips:
        os.environ[pytest_skip_reasons.VARIABLE] = skips.name
        try:
            return _run_phases(Path(skips.name))
        finally:
            del os.environ[pytest_skip_reasons.VARIABLE]


def _run_phases(skips: Path) -> int:
    lines, statuses = [], []
    for phase, title in TITLES.items():
        if phase == "e2e":
            prepare_e2e()
        began = time.monotonic()
        status = worst(run_pytest(*(LANES if phase == "e2e" else [PHASES[phase]])))
        statuses.append(status)
        result = "passed" if status == 0 else f"FAILED (exit status {status})"
        lines.append(f"make test: {title}: {result}, {time.monotonic() - began:.0f} s")
        if status == _INTERRUPTED or status < 0 or (status != 0 and os.environ.get("CI")):
            break
    print("", *lines, *pytest_skip_reasons.lines(pytest_skip_reasons.read(skips)), sep="\n", flush=True)
    return next((abs(status) for status in statuses if status != 0), 0)


def worst(statuses: Sequence[int]) -> int:
    """An interruption before any other failure, and any failure before success."""
    if _INTERRUPTED in statuses:
        return _INTERRUPTED
    return next((status for status in statuses if status != 0), 0)


def main(arguments: Sequence[str]) -> int:
    """The first word names what to run, the others go to pytest: `all`, or one of PHASES."""
    chosen, *words = arguments
    if chosen == "all" and not words:
        return run_phases()
    if chosen in ("all", "e2e"):
        install_what_is_missing()
    runs = LANES if chosen == "e2e" and not words else [(*PHASES.get(chosen, ()), *words)]
    return abs(worst(run_pytest(*runs)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
