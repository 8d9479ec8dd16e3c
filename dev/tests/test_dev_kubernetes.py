"""The commands that `make kind-up` and `make kind-down` run; e2e/deployment/test_e2e_cluster.py runs them for real."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import kind
from kind import kustomization
from kubernetes import port_forwards
from kubernetes.manifests import Overlay
from kubernetes.policy import faults
from kubernetes.port_forwards import PortForward, reachable
from kubernetes.rendering import rendered, renderer
from stack import ROLES, ROOT, StackError

pytestmark = pytest.mark.slow

WAIT_SECONDS = 20.0

# A program that writes down how it is called, and responds as FAKES says for the first words of a command.
_FAKE = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path
command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
with open(os.environ["CALLS"], "a") as calls:
    calls.write(command + "\\n")
for beginning, (status, text) in json.loads(os.environ["FAKES"]).items():
    if command.startswith(beginning):
        print(text)
        sys.exit(status)
"""


class Programs:
    """kind, kubectl and docker that do nothing."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._calls = folder / "calls"
        self._folder = folder
        self._monkeypatch = monkeypatch
        self._responses = {
            "kubectl version": (0, '"kustomizeVersion": "v5.5.0"'),
            "docker image inspect": (0, "sha256:1"),
        }
        for name in ("kind", "kubectl", "docker"):
            (folder / name).write_text(_FAKE)
            (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setenv("CALLS", str(self._calls))
        self.respond({})

    def respond(self, responses: dict[str, tuple[int, str]]) -> None:
        """Set the exit status and the output of commands with these first words."""
        self._responses |= responses
        self._monkeypatch.setenv("FAKES", json.dumps(self._responses))

    def remove(self, name: str) -> None:
        (self._folder / name).unlink()

    def calls(self, *beginnings: str) -> list[str]:
        return [line for line in self._calls.read_text().splitlines() if line.startswith(beginnings)]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    monkeypatch.setattr(kind, "DATA", tmp_path / "data")
    monkeypatch.setattr(kind, "start_forwards", lambda *_: None)
    monkeypatch.setattr(kind, "PORTS", {"rp": free_port()})
    (tmp_path / "bin").mkdir()
    return Programs(tmp_path / "bin", monkeypatch)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_kind_up_creates_builds_loads_applies_and_waits(programs: Programs, tmp_path: Path) -> None:
    assert kind.up({**os.environ, "REDIS_IMAGE": "redis:8", "PYTHON_IMAGE": "python:3.13-slim"}) == 0
    kubectl = "kubectl --context kind-trefoil --namespace trefoil"
    assert programs.calls("kind", "docker compose --project-name", "docker tag", "kubectl --context") == [
        "docker compose --project-name trefoil --file compose.yaml build --quiet",
        "docker tag redis:8 trefoil/redis:dev",
        "kind get clusters",
        f"kind create cluster --name trefoil --config {ROOT}/deploy/k8s/kind.yaml --wait 120s",
        "kind load docker-image trefoil/redis:dev trefoil/op:dev trefoil/rs:dev trefoil/rp:dev --name trefoil",
        f"{kubectl} apply --kustomize {tmp_path}/data/kind-trefoil",
        f"{kubectl} rollout status statefulset/redis --timeout=180s",
        *(f"{kubectl} rollout status deployment/{role} --timeout=180s" for role in ROLES),
    ]


def test_existing_cluster_is_used(programs: Programs) -> None:
    programs.respond({"kind get clusters": (0, "other\nmine")})
    assert kind.up({**os.environ, "KIND_CLUSTER_NAME": "mine"}) == 0
    assert not programs.calls("kind create")
    assert programs.calls("kubectl --context kind-mine --namespace trefoil apply")


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ("kind get", "kind get clusters failed: it broke"),
        ("kind create", "kind create cluster --name trefoil --config ... failed"),
        ("kind load", "kind load docker-image"),
        ("docker compose --project-name", "the images could not be built"),
        ("kubectl --context kind-trefoil --namespace trefoil apply", "apply ... failed"),
        ("kubectl --context kind-trefoil --namespace trefoil rollout status deployment/rp", "rollout ... failed"),
    ],
)
def test_failed_command_is_one_line_and_ends_the_run(programs: Programs, failing: str, said: str) -> None:
    programs.respond({failing: (1, "it broke")})
    with pytest.raises(StackError) as fault:
        kind.up(os.environ)
    assert said in str(fault.value)
    assert "\n" not in str(fault.value)
    assert failing in programs.calls("kind", "docker", "kubectl")[-1]


@pytest.mark.parametrize("tool", ["kind", "kubectl", "docker"])
def test_missing_tool_is_one_line(programs: Programs, capsys, tool: str) -> None:
    programs.remove(tool)
    assert kind.main(["up"]) == 1
    assert capsys.readouterr().err == (
        f"kind-up: needs {tool}, which is not here; `make up` starts the same on Docker, `make run` without anything\n"
    )


@pytest.mark.parametrize(
    ("environment", "said"),
    [({"MODE": "C"}, "MODE must be A or B"), ({"REPLICAS": "0"}, "REPLICAS must be a number from 1")],
)
def test_invalid_choice_is_reported_first(programs: Programs, environment, said: str) -> None:
    with pytest.raises(StackError, match=said):
        kind.up({**os.environ, **environment})
    assert not programs.calls("kind", "docker compose --project-name")


def test_used_port_is_reported_with_its_owner(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        monkeypatch.setattr(kind, "PORTS", {"op": port})
        with pytest.raises(StackError, match=rf"port {port}, which op needs, is taken by .*\(pid {os.getpid()}\)"):
            kind.up(os.environ)
    assert not programs.calls("kind create")


def test_kind_down_deletes_the_cluster_and_its_data(programs: Programs, tmp_path: Path, capsys) -> None:
    kept = tmp_path / "data" / "kind-trefoil"
    kept.mkdir(parents=True)
    assert kind.down({}) == 0
    assert "there is no cluster trefoil" in capsys.readouterr().out
    programs.respond({"kind get clusters": (0, "trefoil")})
    assert kind.down({}) == 0
    assert programs.calls("kind delete") == ["kind delete cluster --name trefoil"]
    assert not kept.exists()


# --- What is applied -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "replicas"), [("A", 2), ("B", 3)])
def test_mode_and_replicas_are_configured(tmp_path: Path, mode, replicas: int) -> None:
    try:
        renderer()
    except StackError as reason:
        pytest.skip(str(reason))
    ids = {name: f"sha256:{name}" for name in kind.WORKLOADS}
    (tmp_path / "kustomization.yaml").write_text(json.dumps(kustomization(tmp_path, mode, replicas, ids)))
    overlay = Overlay.parse(rendered(tmp_path))
    assert faults(overlay) == []
    assert overlay.configuration(overlay.workload("op"))["ACCESS_TOKEN_FORMAT"] == {"A": "opaque", "B": "jwt"}[mode]
    assert overlay.configuration(overlay.workload("rs"))["TOKEN_VALIDATION"] == {"A": "introspection", "B": "jwt"}[mode]
    assert overlay.configuration(overlay.workload("op"))["OIDC_ISSUER"] == "http://localhost:25000"
    for name in kind.WORKLOADS:
        workload = overlay.workload(name)
        assert workload.spec["replicas"] == (1 if name == "redis" else replicas)
        assert workload.spec["template"]["metadata"]["annotations"] == {"trefoil/image": f"sha256:{name}"}


@pytest.mark.parametrize(
    ("version", "command"),
    [("v5.0.1", ["kubectl", "kustomize"]), ("v4.5.7", ["kustomize", "build"]), ("", ["kustomize", "build"])],
)
def test_kustomize_replaces_an_old_kubectl(programs: Programs, tmp_path: Path, version: str, command) -> None:
    programs.respond({"kubectl version": (0, f'"kustomizeVersion": "{version}"')})
    (tmp_path / "bin" / "kustomize").symlink_to("kind")
    assert renderer() == command
    programs.remove("kustomize")
    if command[0] == "kustomize":
        with pytest.raises(StackError, match=r"needs kubectl 1\.27 or newer, or kustomize 5"):
            renderer()


# --- The addresses ---------------------------------------------------------------------------------------------------

# `kubectl port-forward` as far as it matters here: it responds on the last port, until a file contains `silent`.
_FORWARD = """
import http.server, pathlib, sys

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if pathlib.Path(sys.argv[1]).exists():
            self.connection.close()
            return
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_): pass

