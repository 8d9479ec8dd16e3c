"""The manifests obey our rules, and each rule finds its violations."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from kubernetes.manifests import Manifest, Overlay
from kubernetes.policy import RULES, faults
from kubernetes.rendering import OVERLAYS
from stack import ROLES

Manifests = list[Manifest]


Overlays = Callable[[str], Overlay]


@pytest.mark.parametrize("name", OVERLAYS)
def test_overlay_obeys_every_rule(overlay: Overlays, name: str) -> None:
    assert faults(overlay(name)) == []


# --- What each rule sees ---------------------------------------------------------------------------------------------


def find(manifests: Manifests, kind: str, name: str) -> Any:
    return Overlay(tuple(manifests)).find(kind, name)


def pod(manifests: Manifests, name: str = "op") -> Any:
    kind = "StatefulSet" if name == "redis" else "Deployment"
    return find(manifests, kind, name)["spec"]["template"]["spec"]


def container(manifests: Manifests, name: str = "op") -> Any:
    return pod(manifests, name)["containers"][0]


def data(manifests: Manifests, name: str) -> Any:
    return find(manifests, "ConfigMap", name)["data"]


def policy(manifests: Manifests, name: str) -> Any:
    return find(manifests, "NetworkPolicy", name)["spec"]


def public_net(manifests: Manifests) -> Any:
    """The provider's opening to clients elsewhere."""
    return next(rule for rule in policy(manifests, "op")["egress"] if "ipBlock" in rule["to"][0])


def service(manifests: Manifests, name: str) -> Any:
    return find(manifests, "Service", name)["spec"]


def replace_in_directory(manifests: Manifests, old: str, new: str) -> object:
    assert old in data(manifests, "directory")["directory.yaml"]
    text = data(manifests, "directory")["directory.yaml"].replace(old, new)
    return data(manifests, "directory").update({"directory.yaml": text})


