"""The overlays of deploy/k8s as kustomize renders them, and their check (`make k8s-validate`)."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from kubernetes.manifests import Overlay
from kubernetes.policy import faults
from stack import ROOT, StackError

MANIFESTS = ROOT / "deploy" / "k8s"
OVERLAYS = ("kind", "production")

_OLDEST_KUSTOMIZE = (5, 0)


def renderer() -> list[str]:
    """The command that renders a kustomize folder; raises StackError if none is recent enough."""
    if shutil.which("kubectl"):
        done = subprocess.run(
            ["kubectl", "version", "--client", "--output=json"], capture_output=True, text=True, check=False
        )
        version = re.search(r'"kustomizeVersion": "v(\d+)\.(\d+)', done.stdout)
        if version and (int(version[1]), int(version[2])) >= _OLDEST_KUSTOMIZE:
            return ["kubectl", "kustomize"]
    if shutil.which("kustomize"):
        return ["kustomize", "build"]
    raise StackError("needs kubectl 1.27 or newer, or kustomize 5, to render the manifests; there is neither here")


def rendered(folder: Path) -> str:
    """The objects of a kustomize folder; raises StackError."""
    done = subprocess.run([*renderer(), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"{folder.name}: {done.stderr.strip()}")
    return done.stdout


def validate() -> int:
    """Check every overlay by its schemas and by our own rules; the exit status."""
    status = 0
    for name in OVERLAYS:
        text = rendered(MANIFESTS / "overlays" / name)
        schema = subprocess.run(
            [Path(sys.executable).with_name("kubernetes-validate"), "--strict", "-"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        overlay = Overlay.parse(text)
        found = faults(overlay)
        if schema.returncode:
            found = [line for line in (schema.stdout + schema.stderr).splitlines() if "passed" not in line] + found
        for fault in found:
            print(f"overlays/{name}: {fault}", file=sys.stderr)
        if found:
            status = 1
        else:
            version = re.search(r"against version (\S+)", schema.stdout + schema.stderr)
            print(
                f"overlays/{name}: {len(overlay.manifests)} objects are valid for Kubernetes {version and version[1]}"
            )
    return status
