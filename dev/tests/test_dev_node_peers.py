"""What npm installs for the tests of interoperability: locked by hashes, and never half installed."""

import json
import re
import subprocess
import sys

import pytest

from prerequisites import debian, node_peers

LOCK = json.loads((node_peers.FOLDER / "package-lock.json").read_text())
PACKAGES = {name: package for name, package in LOCK["packages"].items() if name}


@pytest.mark.parametrize("name", PACKAGES)
def test_every_package_is_known_by_its_hash_and_by_no_host(name):
    assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", PACKAGES[name]["integrity"])
    assert "resolved" not in PACKAGES[name]


def test_the_lock_is_of_these_packages():
    requested = json.loads((node_peers.FOLDER / "package.json").read_text())["dependencies"]
    assert LOCK["packages"][""]["dependencies"] == requested
    assert {name: PACKAGES[f"node_modules/{name}"]["version"] for name in requested} == requested


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Another folder with the same lock, and a step that writes into it."""
    for name in ("requirements.txt", "package.json", "package-lock.json"):
        (tmp_path / name).write_text(name)
    node = tmp_path / ".node"
    packages = tmp_path / "node_modules"
    step = "import pathlib; [pathlib.Path(name).mkdir() for name in ('.node', 'node_modules')]; open('.node/node', 'w')"
    for name, path in {
        "FOLDER": tmp_path,
        "_NODE_FOLDER": node,
        "_PACKAGES": packages,
        "NODE": node / "node",
        "_STAMP": packages / ".trefoil-stamp",
    }.items():
        monkeypatch.setattr(node_peers, name, path)
    monkeypatch.setattr(node_peers, "_STEPS", ((sys.executable, "-c", step),))
    return tmp_path


def test_they_are_installed_once_for_each_lock(elsewhere, capsys):
    assert "not installed" in (node_peers.what_is_missing() or "")
    node_peers.install_what_is_missing()
    assert capsys.readouterr().out.endswith("... done\n")
    assert node_peers.what_is_missing() is None
    node_peers.install_what_is_missing()
    assert capsys.readouterr().out == ""
    (elsewhere / "package-lock.json").write_text("another")
    assert "not installed" in (node_peers.what_is_missing() or "")


def test_failed_installation_is_explained_and_does_not_count(elsewhere, monkeypatch, capsys):
    fails = (sys.executable, "-c", "print('...'); print('ERROR: nobody answers'); raise SystemExit(1)")
    monkeypatch.setattr(node_peers, "_STEPS", (*node_peers._STEPS, fails))
    node_peers.install_what_is_missing()
    assert capsys.readouterr().out.endswith("failed, and those tests will be skipped: ERROR: nobody answers\n")
    assert "not installed" in (node_peers.what_is_missing() or "")


def test_node_that_does_not_start_is_reported(elsewhere, monkeypatch, capsys):
    monkeypatch.setattr(node_peers, "_STEPS", ((str(elsewhere / "nowhere"),),))
    node_peers.install_what_is_missing()
    assert "No such file" in capsys.readouterr().out


def _debian(monkeypatch, user: int, program: str | None, ci: str) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr("shutil.which", lambda _: program)
    monkeypatch.setenv("CI", ci)


@pytest.mark.parametrize(
    ("user", "program", "ci"),
    [(1000, "/usr/bin/apt-get", "true"), (0, None, "true"), (0, "/usr/bin/apt-get", "")],
    ids=["not-root", "not-on-Debian", "not-in-CI"],
)
def test_debian_packages_are_installed_in_ci_alone(monkeypatch, capsys, user, program, ci):
    _debian(monkeypatch, user, program, ci)
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("something was started"))
    debian.install(["a-package"], "a test")
    assert capsys.readouterr().out == ""


def test_debian_packages_are_installed_in_ci(monkeypatch, capsys):
    _debian(monkeypatch, 0, "/usr/bin/apt-get", "true")
    commands = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "")

    monkeypatch.setattr("subprocess.run", run)
    debian.install(["a-package"], "a test")
    assert commands[-1][-1] == "a-package"
    assert capsys.readouterr().out == "Installing a-package with apt-get for a test ... done\n"