TOKEN = {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
HOST = {"name": "host", "hostPath": {"path": "/"}}
BINDING = {"kind": "RoleBinding", "metadata": {"name": "admin", "namespace": "trefoil"}}
FROM_SECRET = {"name": "OP_SECRET_KEY", "valueFrom": {"secretKeyRef": {"name": "op", "key": "secret-key"}}}

# What is broken in which overlay, and what is said about it.
BROKEN: dict[str, tuple[str, Callable[[Manifests], object], str]] = {
    "no limit": ("kind", lambda m: container(m)["resources"]["limits"].pop("memory"), "has no limits of memory"),
    "no resources": ("kind", lambda m: container(m, "redis").pop("resources"), "redis has no requests of cpu"),
    "an unbounded container at the start": (
        "kind",
        lambda m: pod(m, "rp").update(initContainers=[{"name": "first", "image": "trefoil/rp:dev"}]),
        "container first has no limits of cpu",
    ),
    "no startup probe": ("production", lambda m: container(m).pop("startupProbe"), "op has no startupProbe"),
    "no readiness probe": (
        "kind",
        lambda m: container(m, "redis").pop("readinessProbe"),
        "redis has no readinessProbe",
    ),
    "no liveness probe": ("kind", lambda m: container(m, "rs").pop("livenessProbe"), "rs has no livenessProbe"),
    "liveness that depends on Redis": (
        "kind",
        lambda m: container(m)["livenessProbe"]["httpGet"].update(path="/readyz"),
        "livenessProbe does not ask /healthz",
    ),
    "readiness that depends on nothing": (
        "kind",
        lambda m: container(m)["readinessProbe"]["httpGet"].update(path="/healthz"),
        "readinessProbe does not ask /readyz",
    ),
    "root": ("kind", lambda m: pod(m)["securityContext"].pop("runAsNonRoot"), "op may run as root"),
    "no seccomp": ("kind", lambda m: pod(m, "redis")["securityContext"].pop("seccompProfile"), "no seccomp profile"),
    "the node's network": ("kind", lambda m: pod(m).update(hostNetwork=True), "has hostNetwork"),
    "the node's files": ("kind", lambda m: pod(m)["volumes"].append(HOST), "has a volume of the kind hostPath"),
    "new privileges": (
        "production",
        lambda m: container(m)["securityContext"].pop("allowPrivilegeEscalation"),
        "may gain privileges",
    ),
    "privileged": ("kind", lambda m: container(m)["securityContext"].update(privileged=True), "may gain privileges"),
    "a root to write": (
        "kind",
        lambda m: container(m, "redis")["securityContext"].update(readOnlyRootFilesystem=False),
        "can write its root file system",
    ),
    "capabilities": (
        "kind",
        lambda m: container(m)["securityContext"]["capabilities"].update(add=["NET_RAW"]),
        "keeps capabilities",
    ),
    "root in one container": (
        "kind",
        lambda m: container(m)["securityContext"].update(runAsUser=0),
        "differs from its pod's security context",
    ),
    "a port of the node": ("kind", lambda m: container(m)["ports"][0].update(hostPort=25000), "a port of its node"),
    "no tag": ("kind", lambda m: container(m).update(image="trefoil/op"), "neither a tag nor a digest"),
    "latest": ("kind", lambda m: container(m).update(image="host:5000/op:latest"), "neither a tag nor a digest"),
    "always pulled": ("kind", lambda m: container(m).update(imagePullPolicy="Always"), "no imagePullPolicy"),
    "a token by default": ("kind", lambda m: pod(m, "redis").pop("automountServiceAccountToken"), "account's token"),
    "a token by a volume": ("kind", lambda m: pod(m)["volumes"].append(TOKEN), "mounts a service account's token"),
    "rights in the cluster": ("kind", lambda m: m.append(BINDING), "RoleBinding admin: no service needs one"),
    "variables about Services": ("kind", lambda m: pod(m).pop("enableServiceLinks"), "variables about Services"),
    "another namespace": (
        "kind",
        lambda m: find(m, "Service", "op")["metadata"].update(namespace="default"),
        "is in the namespace default",
    ),
    "an unrestricted namespace": (
        "production",
        lambda m: find(m, "Namespace", "trefoil")["metadata"].pop("labels"),
        "does not enforce the restricted standard",
    ),
    "nothing denied": ("kind", lambda m: m.remove(find(m, "NetworkPolicy", "deny-all")), "denies everything"),
    "only one direction denied": (
        "kind",
        lambda m: policy(m, "deny-all").update(policyTypes=["Ingress"]),
        "no NetworkPolicy denies everything",
    ),
    "a policy for nobody": (
        "kind",
        lambda m: policy(m, "rs").update(podSelector={"matchLabels": {"app": "rs"}}),
        "NetworkPolicy rs selects no pod",
    ),
    "an opening for nobody": (
        "kind",
        lambda m: policy(m, "op")["ingress"][0]["from"].append({"podSelector": {"matchLabels": {"app": "x"}}}),
        "opens ingress to pods that do not exist",
    ),
    "an opening for everybody": (
        "production",
        lambda m: policy(m, "redis-clients")["egress"][0]["to"][0]["ipBlock"].update(cidr="0.0.0.0/0"),
        "opens egress to everybody",
    ),
    "the public net with a private one in it": (
        "production",
        lambda m: public_net(m)["to"][0]["ipBlock"]["except"].remove("169.254.0.0/16"),
        "NetworkPolicy op opens egress to everybody",
    ),
    "the public net at another port": (
        "production",
        lambda m: public_net(m)["ports"].append({"protocol": "TCP", "port": 80}),
        "opens the public net at port 80",
    ),
    "the public net for a service without clients": (
        "production",
        lambda m: policy(m, "rp")["egress"].append(public_net(m)),
        "NetworkPolicy rp opens the public net",
    ),
    "the public net coming in": (
        "production",
        lambda m: policy(m, "op")["ingress"].append({"from": public_net(m)["to"], "ports": [{"port": "http"}]}),
        "opens ingress to everybody",
    ),
    "a logout that has no way to the client": (
        "kind",
        lambda m: [policy(m, "op").pop("egress"), policy(m, "rp").pop("ingress")],
        "op has no way to rp:25001, to tell demo-client of a logout",
    ),
    "a logout that goes to another port": (
        "kind",
        lambda m: data(m, "op").update(OIDC_CONNECT_TO="localhost:25001=rp:25002"),
        "op has no way to rp:25002, to tell demo-client of a logout",
    ),
    "a logout that stays in the pod": (
        "kind",
        lambda m: data(m, "op").pop("OIDC_CONNECT_TO"),
        "op has no way to localhost:25001, to tell demo-client of a logout",
    ),
    "a logout past the ingress controller": (
        "production",
        lambda m: policy(m, "op")["egress"].pop(0),
        "op has no way to ingress-nginx-controller.ingress-nginx.svc.cluster.local:443, to tell trefoil-rp of a logout",
    ),
    "a logout to a client elsewhere": (
        "production",
        lambda m: [
            policy(m, "op")["egress"].remove(public_net(m)),
            replace_in_directory(m, "${RP_BASE_URL}/backchannel", "https://elsewhere.example/backchannel"),
        ],
        "op has no way to elsewhere.example:443, to tell trefoil-rp of a logout",
    ),
    "a logout to the wrong port of the ingress controller": (
        "production",
        lambda m: data(m, "op").update(OIDC_CONNECT_TO="app.example.com:443=ingress.ingress-nginx.svc:8443"),
        "op has no way to ingress.ingress-nginx.svc:8443, to tell trefoil-rp of a logout",
    ),
    "an opening without peers": ("kind", lambda m: policy(m, "op")["ingress"][0].pop("from"), "without peers or ports"),
    "an opening without ports": ("kind", lambda m: policy(m, "redis")["ingress"][0].pop("ports"), "peers or ports"),
    "an opening of a port that nobody has": (
        "kind",
        lambda m: policy(m, "op")["ingress"][0]["ports"][0].update(port="https"),
        "opens port https, which op does not declare",
    ),
    "an opening at one end": (
        "kind",
        lambda m: policy(m, "op")["ingress"][0]["from"].pop(0),
        "only one end opens rs to op:25000",
    ),
    "a direction that does not count": (
        "kind",
        lambda m: policy(m, "rs").update(policyTypes=["Ingress"]),
        "its policyTypes do not say so",
    ),
    "a Service for nobody": ("kind", lambda m: service(m, "rp")["selector"].update(app="rp"), "rp selects no pod"),
    "a Service to a port that nobody has": (
        "kind",
        lambda m: service(m, "rp")["ports"][0].update(targetPort=80),
        "leads to port 80, which rp does not declare",
    ),
    "published metrics": (
        "production",
        lambda m: service(m, "op")["ports"].append({"name": "metrics", "port": 9090, "targetPort": "metrics"}),
        "publishes the metrics of op",
    ),
    "a Service outside": ("production", lambda m: service(m, "op").update(type="LoadBalancer"), "op is a LoadBalancer"),
    "a misspelt setting": ("kind", lambda m: data(m, "op").update(ACCES_TOKEN_TTL="300"), "does not read ACCES_TOKEN"),
    "a value that is refused": ("kind", lambda m: data(m, "rs").update(TOKEN_VALIDATION="jwks"), "must be one of"),
    "a setting that is missing": ("kind", lambda m: data(m, "rp").pop("CLIENT_ID"), "rp: CLIENT_ID is missing"),
    "a secret that is missing": ("production", lambda m: container(m)["env"].pop(0), "op: REDIS_URL is missing"),
    "a directory without a value": (
        "production",
        lambda m: replace_in_directory(m, "${RP_BASE_URL}", "${APP_URL}"),
        "op: APP_URL is missing",
    ),
    "two issuers": ("kind", lambda m: data(m, "rs").update(OIDC_ISSUER="http://op:25000"), "different issuers"),
    "a secret in a ConfigMap": ("kind", lambda m: data(m, "op").update(OP_SECRET_KEY="x" * 32), "has OP_SECRET_KEY"),
    "a password in an address": (
        "kind",
        lambda m: data(m, "rs").update(OIDC_ISSUER="http://me:secret@localhost:25000"),
        "OIDC_ISSUER has credentials in an address",
    ),
    "a secret in the directory": (
        "production",
        lambda m: replace_in_directory(m, "${CLIENT_SECRET}", "secret"),
        "a client's secret stands in directory.yaml",
    ),
    "a secret as a variable": (
        "kind",
        lambda m: container(m)["env"].append(FROM_SECRET),
        "as a variable, not as a file",
    ),
    "a ConfigMap without a hash": (
        "kind",
        lambda m: find(m, "ConfigMap", "profiles")["metadata"].update(name="profiles"),
        "profiles has no hash in its name",
    ),
    "a ConfigMap that is not there": (
        "kind",
        lambda m: m.remove(find(m, "ConfigMap", "profiles")),
        "which is not there",
    ),
    "a Secret that is not there": ("kind", lambda m: m.remove(find(m, "Secret", "rp")), "needs the Secret rp-"),
    "a gap in an update": (
        "kind",
        lambda m: find(m, "Deployment", "op")["spec"]["strategy"]["rollingUpdate"].update(maxUnavailable=1),
        "takes a pod away before another is ready",
    ),
    "no pause before the end": ("kind", lambda m: container(m).pop("lifecycle"), "op has no pause before SIGTERM"),
    "no drain": ("kind", lambda m: data(m, "rp").pop("DRAIN_DELAY"), "rp has no DRAIN_DELAY"),
    "no time to drain": (
        "kind",
        lambda m: pod(m, "rs").update(terminationGracePeriodSeconds=10),
        "rs may be killed before it has answered everybody",
    ),
    "a single pod": (
        "kind",
        lambda m: find(m, "Deployment", "op")["spec"].update(replicas=1),
        "op may have a single pod",
    ),
    "an autoscaler of nothing": (
        "production",
        lambda m: find(m, "HorizontalPodAutoscaler", "rs")["spec"]["scaleTargetRef"].update(name="api"),
        "api scales nothing",
    ),
    "a number beside an autoscaler": (
        "production",
        lambda m: find(m, "Deployment", "op")["spec"].update(replicas=3),
        "would undo what its autoscaler has chosen",
    ),
    "a budget that lets all go": (
        "production",
        lambda m: find(m, "PodDisruptionBudget", "op")["spec"].update(maxUnavailable=3),
        "does not always leave a pod",
    ),
    "a budget that lets none go": (
        "production",
        lambda m: find(m, "PodDisruptionBudget", "op").update(
            spec={"minAvailable": 3, "selector": {"matchLabels": {"app.kubernetes.io/name": "op"}}}
        ),
        "lets no node be drained",
    ),
    "a budget for everybody": (
        "production",
        lambda m: find(m, "PodDisruptionBudget", "op")["spec"].update(selector={}),
        "PodDisruptionBudget op selects op, rp, rs",
    ),
    "an Ingress without TLS": (
        "production",
        lambda m: find(m, "Ingress", "trefoil")["spec"].pop("tls"),
        "has no TLS for id.example.com",
    ),
    "an Ingress without a class": (
        "production",
        lambda m: find(m, "Ingress", "trefoil")["spec"].pop("ingressClassName"),
        "has no class",
    ),
    "an Ingress to nowhere": (
        "production",
        lambda m: service(m, "rp")["ports"][0].update(name="web", port=80),
        "leads to rp, which is not a Service with that port",
    ),
    "an Ingress for another issuer": (
        "production",
        lambda m: [data(m, role).update(OIDC_ISSUER="https://login.example.com") for role in ROLES],
        "does not serve OIDC_ISSUER, https://login.example.com",
    ),
    "pods of another name": (
        "kind",
        lambda m: find(m, "Deployment", "op")["spec"]["selector"]["matchLabels"].update(app="op"),
        "Deployment op does not select its own pods",
    ),
}


def broken(overlay: Overlay, break_it: Callable[[Manifests], object]) -> Overlay:
    manifests = copy.deepcopy(list(overlay.manifests))
    break_it(manifests)
    return Overlay(tuple(manifests))


@pytest.mark.parametrize(("name", "break_it", "said"), BROKEN.values(), ids=BROKEN)
def test_rule_finds_a_violation(
    overlay: Overlays, name: str, break_it: Callable[[Manifests], object], said: str
) -> None:
    found = faults(broken(overlay(name), break_it))
    assert any(said in fault for fault in found), found


def test_every_rule_has_a_violation(overlay: Overlays) -> None:
    silent = set(RULES)
    for name, break_it, said in BROKEN.values():
        wrong = broken(overlay(name), break_it)
        silent -= {rule for rule in silent if any(said in fault for fault in rule(wrong))}
    assert [rule.__name__ for rule in silent] == []
