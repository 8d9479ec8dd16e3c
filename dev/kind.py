"""`make kind-up`, `make kind-down`, `make k8s-validate`: the manifests of `deploy/k8s` on this machine.

`python dev/kind.py redis-users` prints the ACL file of an external Redis, for the passwords in the environment.

`up` creates a kind cluster unless it exists, builds and loads the images, applies the overlay `kind`, waits until
everything is ready, and leaves a process that forwards the three ports on 127.0.0.1.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import ports
from containers import base_images, check_engine, chosen_replicas, compose, redis_users
from kubernetes.policy import NAMESPACE
from kubernetes.port_forwards import PORTS, keep_open, reachable
from kubernetes.rendering import MANIFESTS, renderer, validate
from run import chosen_mode
from stack import MODES, ROLES, ROOT, Mode, StackError, demo_values

DATA = ROOT / ".data"
REDIS_IMAGE = "trefoil/redis:dev"
WORKLOADS: Mapping[str, str] = {"redis": "StatefulSet"} | dict.fromkeys(ROLES, "Deployment")

_READY_SECONDS = 180
_END_SECONDS = 10.0
_POLL_SECONDS = 0.1


def up(environment: Mapping[str, str]) -> int:
    """Run `make kind-up`; the exit status. Raises StackError."""
    check_tools()
    renderer()
    mode = chosen_mode({"MODE": environment.get("MODE") or "A"})
    replicas = chosen_replicas({"REPLICAS": environment.get("REPLICAS") or "2"})
    cluster = cluster_name(environment)
    folder = DATA / f"kind-{cluster}"
    end_forwards(folder)
    check_ports()
    build(environment)
    if cluster not in _run("kind", "get", "clusters").split():
        _show(
            "kind", "create", "cluster", "--name", cluster, "--config", str(MANIFESTS / "kind.yaml"), "--wait", "120s"
        )
    images = {name: REDIS_IMAGE if name == "redis" else f"trefoil/{name}:dev" for name in WORKLOADS}
    _show("kind", "load", "docker-image", *images.values(), "--name", cluster)
    ids = {name: _run("docker", "image", "inspect", "--format", "{{.Id}}", image) for name, image in images.items()}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kustomization.yaml").write_text(json.dumps(kustomization(folder, mode, replicas, ids), indent=2))
    kubectl = context(cluster)
    _show(*kubectl, "apply", "--kustomize", str(folder))
    for name, kind in WORKLOADS.items():
        _show(*kubectl, "rollout", "status", f"{kind.lower()}/{name}", f"--timeout={_READY_SECONDS}s")
    start_forwards(cluster, folder, environment)
    print(f"\n  Trefoil is ready: open http://localhost:{PORTS['rp']}, sign in as user0 / password0")
    print(f"  mode {mode}, {replicas} of each service; {' '.join(kubectl)} get pods")
    print("  `make kind-down` ends it and forgets its data\n")
    return 0


def down(environment: Mapping[str, str]) -> int:
    """Stop the port forwards and delete the cluster; the exit status. Raises StackError."""
    cluster = cluster_name(environment)
    folder = DATA / f"kind-{cluster}"
    end_forwards(folder)
    check_tools()
    if cluster in _run("kind", "get", "clusters").split():
        _show("kind", "delete", "cluster", "--name", cluster)
    else:
        print(f"kind-down: there is no cluster {cluster}")
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def cluster_name(environment: Mapping[str, str]) -> str:
    return environment.get("KIND_CLUSTER_NAME") or "trefoil"


def context(cluster: str) -> list[str]:
    """kubectl for this cluster and namespace, whatever the user's current context is."""
    return ["kubectl", "--context", f"kind-{cluster}", "--namespace", NAMESPACE]


def check_tools() -> None:
    """Raises StackError if a required tool is missing."""
    for tool in ("kind", "kubectl", "docker"):
        if not shutil.which(tool):
            raise StackError(
                f"needs {tool}, which is not here; `make up` starts the same on Docker, `make run` without anything"
            )
    check_engine()


