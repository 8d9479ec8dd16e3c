"""The two overlays: the demo on one machine, and the starting point of a deployment."""

import base64
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from containers import redis_users
from kubernetes.manifests import Overlay
from kubernetes.policy import references
from kubernetes.rendering import OVERLAYS, rendered, validate
from stack import ROLES, ROOT, StackError, demo_values

pytestmark = pytest.mark.slow

GUIDE = ROOT / "docs" / "kubernetes.md"


@pytest.fixture(scope="module")
def kind(overlay: Callable[[str], Overlay]) -> Overlay:
    return overlay("kind")


@pytest.fixture(scope="module")
def production(overlay: Callable[[str], Overlay]) -> Overlay:
    return overlay("production")


# --- The overlay `kind` ----------------------------------------------------------------------------------------------


def secret_values(overlay: Overlay) -> dict[str, dict[str, str]]:
    """The values of the Secrets, by their names without the hash."""
    return {
        secret["metadata"]["name"][:-11]: {k: base64.b64decode(v).decode() for k, v in secret["data"].items()}
        for secret in overlay.of_kind("Secret")
    }


def test_kind_has_the_secrets_of_the_demo(kind: Overlay) -> None:
    demo = demo_values()

    def url(role: str) -> str:
        return f"redis://{role}:{demo[f'REDIS_{role.upper()}_PASSWORD']}@redis:6379/0"

    assert secret_values(kind) == {
        "op": {"redis-url": url("op"), "secret-key": demo["OP_SECRET_KEY"]},
        "rs": {"redis-url": url("rs"), "client-secret": demo["RS_CLIENT_SECRET"]},
        "rp": {"redis-url": url("rp"), "client-secret": demo["CLIENT_SECRET"]},
        "redis": {"users.acl": redis_users(demo)},
    }


def test_kind_has_the_settings_of_the_demo(kind: Overlay) -> None:
    demo = demo_values()
    for role in ROLES:
        values = kind.configuration(kind.workload(role))
        shared = values.keys() & demo.keys()
        assert "OIDC_ISSUER" in shared
        assert {name: values[name] for name in shared} == {name: demo[name] for name in shared}


def test_demo_directory_has_one_source(kind: Overlay) -> None:
    files = {"directory": "directory.yaml", "profiles": "profiles.yaml"}
    for name, file in files.items():
        assert kind.find("ConfigMap", name)["data"] == {file: (ROOT / "deploy/demo" / file).read_text()}
    copies = [path for path in (ROOT / "deploy/k8s").rglob("*.yaml") if "user0" in path.read_text()]
    assert copies == []


def test_redis_keeps_its_data_and_its_users_on_volumes(kind: Overlay) -> None:
    redis = kind.workload("redis")
    arguments = redis.containers[0]["args"]
    assert arguments[arguments.index("--appendonly") + 1] == "yes"
    assert arguments[arguments.index("--dir") + 1] == "/data"
    assert [claim["metadata"]["name"] for claim in redis.spec["volumeClaimTemplates"]] == ["data"]


# --- The overlay `production` ----------------------------------------------------------------------------------------


def test_production_has_no_demo_data(production: Overlay) -> None:
    text = yaml.safe_dump_all(production.manifests)
    for name, value in demo_values().items():
        if "SECRET" in name or "PASSWORD" in name:
            assert value not in text, name
    for word in ("demo", "user0", "localhost", "password"):
        assert word not in text


def test_guide_names_every_secret_of_production(production: Overlay) -> None:
    assert production.of_kind("Secret") == []
    needed = {name for workload in production.workloads for name in references(workload, "secret")}
    needed |= {entry["secretName"] for entry in production.of_kind("Ingress")[0]["spec"]["tls"]}
    assert needed == {"op", "rs", "rp", "trefoil-tls"}
    guide = GUIDE.read_text()
    for name in needed:
        assert re.search(rf"kubectl .*create secret \w+ {name}\b", guide), name


def test_guide_sets_every_mounted_key(production: Overlay) -> None:
    guide = GUIDE.read_text()
    commands = dict(re.findall(r"create secret generic (\w+)((?: \\\n|.)*)", guide))
    for role in ROLES:
        keys = set(re.findall(r"--from-file=([a-z-]+)=|--from-literal=([a-z-]+)=", commands[role]))
        given = {"".join(key) for key in keys}
        files = {
            Path(value).name
            for name, value in production.configuration(production.workload(role)).items()
            if name.endswith("_FILE") and value.startswith("/run/secrets/")
        }
        shared = {"client-secret", "rs-client-secret"} if role == "op" else set()
        assert given == files - shared, role


@pytest.mark.parametrize("role", ROLES)
def test_production_has_three_replicas_on_several_nodes(production: Overlay, role: str) -> None:
    scaler = production.find("HorizontalPodAutoscaler", role)["spec"]
    assert scaler["minReplicas"] == 3
    assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": role}
    workload = production.workload(role)
    spread = {entry["topologyKey"]: entry for entry in workload.pod["topologySpreadConstraints"]}
    assert spread["kubernetes.io/hostname"]["whenUnsatisfiable"] == "DoNotSchedule"
    assert "app.kubernetes.io/name" in spread["kubernetes.io/hostname"]["matchLabelKeys"]
    assert production.find("PodDisruptionBudget", role)["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("role", ROLES)
def test_production_admits_only_ingress_and_monitoring(production: Overlay, role: str) -> None:
    rules = production.find("NetworkPolicy", role)["spec"]["ingress"]
    assert {rule["ports"][0]["port"]: rule["from"] for rule in rules} == {
        "http": [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}},
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": "ingress-nginx"}},
            }
        ],
        "metrics": [{"namespaceSelector": {"matchLabels": {"monitoring": "true"}}}],
    }
    assert production.configuration(production.workload(role))["TRUSTED_PROXIES"]


# --- `make k8s-validate` ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("kind")
def test_make_k8s_validate_passes_and_names_the_version() -> None:
    done = subprocess.run(["make", "k8s-validate"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in OVERLAYS:
        assert re.search(rf"overlays/{name}: \d+ objects are valid for Kubernetes 1\.\d+", done.stdout)


@pytest.fixture
def broken_copy(kind: Overlay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the manifests that a test may modify."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    monkeypatch.setattr("kubernetes.rendering.MANIFESTS", tmp_path / "deploy" / "k8s")
    return tmp_path / "deploy" / "k8s"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("periodSeconds: 10", "periodSecond: 10", "periodSecond"),
        ("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "may gain privileges"),
    ],
    ids=["schema", "rule"],
)
def test_fault_is_one_line_with_its_overlay(broken_copy: Path, capsys, old: str, new: str, said: str) -> None:
    file = broken_copy / "base" / "op.yaml"
    file.write_text(file.read_text().replace(old, new))
    assert validate() == 1
    lines = capsys.readouterr().err.splitlines()
    for name in OVERLAYS:
        assert any(line.startswith(f"overlays/{name}: ") and said in line for line in lines), lines


def test_overlay_that_does_not_render_is_reported(broken_copy: Path) -> None:
    (broken_copy / "base" / "rs.yaml").unlink()
    with pytest.raises(StackError, match=r"kind: .*rs\.yaml"):
        rendered(broken_copy / "overlays" / "kind")
