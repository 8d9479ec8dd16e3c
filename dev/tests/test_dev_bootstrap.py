"""`.venv` is built once, rebuilt when necessary, and by one process at a time."""

import ast
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import bootstrap
from bootstrap import Fault, Interpreter

SOURCE = Path(bootstrap.__file__)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a finished environment."""
    root = tmp_path / "repository"
    for package in bootstrap.PACKAGES:
        (root / package).mkdir(parents=True)
        (root / package / "pyproject.toml").write_text(f"# {package}\n")
    (root / bootstrap.LOCK).write_text("quart==1\n")
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/bin/python").symlink_to(sys.executable)
    (root / ".venv/pyvenv.cfg").write_text("version = 3.11.7\n")
    bootstrap.record_stamp(root)
    return root


def test_complete_environment_is_ready(repository):
    assert bootstrap.is_ready(repository)


@pytest.mark.parametrize("changed", [bootstrap.LOCK, "services/op/pyproject.toml"])
def test_changed_input_updates_the_environment(repository, changed):
    (repository / changed).write_text("something else\n")
    assert not bootstrap.is_ready(repository)
    assert bootstrap.matching(repository).base


def _without_stamp(root: Path) -> None:
    bootstrap.stamp_file(root).unlink()


def _with_half_a_stamp(root: Path) -> None:
    bootstrap.stamp_file(root).write_text("abc\n")


def _with_another_python(root: Path) -> None:
    bootstrap.venv_python(root).unlink()
    bootstrap.venv_python(root).symlink_to("/bin/sh")


def _with_a_python_that_is_gone(root: Path) -> None:
    bootstrap.venv_python(root).unlink()
    bootstrap.venv_python(root).symlink_to("/nowhere/python3.11")


def _with_another_version(root: Path) -> None:
    (root / ".venv/pyvenv.cfg").write_text("version = 3.11.9\n")


@pytest.mark.parametrize(
    "change",
    [
        _without_stamp,
        _with_half_a_stamp,
        _with_another_python,
        _with_a_python_that_is_gone,
        _with_another_version,
    ],
)
def test_incomplete_or_foreign_environment_is_rebuilt(repository, change):
    change(repository)
    assert not bootstrap.matching(repository).base


def test_moved_environment_is_rebuilt(repository):
    moved = repository.rename(repository.with_name("moved"))
    assert not bootstrap.matching(moved).base


def test_concurrent_calls_build_once(repository, monkeypatch):
    _without_stamp(repository)
    builds = []
    second_has_begun = threading.Event()

    def build(root: Path) -> None:
        second_has_begun.wait(5)
        builds.append(root)
        bootstrap.record_stamp(root)

    monkeypatch.setattr(bootstrap, "build", build)
    threads = [threading.Thread(target=bootstrap.ensure, args=(repository,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    second_has_begun.set()
    for thread in threads:
        thread.join()
    assert builds == [repository]


OLD = Interpreter("/usr/bin/python3", "3.9.2", True)
BARE = Interpreter("/usr/bin/python3.12", "3.12.1", False)
WHOLE = Interpreter("/usr/bin/python3.11", "3.11.2", True)


def test_interpreter_with_venv_is_preferred():
    assert bootstrap.choose([OLD, BARE, WHOLE]) == (WHOLE, ["/usr/bin/python3.11", "-m", "venv"])


def test_virtualenv_replaces_a_missing_venv(monkeypatch):
    monkeypatch.setattr(shutil, "which", {"virtualenv": "/usr/bin/virtualenv"}.get)
    _, command = bootstrap.choose([BARE])
    assert command == ["/usr/bin/virtualenv", "--quiet", "--python", "/usr/bin/python3.12"]


@pytest.mark.parametrize(
    ("found", "line"),
    [
        pytest.param([], "no Python was found", id="none"),
        pytest.param([OLD], "Trefoil needs Python 3.11 or newer; /usr/bin/python3 is 3.9.2.", id="too-old"),
        pytest.param([BARE], "apt-get install python3.12-venv", id="no-ensurepip"),
    ],
)
def test_missing_prerequisite_is_one_line(found, line, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(Fault) as fault:
        bootstrap.choose(found)
    assert line in str(fault.value)
    assert "\n" not in str(fault.value)


def test_shim_of_a_version_manager_is_ignored(tmp_path):
    shim = tmp_path / "python3.13"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    assert bootstrap.probe(str(shim)) == []


def test_failed_step_shows_the_end_of_its_output(tmp_path):
    script = "print(*range(100), sep='\\n'); raise SystemExit(1)"
    with pytest.raises(Fault) as fault:
        bootstrap.call([sys.executable, "-c", script], tmp_path)
    assert str(fault.value).splitlines()[1:] == [f"  {number}" for number in range(80, 100)]


def test_bootstrap_needs_only_python_3_6():
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 6))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names


def test_ready_environment_prints_nothing():
    done = subprocess.run([sys.executable, "-I", "-S", str(SOURCE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
