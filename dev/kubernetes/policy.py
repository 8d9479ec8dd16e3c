"""The rules for the manifests of `deploy/k8s` beyond their schemas: RULES has a function for each rule.

A rule reads one rendered overlay and yields a line for each fault, without a cluster.
"""

import re
from collections.abc import Callable, Iterator
from itertools import product

from kubernetes.manifests import Overlay, Workload, selects
from kubernetes.openings import everything_is_denied_first, logouts_reach_the_clients, openings_are_narrow_and_meet
from op.settings import Settings as ProviderSettings
from rp.settings import Settings as RelyingPartySettings
from rs.settings import IntrospectionSettings
from servicekit.settings import Setting, declared

Rule = Callable[[Overlay], Iterator[str]]

SERVICES: dict[str, type] = {"op": ProviderSettings, "rs": IntrospectionSettings, "rp": RelyingPartySettings}
NAMESPACE = "trefoil"
PROBES = {"startupProbe": "/healthz", "readinessProbe": "/readyz", "livenessProbe": "/healthz"}
LONGEST_STOP_SECONDS = 10  # from SIGTERM on: servicekit.serving
FEWEST_REPLICAS = 2

_OF_THE_SYSTEM = {"SSL_CERT_FILE"}  # a private certificate authority
_PLAIN_VOLUMES = {"configMap", "secret", "emptyDir", "projected", "persistentVolumeClaim", "csi", "ephemeral"}
_HASHED = re.compile(r"-[a-z0-9]{10}$")
_CREDENTIALS = re.compile(r"://[^/\s]*:[^/\s]*@")
_PLACEHOLDER = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(:-[^}]*)?\}")


def containers_are_bounded(overlay: Overlay) -> Iterator[str]:
    for name, _, container in overlay.containers():
        resources = container.get("resources") or {}
        for bound, resource in product(("requests", "limits"), ("cpu", "memory")):
            if not (resources.get(bound) or {}).get(resource):
                yield f"{name} has no {bound} of {resource}"


def containers_are_probed(overlay: Overlay) -> Iterator[str]:
    for name, workload, container in overlay.containers():
        for probe, path in PROBES.items():
            found = container.get(probe)
            if not found:
                yield f"{name} has no {probe}"
            elif workload.name in SERVICES and (found.get("httpGet") or {}).get("path") != path:
                yield f"{name}: its {probe} does not ask {path}"


def pods_are_restricted(overlay: Overlay) -> Iterator[str]:
    """The requirements of the `restricted` Pod Security Standard for a pod; its containers have further ones."""
    for workload in overlay.workloads:
        context, pod = workload.pod.get("securityContext") or {}, f"{workload.kind} {workload.name}"
        if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
            yield f"{pod} may run as root"
        if (context.get("seccompProfile") or {}).get("type") != "RuntimeDefault":
            yield f"{pod} has no seccomp profile"
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            if workload.pod.get(field):
                yield f"{pod} has {field}"
        for volume in workload.pod.get("volumes") or ():
            for kind in volume.keys() - {"name"} - _PLAIN_VOLUMES:
                yield f"{pod} has a volume of the kind {kind}"


def containers_are_restricted(overlay: Overlay) -> Iterator[str]:
    """The requirements of the standard for a container, and a read-only root file system."""
    for name, _, container in overlay.containers():
        context = container.get("securityContext") or {}
        if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
            yield f"{name} may gain privileges"
        if context.get("readOnlyRootFilesystem") is not True:
            yield f"{name} can write its root file system"
        if context.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{name} keeps capabilities"
        if context.keys() & {"runAsUser", "runAsNonRoot", "seccompProfile", "procMount"}:
            yield f"{name} differs from its pod's security context"
        if any(port.get("hostPort") for port in container.get("ports") or ()):
            yield f"{name} has a port of its node"


