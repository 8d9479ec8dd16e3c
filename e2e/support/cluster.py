"""A Kubernetes cluster for the tests, created with `make kind-up`.

If the programs of a cluster are installed next to the repository, dev/offline/kind-replacement runs them as `kind`;
otherwise kind itself is used.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import ports
from containers import base_images, check_engine
from kind import DATA, context, end_forwards
from kubernetes.policy import NAMESPACE
from kubernetes.port_forwards import PORTS, reachable
from kubernetes.rendering import MANIFESTS, rendered, renderer
from stack import ROOT, StackError

T = TypeVar("T")

KIT = ROOT.parent / "shared" / "cluster"
NAME = "trefoil-test"
PYTHON = "/venv/bin/python"
WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.2

# A pod that opens a new connection to the Services for each connection, like an ingress controller: `kubectl
# port-forward` to a Service would always use the same pod.
_RELAY = """
import asyncio

async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()

async def serve(host, port):
    async def relay(reader, writer):
        try:
            there, back = await asyncio.open_connection(host, port)
        except OSError as failure:
            print(host, failure, flush=True)
            writer.transport.abort()
            return
        await asyncio.gather(copy(reader, back), copy(there, writer))
        back.close()
        writer.close()
    await asyncio.start_server(relay, "127.0.0.1", port)

async def main():
    for host, port in SERVICES.items():
        await serve(host, port)
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def what_is_missing() -> str | None:
    """Why a cluster cannot be created here, in one line."""
    try:
        check_engine()
        renderer()
        base_images(os.environ)
    except StackError as reason:
        return str(reason)
    if not uses_kit() and not shutil.which("kind"):
        return f"needs kind, or {KIT.relative_to(ROOT.parent)} beside the repository"
    if uses_kit() and os.geteuid() != 0:
        return "needs root, to run the programs of a cluster"
    end_forwards(DATA / f"kind-{NAME}")  # leftovers of a killed run
    for role, port in PORTS.items():
        if ports.is_taken(port):
            return f"port {port}, which {role} needs, is taken by {ports.owner(port) or 'a process'}"
    return None


def uses_kit() -> bool:
    return (KIT / "up").exists()


@dataclass(frozen=True)
class Addresses:
    """The URLs of the services for a browser; the interface that the browser tests need."""

    op_url: str = f"http://localhost:{PORTS['op']}"
    rp_url: str = f"http://localhost:{PORTS['rp']}"
    rs_url: str = f"http://localhost:{PORTS['rs']}"


