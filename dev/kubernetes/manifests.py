"""A rendered overlay of `deploy/k8s`, for the rules of policy.py and the tests."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

Manifest = dict[str, Any]
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector selects these labels; the empty one selects everything."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for expression in selector.get("matchExpressions") or ():
        found, values = labels.get(expression["key"]), expression.get("values") or ()
        holds = {
            "In": found in values,
            "NotIn": found not in values,
            "Exists": found is not None,
            "DoesNotExist": found is None,
        }
        if not holds[expression["operator"]]:
            return False
    return True


@dataclass(frozen=True)
class Workload:
    """A workload: a Deployment or a StatefulSet."""

    manifest: Manifest

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def kind(self) -> str:
        return str(self.manifest["kind"])

    @property
    def spec(self) -> Manifest:
        return dict(self.manifest["spec"])

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.spec["template"]["metadata"].get("labels") or {})

    @property
    def pod(self) -> Manifest:
        return dict(self.spec["template"]["spec"])

    @property
    def containers(self) -> list[Manifest]:
        return [*(self.pod.get("initContainers") or ()), *self.pod["containers"]]

    def port(self, port: str | int) -> int | None:
        """The number of a declared port, by name or number."""
        for container in self.containers:
            for declared in container.get("ports") or ():
                if port in (declared.get("name"), declared["containerPort"]):
                    return int(declared["containerPort"])
        return None


@dataclass(frozen=True)
class Overlay:
    """All objects of one overlay."""

    manifests: tuple[Manifest, ...]

    @classmethod
    def parse(cls, text: str) -> "Overlay":
        return cls(tuple(manifest for manifest in yaml.safe_load_all(text) if manifest))

    def of_kind(self, kind: str) -> list[Manifest]:
        return [manifest for manifest in self.manifests if manifest["kind"] == kind]

    def find(self, kind: str, name: str) -> Manifest:
        """An object by its kind and its name, without the hash of a generated one."""
        wanted = re.compile(rf"{name}(-[a-z0-9]{{10}})?")
        return next(found for found in self.of_kind(kind) if wanted.fullmatch(found["metadata"]["name"]))

    def names(self, kind: str) -> set[str]:
        return {str(manifest["metadata"]["name"]) for manifest in self.of_kind(kind)}

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        return tuple(Workload(manifest) for manifest in self.manifests if manifest["kind"] in WORKLOADS)

    def workload(self, name: str) -> Workload:
        return next(workload for workload in self.workloads if workload.name == name)

    def selected(self, selector: Mapping[str, Any]) -> list[Workload]:
        return [workload for workload in self.workloads if selects(selector, workload.labels)]

    def containers(self) -> Iterator[tuple[str, Workload, Manifest]]:
        """Each container with its workload, and a name for messages."""
        for workload in self.workloads:
            for container in workload.containers:
                yield f"{workload.kind} {workload.name}, container {container['name']}", workload, container

    def configuration(self, workload: Workload) -> dict[str, str]:
        """The environment of the first container: its ConfigMaps and its own entries."""
        maps = {str(manifest["metadata"]["name"]): manifest.get("data") or {} for manifest in self.of_kind("ConfigMap")}
        values: dict[str, str] = {}
        container = workload.containers[0]
        for source in container.get("envFrom") or ():
            values |= maps.get(str((source.get("configMapRef") or {}).get("name")), {})
        return values | {entry["name"]: entry.get("value", "") for entry in container.get("env") or ()}