def images_are_pinned(overlay: Overlay) -> Iterator[str]:
    for name, _, container in overlay.containers():
        image = str(container["image"])
        tag = image.rpartition("/")[2].partition(":")[2]
        if "@sha256:" not in image and tag in ("", "latest"):
            yield f"{name}: {image} has neither a tag nor a digest"
        if container.get("imagePullPolicy") != "IfNotPresent":
            yield f"{name} has no imagePullPolicy IfNotPresent"


def pods_know_nothing_of_the_cluster(overlay: Overlay) -> Iterator[str]:
    """No token of the Kubernetes API, and no variables of Services, which could be mistaken for settings."""
    for workload in overlay.workloads:
        if workload.pod.get("automountServiceAccountToken") is not False:
            yield f"{workload.kind} {workload.name} mounts a service account's token"
        if workload.pod.get("enableServiceLinks") is not False:
            yield f"{workload.kind} {workload.name} gets variables about Services"
        for volume in workload.pod.get("volumes") or ():
            sources = (volume.get("projected") or {}).get("sources") or ()
            if any("serviceAccountToken" in source for source in sources):
                yield f"{workload.kind} {workload.name} mounts a service account's token"
    for kind in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"):
        for name in overlay.names(kind):
            yield f"{kind} {name}: no service needs one"


def everything_is_in_one_restricted_namespace(overlay: Overlay) -> Iterator[str]:
    namespaces = overlay.of_kind("Namespace")
    labels = (namespaces[0]["metadata"].get("labels") or {}) if namespaces else {}
    if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
        yield f"the namespace {NAMESPACE} does not enforce the restricted standard"
    for manifest in overlay.manifests:
        found = manifest["metadata"].get("namespace" if manifest["kind"] != "Namespace" else "name")
        if found != NAMESPACE:
            yield f"{manifest['kind']} {manifest['metadata']['name']} is in the namespace {found}"


def services_lead_to_pods(overlay: Overlay) -> Iterator[str]:
    """No Service exposes a metrics port, or is reachable from outside the cluster."""
    for service in overlay.of_kind("Service"):
        name, spec = f"Service {service['metadata']['name']}", service["spec"]
        if spec.get("type", "ClusterIP") != "ClusterIP":
            yield f"{name} is a {spec['type']}"
        found = overlay.selected({"matchLabels": spec.get("selector")}) if spec.get("selector") else []
        if not found:
            yield f"{name} selects no pod"
        for workload, port in product(found, spec["ports"]):
            target = port.get("targetPort", port["port"])
            if workload.port(target) is None:
                yield f"{name} leads to port {target}, which {workload.name} does not declare"
            elif workload.port(target) == workload.port("metrics"):
                yield f"{name} publishes the metrics of {workload.name}"


def configuration_is_understood(overlay: Overlay) -> Iterator[str]:
    """Each service knows all of its variables, has all required ones, and accepts the values that are not files."""
    placeholders = dict(_directory_placeholders(overlay))
    for role, settings in SERVICES.items():
        known, values = declared(settings), overlay.configuration(overlay.workload(role))
        needed = {name for name, meaning in known.items() if meaning.required}
        if role == "op":
            needed |= {name for name, required in placeholders.items() if required}
        for name in sorted(needed):
            if not values.keys() & {name, f"{name}_FILE"}:
                yield f"{role}: {name} is missing"
        files = {f"{name}_FILE" for name, meaning in known.items() if meaning.secret}
        if role == "op":
            files |= placeholders.keys() | {f"{name}_FILE" for name in placeholders}
        for name, value in values.items():
            if name in known:
                yield from _fault(role, name, known[name], value)
            elif name not in files | _OF_THE_SYSTEM:
                yield f"{role} does not read {name}"
    issuers = {overlay.configuration(overlay.workload(role)).get("OIDC_ISSUER") for role in SERVICES}
    if len(issuers) != 1:
        yield f"the services have different issuers: {', '.join(sorted(map(str, issuers)))}"


def _fault(role: str, name: str, meaning: Setting, value: str) -> Iterator[str]:
    """A file exists only in the container, so its contents cannot be checked here."""
    if not name.endswith("_FILE"):
        try:
            meaning.parse(value)
        except ValueError as fault:
            yield f"{role}: {name}: {fault}"