def check_ports() -> None:
    """Raises StackError if another process uses a required port."""
    for role, port in PORTS.items():
        if ports.is_taken(port):
            raise StackError(
                f"port {port}, which {role} needs, is taken by {ports.owner(port) or 'a process'}; end that"
            )


def build(environment: Mapping[str, str]) -> None:
    """The images of the services, and Redis under a name of this machine; raises StackError."""
    images, line = base_images(environment)
    print(f"kind-up: {line}", flush=True)
    if compose("build", "--quiet", environment={**demo_values(), **environment, **images, "TAG": "dev"}):
        raise StackError("the images could not be built")
    _run("docker", "tag", images["REDIS_IMAGE"], REDIS_IMAGE)


def kustomization(folder: Path, mode: Mode, replicas: int, image_ids: Mapping[str, str]) -> dict[str, Any]:
    """The overlay `kind` with this mode and number of replicas; pods are replaced if the image of their tag changes."""
    settings = {
        "op": {"ACCESS_TOKEN_FORMAT": MODES[mode]["ACCESS_TOKEN_FORMAT"]},
        "rs": {"TOKEN_VALIDATION": MODES[mode]["TOKEN_VALIDATION"]},
    }
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": NAMESPACE,
        # kustomize accepts only relative paths.
        "resources": [os.path.relpath((MANIFESTS / "overlays" / "kind").resolve(), folder.resolve())],
        "configMapGenerator": [
            {
                "name": role,
                "namespace": NAMESPACE,
                "behavior": "merge",
                "literals": [f"{name}={value}" for name, value in values.items()],
            }
            for role, values in settings.items()
        ],
        "replicas": [{"name": role, "count": replicas} for role in ROLES],
        "patches": [
            {
                "target": {"kind": kind, "name": name},
                "patch": json.dumps(
                    {
                        "apiVersion": "apps/v1",
                        "kind": kind,
                        "metadata": {"name": name},
                        "spec": {"template": {"metadata": {"annotations": {"trefoil/image": image_ids[name]}}}},
                    }
                ),
            }
            for name, kind in WORKLOADS.items()
        ],
    }


def start_forwards(cluster: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Start a background process that forwards the ports; raises StackError if they do not respond."""
    command = [sys.executable, str(Path(__file__).resolve()), "forward", cluster]
    with (folder / "forwards.log").open("w") as log:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    (folder / "forwards").write_text(f"{process.pid} {' '.join(command)}")
    deadline = time.monotonic() + _READY_SECONDS
    while not all(reachable(port) for port in PORTS.values()):
        if process.poll() is not None or time.monotonic() > deadline:
            end_forwards(folder)
            raise StackError(f"the addresses do not answer; {folder / 'forwards.log'} may say why")
        time.sleep(_POLL_SECONDS)


def end_forwards(folder: Path) -> None:
    """Stop the process that `start_forwards` started, but not another process with the same number."""
    record = folder / "forwards"
    if not record.exists():
        return
    pid, _, command = record.read_text().partition(" ")
    deadline = time.monotonic() + _END_SECONDS
    if command and ports.command_of(int(pid)) == command:
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGTERM)
        while ports.command_of(int(pid)) == command:
            with suppress(ChildProcessError):
                os.waitpid(int(pid), os.WNOHANG)
            if time.monotonic() > deadline:
                raise StackError(f"the port-forwards do not end (pid {pid})")
            time.sleep(_POLL_SECONDS)
    record.unlink()


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"{' '.join(command[:3])} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def _show(*command: str) -> None:
    """Run in the foreground, so that the user sees the progress."""
    if subprocess.run(command, check=False).returncode:
        raise StackError(f"{' '.join(command[:6])} ... failed")


def main(arguments: Sequence[str]) -> int:
    try:
        if arguments[0] == "forward":
            return keep_open(context(arguments[1]))
        if arguments[0] == "redis-users":
            print(redis_users(os.environ), end="")
            return 0
        return {"up": lambda: up(os.environ), "down": lambda: down(os.environ), "validate": validate}[arguments[0]]()
    except StackError as fault:
        name = {"up": "kind-up", "down": "kind-down", "validate": "k8s-validate"}.get(arguments[0], arguments[0])
        print(f"{name}: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
