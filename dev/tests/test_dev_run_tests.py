"""`make test`: two phases, one summary, and an exit status that says whether both passed."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

import run_tests
from waiting import wait_until


class Runs:
    """The calls of pytest, and the exit statuses of those that are still to come."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.statuses: list[int] = []

    def run(self, *runs: Sequence[str]) -> list[int]:
        self.calls += [list(arguments) for arguments in runs]
        return [self.statuses.pop(0) for _ in runs]


SERVICES = list(run_tests.SERVICES)
LANES = [list(lane) for lane in run_tests.LANES]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    runs = Runs()
    monkeypatch.setattr(run_tests, "run_pytest", runs.run)
    monkeypatch.setattr(run_tests, "install_what_is_missing", lambda: None)
    for name in ("CI", "BEFORE_E2E"):
        monkeypatch.delenv(name, raising=False)
    return runs


@pytest.mark.parametrize(
    ("statuses", "expected", "lines"),
    [
        pytest.param([0, 0, 0], 0, ["passed", "passed"], id="both-pass"),
        pytest.param([1, 0, 0], 1, ["FAILED (exit status 1)", "passed"], id="first-fails"),
        pytest.param([0, 1, 0], 1, ["passed", "FAILED (exit status 1)"], id="second-fails"),
        pytest.param([0, 0, 1], 1, ["passed", "FAILED (exit status 1)"], id="second-half-fails"),
        pytest.param([1, 3, 0], 1, ["FAILED (exit status 1)", "FAILED (exit status 3)"], id="both-fail"),
        pytest.param([0, 1, 2], 2, ["passed", "FAILED (exit status 2)"], id="second-half-is-interrupted"),
        pytest.param([2], 2, ["FAILED (exit status 2)"], id="interrupted"),
        pytest.param([-9], 9, ["FAILED (exit status -9)"], id="killed"),
    ],
)
def test_phases_make_one_summary_and_one_status(runs: Runs, capsys, statuses, expected, lines) -> None:
    runs.statuses = list(statuses)
    assert run_tests.main(["all"]) == expected
    assert runs.calls == [SERVICES, *LANES][: len(statuses)]
    summary = [line for line in capsys.readouterr().out.splitlines() if line]
    assert len(summary) == len(lines)
    for line, result in zip(summary, lines, strict=True):
        assert line.startswith("make test: ")
        assert f": {result}, " in line


def test_in_ci_a_failed_phase_is_the_last(runs: Runs, monkeypatch) -> None:
    monkeypatch.setenv("CI", "true")
    runs.statuses = [1]
    assert run_tests.main(["all"]) == 1
    assert runs.calls == [SERVICES]


def test_before_e2e_runs_between_the_phases(runs: Runs, monkeypatch, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho ran >> {tmp_path}/said\n")
    program.chmod(0o755)
    monkeypatch.setenv("BEFORE_E2E", str(program))
    runs.statuses = [0, 0, 0]
    assert run_tests.main(["all"]) == 0
    assert (tmp_path / "said").read_text() == "ran\n"


def test_before_e2e_that_fails_ends_the_run(runs: Runs, monkeypatch) -> None:
    monkeypatch.setenv("BEFORE_E2E", "false")
    runs.statuses = [0]
    with pytest.raises(subprocess.CalledProcessError):
        run_tests.main(["all"])
    assert runs.calls == [SERVICES]


def test_words_for_pytest_make_a_single_run(runs: Runs) -> None:
    runs.statuses = [5]
    assert run_tests.main(["all", "services/op", "-k", "refresh"]) == 5
    assert runs.calls == [["services/op", "-k", "refresh"]]


def test_words_are_added_to_a_phase_that_is_named(runs: Runs) -> None:
    runs.statuses = [0]
    assert run_tests.main(["unit", "-x"]) == 0
    assert runs.calls == [[*run_tests.UNIT, "-x"]]


@pytest.mark.parametrize("markers", [("docker",), ("e2e",), ("docker", "e2e"), ("e2e", "peers"), ()], ids=" and ".join)
def test_every_test_of_the_phase_is_in_one_lane(markers: tuple[str, ...]) -> None:
    def has(name: str, /, **_: object) -> bool:
        return name in markers

    phase, *lanes = (Expression.compile(chosen[-1]).evaluate(has) for chosen in (run_tests.E2E, *LANES))
    assert lanes.count(True) == (1 if phase else 0)
    assert phase == bool(markers)


def test_e2e_runs_as_lanes_unless_words_choose(runs: Runs) -> None:
    runs.statuses = [0, 5, 0]
    assert run_tests.main(["e2e"]) == 5
    assert run_tests.main(["e2e", "-k", "device"]) == 0
    assert runs.calls == [*LANES, [*run_tests.E2E, "-k", "device"]]


@pytest.mark.slow
def test_output_of_parallel_runs_is_shown_one_after_the_other(tmp_path: Path, capfd) -> None:
    """And each has its own exit status."""
    for name, word in {"first": "True", "second": "False"}.items():
        (tmp_path / f"test_{name}.py").write_text(f"def test_{name}():\n    assert {word}\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    words = ["-c", str(tmp_path / "pytest.ini"), "-v", "-p", "no:cacheprovider"]
    assert run_tests.run_pytest(*([*words, str(tmp_path / f"test_{name}.py")] for name in ("first", "second"))) == [
        0,
        1,
    ]
    said = capfd.readouterr().out
    assert 0 < said.index("test_first PASSED") < said.index("1 passed") < said.index("test_second FAILED")


INTERRUPTED = """
import pathlib, signal, pytest
@pytest.fixture
def resource():
    yield
    pathlib.Path(__file__).with_name("stopped").touch()
def test(resource):
    pathlib.Path(__file__).with_name("started").touch()
    signal.pause()
"""


@pytest.mark.slow
@pytest.mark.parametrize("shell", [(), ("sh", "-c", 'trap "" INT; exec "$@"', "sh")], ids=["foreground", "background"])
def test_a_terminated_run_ends_its_fixtures_first(tmp_path: Path, shell: tuple[str, ...]) -> None:
    (tmp_path / "test_it.py").write_text(INTERRUPTED)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    words = ["services", "-n0", "-mnot docker", "-c", str(tmp_path / "pytest.ini"), str(tmp_path)]
    command = [sys.executable, run_tests.__file__, *words]
    environment = {**os.environ, "PYTHONPATH": str(Path(run_tests.__file__).parent)}
    with subprocess.Popen([*shell, *command], env=environment, stdout=subprocess.PIPE) as process:
        try:
            wait_until((tmp_path / "started").exists)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert (tmp_path / "stopped").exists()