def _directory_placeholders(overlay: Overlay) -> Iterator[tuple[str, bool]]:
    """The variables of the directory, and whether they are required."""
    for manifest in overlay.of_kind("ConfigMap"):
        text = (manifest.get("data") or {}).get("directory.yaml", "")
        for name, default in _PLACEHOLDER.findall(re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)):
            yield name, not default


def secrets_stand_apart(overlay: Overlay) -> Iterator[str]:
    """A secret is a file of a Secret, and never in a ConfigMap or a variable."""
    secret = {name for settings in SERVICES.values() for name, meaning in declared(settings).items() if meaning.secret}
    texts = [(f"ConfigMap {m['metadata']['name']}", m.get("data") or {}) for m in overlay.of_kind("ConfigMap")]
    texts += [
        (name, {entry["name"]: entry.get("value", "") for entry in container.get("env") or ()})
        for name, _, container in overlay.containers()
    ]
    for where, values in texts:
        for name, value in values.items():
            if name in secret:
                yield f"{where} has {name}"
            if _CREDENTIALS.search(value):
                yield f"{where}: {name} has credentials in an address"
            for client_secret in re.findall(r"^\s*client_secret:\s*(\S+)", value, re.MULTILINE):
                if not _PLACEHOLDER.fullmatch(client_secret):
                    yield f"{where}: a client's secret stands in {name}"
    for name, _, container in overlay.containers():
        sources = [source for source in container.get("envFrom") or () if "secretRef" in source]
        sources += [entry for entry in container.get("env") or () if "secretKeyRef" in (entry.get("valueFrom") or {})]
        if sources:
            yield f"{name} gets a secret as a variable, not as a file"


def configuration_has_hashed_names(overlay: Overlay) -> Iterator[str]:
    """A change leads to a new name, and thus to new pods; every such reference exists."""
    for name in sorted(overlay.names("ConfigMap")):
        if not _HASHED.search(name):
            yield f"ConfigMap {name} has no hash in its name"
    for workload in overlay.workloads:
        for name in sorted(references(workload, "configMap") - overlay.names("ConfigMap")):
            yield f"{workload.kind} {workload.name} needs the ConfigMap {name}, which is not there"
        for name in sorted(references(workload, "secret") - overlay.names("Secret")):
            if _HASHED.search(name) or overlay.names("Secret"):
                yield f"{workload.kind} {workload.name} needs the Secret {name}, which is not there"


def references(workload: Workload, kind: str) -> set[str]:
    """The names of the ConfigMaps (`configMap`) or Secrets (`secret`) that the pods need."""
    found = set()
    for volume in workload.pod.get("volumes") or ():
        for source in [volume, *((volume.get("projected") or {}).get("sources") or ())]:
            reference = source.get(kind) or {}
            found |= {reference.get("secretName") or reference.get("name")}
    for container in workload.containers:
        found |= {(source.get(f"{kind}Ref") or {}).get("name") for source in container.get("envFrom") or ()}
    return {str(name) for name in found if name}


def updates_lose_nothing(overlay: Overlay) -> Iterator[str]:
    """A new pod is ready before an old one is stopped, and the old one serves until traffic has moved."""
    for role in SERVICES:
        workload = overlay.workload(role)
        rolling = (workload.spec.get("strategy") or {}).get("rollingUpdate") or {}
        if (rolling.get("maxUnavailable"), bool(rolling.get("maxSurge"))) != (0, True):
            yield f"{role}: an update takes a pod away before another is ready"
        hook = (workload.containers[0].get("lifecycle") or {}).get("preStop") or {}
        command = (hook.get("exec") or {}).get("command") or []
        pause = int(command[1]) if command[:1] == ["sleep"] else 0
        if not pause:
            yield f"{role} has no pause before SIGTERM"
        if int(overlay.configuration(workload).get("DRAIN_DELAY", "0")) < 1:
            yield f"{role} has no DRAIN_DELAY"
        if workload.pod.get("terminationGracePeriodSeconds", 0) < pause + LONGEST_STOP_SECONDS:
            yield f"{role} may be killed before it has answered everybody"