http.server.HTTPServer(("127.0.0.1", int(sys.argv[-1])), Answer).serve_forever()
"""


@pytest.fixture
def forward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PortForward]:
    monkeypatch.setattr(port_forwards, "PORTS", {"op": free_port()})
    kubectl = [sys.executable, "-c", _FORWARD, str(tmp_path / "silent")]
    forward = PortForward(kubectl, "op")
    yield forward
    forward.stop()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def started(forward: PortForward) -> int:
    """Check it until it responds; the number of the process."""

    def is_reached() -> bool:
        forward.check()
        return reachable(port_forwards.PORTS["op"])

    until(is_reached)
    forward.check()
    assert forward._process is not None
    return forward._process.pid


def test_working_port_forward_is_kept(forward: PortForward) -> None:
    assert started(forward) == started(forward)


def test_exited_port_forward_is_restarted(forward: PortForward) -> None:
    first = started(forward)
    assert forward._process is not None
    forward._process.kill()
    forward._process.wait()
    assert started(forward) != first


def test_unresponsive_port_forward_is_replaced(forward: PortForward, tmp_path: Path) -> None:
    """kubectl keeps running when its pod no longer exists."""
    first = started(forward)
    (tmp_path / "silent").touch()
    assert not reachable(port_forwards.PORTS["op"])
    forward.check()
    (tmp_path / "silent").unlink()
    assert started(forward) != first


def test_unreachable_port_is_not_a_response() -> None:
    assert not reachable(free_port())


def test_only_own_process_is_stopped(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        record = tmp_path / "forwards"
        record.write_text(f"{process.pid} {sys.executable} somebody.py else")
        kind.end_forwards(tmp_path)
        assert not record.exists()
        assert process.poll() is None, "its number belongs to another process"
        record.write_text(f"{process.pid} {' '.join(command)}")
        kind.end_forwards(tmp_path)
        assert not record.exists()
        assert process.stdin is not None
        process.stdin.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