class Cluster:
    """The running overlay `kind`."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **os.environ,
            "KUBECONFIG": str(folder / "kubeconfig"),
            "KIND_CLUSTER_NAME": NAME,
        }
        if uses_kit():
            programs = folder / "bin"
            programs.mkdir()
            (programs / "kind").symlink_to(ROOT / "dev" / "offline" / "kind-replacement")
            self.environment |= {
                "PATH": f"{programs}:{os.environ['PATH']}",
                "CLUSTER_KIT": str(KIT),
                "CLUSTER_VOLUME": str(folder / "redis"),
            }

    def make(self, target: str, **variables: str) -> str:
        """Run `make kind-up` or `make kind-down`; its output."""
        return self._run(["make", target, *(f"{name}={value}" for name, value in variables.items())])

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        """The standard output; raises AssertionError with the output after a failure."""
        return self._run([*context(NAME), *arguments], text)

    def _run(self, command: Sequence[str], text: str | None = None) -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def get(self, *what: str) -> Any:
        return json.loads(self.kubectl("get", *what, "--output=json"))

    def pods(self, name: str) -> list[dict[str, Any]]:
        """The pods of a service that are not being deleted, the oldest first."""
        found = self.get("pods", f"--selector=app.kubernetes.io/name={name}")["items"]
        found.sort(key=lambda pod: pod["metadata"]["creationTimestamp"])
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def pod(self, name: str) -> str:
        return str(self.pods(name)[0]["metadata"]["name"])

    def exec(self, pod: str, *command: str, namespace: str = NAMESPACE) -> str:
        return self.kubectl("exec", "--namespace", namespace, pod, "--", *command)

    def python(self, pod: str, script: str, namespace: str = NAMESPACE, **values: object) -> Any:
        """Run a script in a pod with Python, and parse its JSON output; `values` are its variables."""
        variables = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        return json.loads(self.exec(pod, PYTHON, "-c", variables + script, namespace=namespace))

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        """Apply objects that contain their namespaces."""
        command = ["kubectl", "--context", f"kind-{NAME}", "apply", "--filename=-"]
        self._run(command, json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}))

    def rolled_out(self, *roles: str) -> None:
        for role in roles:
            self.kubectl("rollout", "status", f"deployment/{role}", f"--timeout={WAIT_SECONDS:.0f}s")

    def ended(self, *pods: str) -> None:
        """Wait until no container of these pods runs. A kubelet may remove the objects a minute later."""
        wait_until(lambda: not self.running(*pods), f"{', '.join(pods)} ended")

    def running(self, *pods: str) -> list[str]:
        """Those of these pods that have a running container."""
        return [
            pod["metadata"]["name"]
            for pod in self.get("pods")["items"]
            if pod["metadata"]["name"] in pods
            and any("running" in container["state"] for container in pod["status"].get("containerStatuses", []))
        ]

    @contextmanager
    def forwards(self) -> Iterator[Addresses]:
        """The port forwards of `make kind-up`, started again if necessary."""
        left = DATA / f"kind-{NAME}"
        if (left / "forwards").exists():
            try:
                yield Addresses()
            finally:
                end_forwards(left)
            return
        with self._in_the_background([sys.executable, "dev/kind.py", "forward", NAME]):
            yield Addresses()

    @contextmanager
    def relay(self) -> Iterator[Addresses]:
        """Port forwards through a pod that is not replaced, and the Services."""
        self.apply(*_relay_manifests())
        self.kubectl("wait", "--for=condition=Ready", "pod/relay", f"--timeout={WAIT_SECONDS:.0f}s")
        with self._in_the_background(
            [*context(NAME), "port-forward", "pod/relay", *(str(port) for port in PORTS.values())]
        ):
            yield Addresses()

    @contextmanager
    def _in_the_background(self, command: Sequence[str]) -> Iterator[None]:
        with subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL) as process:
            try:
                wait_until(lambda: all(reachable(port) for port in PORTS.values()), "the addresses answer")
                yield
                assert process.poll() is None, f"ended by itself: {' '.join(command)}"
            finally:
                process.terminate()

    def dry_run(self, overlay: str) -> list[str]:
        """The API server's response to each object of an overlay; raises AssertionError if it rejects one."""
        text = rendered(MANIFESTS / "overlays" / overlay)
        if uses_kit():
            text = self._run([str(KIT / "lower-apis")], text)
        # An old server does not know every field; `make k8s-validate` checks unknown ones.
        return self.kubectl("apply", "--dry-run=server", "--validate=false", "--filename=-", text=text).splitlines()


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not after {WAIT_SECONDS:.0f} s: {what}"
        time.sleep(_POLL_SECONDS)


def eventually(value: Callable[[], T], expected: T) -> T:
    """The value as soon as it is the expected one, or else the last value, for an assertion."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (found := value()) != expected and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return found


def plain_pod(name: str, script: str, namespace: str = NAMESPACE) -> dict[str, Any]:
    """A pod that runs a script with the same restrictions as the services."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/name": name}},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 1,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": name,
                    "image": "trefoil/op:dev",
                    "imagePullPolicy": "IfNotPresent",
                    "command": [PYTHON, "-c", script],
                    "resources": {"limits": {"memory": "128Mi"}},
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }
            ],
        },
    }


def _relay_manifests() -> list[dict[str, Any]]:
    relay = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "relay"}}}
    roles = {"matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "In", "values": list(PORTS)}]}
    numbers = [{"protocol": "TCP", "port": port} for port in PORTS.values()]

    def policy(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        metadata = {"name": name, "namespace": NAMESPACE}
        return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}

    dns = {
        "to": [{"namespaceSelector": {}}],
        "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
    }
    to_roles = {"to": [{"podSelector": roles}], "ports": numbers}
    return [
        plain_pod("relay", f"SERVICES = {dict(PORTS)!r}\n{_RELAY}"),
        policy("relay", {**relay, "policyTypes": ["Egress"], "egress": [dns, to_roles]}),
        policy(
            "from-relay",
            {"podSelector": roles, "policyTypes": ["Ingress"], "ingress": [{"from": [relay], "ports": numbers}]},
        ),
    ]