def replicas_are_several(overlay: Overlay) -> Iterator[str]:
    """By number or by autoscaler; a disruption budget selects one service and always keeps a pod."""
    scalers = {manifest["spec"]["scaleTargetRef"]["name"]: manifest for manifest in overlay.of_kind(_SCALER)}
    for name in scalers.keys() - {workload.name for workload in overlay.workloads}:
        yield f"{_SCALER} {name} scales nothing"
    fewest = {}
    for role in SERVICES:
        number, scaler = overlay.workload(role).spec.get("replicas"), scalers.get(role)
        if scaler and number is not None:
            yield f"{role}: replicas would undo what its autoscaler has chosen"
        fewest[role] = scaler["spec"].get("minReplicas", 1) if scaler else number or 1
        if fewest[role] < FEWEST_REPLICAS:
            yield f"{role} may have a single pod"
    for budget in overlay.of_kind("PodDisruptionBudget"):
        name, spec = f"PodDisruptionBudget {budget['metadata']['name']}", budget["spec"]
        chosen = [workload.name for workload in overlay.selected(spec.get("selector") or {})]
        if len(chosen) != 1:
            yield f"{name} selects {', '.join(chosen) or 'nothing'}"
            continue
        count = fewest.get(chosen[0], 1)
        least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
        if isinstance(least, str) or isinstance(most, str) or (count - most if least is None else least) < 1:
            yield f"{name} does not always leave a pod"
        if least is not None and least >= count:
            yield f"{name} lets no node be drained"


_SCALER = "HorizontalPodAutoscaler"


def ingresses_lead_to_services(overlay: Overlay) -> Iterator[str]:
    """TLS for every host, including that of the issuer."""
    services = {str(m["metadata"]["name"]): m["spec"]["ports"] for m in overlay.of_kind("Service")}
    for ingress in overlay.of_kind("Ingress"):
        name, spec = f"Ingress {ingress['metadata']['name']}", ingress["spec"]
        if not spec.get("ingressClassName"):
            yield f"{name} has no class"
        secured = {host for entry in spec.get("tls") or () if entry.get("secretName") for host in entry["hosts"]}
        for rule in spec["rules"]:
            if rule.get("host") not in secured:
                yield f"{name} has no TLS for {rule.get('host')}"
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                ports = [{port.get("name"), port["port"]} for port in services.get(backend["name"], ())]
                if not any(port & set(backend["port"].values()) for port in ports):
                    yield f"{name} leads to {backend['name']}, which is not a Service with that port"
        addresses = {f"https://{host}" for host in secured}
        for role, variable in (("op", "OIDC_ISSUER"), ("rp", "RP_BASE_URL"), ("rs", "RS_BASE_URL")):
            address = overlay.configuration(overlay.workload(role)).get(variable)
            if address not in addresses:
                yield f"{name} does not serve {variable}, {address}"


def pods_are_what_they_select(overlay: Overlay) -> Iterator[str]:
    for workload in overlay.workloads:
        if not selects(workload.spec["selector"], workload.labels):
            yield f"{workload.kind} {workload.name} does not select its own pods"


RULES: tuple[Rule, ...] = (
    containers_are_bounded,
    containers_are_probed,
    pods_are_restricted,
    containers_are_restricted,
    images_are_pinned,
    pods_know_nothing_of_the_cluster,
    everything_is_in_one_restricted_namespace,
    everything_is_denied_first,
    openings_are_narrow_and_meet,
    logouts_reach_the_clients,
    services_lead_to_pods,
    configuration_is_understood,
    secrets_stand_apart,
    configuration_has_hashed_names,
    updates_lose_nothing,
    replicas_are_several,
    ingresses_lead_to_services,
    pods_are_what_they_select,
)


def faults(overlay: Overlay) -> list[str]:
    """The faults of an overlay, by all rules."""
    return [fault for rule in RULES for fault in rule(overlay)]
