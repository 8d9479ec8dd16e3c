"""The rules for NetworkPolicies: everything is denied, and each opening is narrow and allowed at both ends."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml

from kubernetes.manifests import Manifest, Overlay, Workload, selects
from servicekit.settings import connect_to as read_connect_to

Direction = Literal["ingress", "egress"]
Way = tuple[str, str, int]
"""From whom to whom, and the port there."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
PEERS: dict[Direction, str] = {"ingress": "from", "egress": "to"}


PRIVATE = {
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"
}  # fmt: skip
"""The networks that are not public, including the metadata service of a cloud at 169.254.169.254."""
HTTPS = 443


def everything_is_denied_first(overlay: Overlay) -> Iterator[str]:
    for policy in overlay.of_kind("NetworkPolicy"):
        spec = policy["spec"]
        closed = not spec.get("ingress") and not spec.get("egress")
        if spec.get("podSelector") == {} and closed and set(spec.get("policyTypes", ())) == {"Ingress", "Egress"}:
            return
    yield "no NetworkPolicy denies everything"


def openings_are_narrow_and_meet(overlay: Overlay) -> Iterator[str]:
    """Every opening has peers and ports, selects pods, and is allowed at both ends within the namespace."""
    coming, going = _opened(overlay, "ingress"), _opened(overlay, "egress")
    yield from (*coming.faults, *going.faults)
    for source, target, port in sorted(coming.ways ^ going.ways):
        yield f"only one end opens {source} to {target}:{port}"


@dataclass
class _Opened:
    """The openings of all policies in one direction, and their faults."""

    faults: list[str] = field(default_factory=list)
    ways: set[Way] = field(default_factory=set)


def _opened(overlay: Overlay, direction: Direction) -> _Opened:
    found = _Opened()
    for policy in overlay.of_kind("NetworkPolicy"):
        half = _Half(overlay, policy, direction)
        found.faults += half.faults()
        found.ways |= half.ways
    return found


def logouts_reach_the_clients(overlay: Overlay) -> Iterator[str]:
    """The provider can connect to the back-channel logout URLs of clients (Back-Channel Logout §2.5)."""
    values = overlay.configuration(overlay.workload("op"))
    connect_to = read_connect_to(values.get("OIDC_CONNECT_TO", ""))
    for client in _clients(overlay, values):
        uri = urlsplit(client.get("backchannel_logout_uri") or "")
        if uri.hostname:
            public = (uri.hostname, uri.port or _DEFAULT_PORTS[uri.scheme])
            host, port = connect_to.get(public, public)
            if not _op_reaches(overlay, host, port):
                yield f"op has no way to {host}:{port}, to tell {client['client_id']} of a logout"


def _clients(overlay: Overlay, values: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The URLs in the directory, with the provider's variables replaced; secrets stay empty."""
    text = overlay.find("ConfigMap", "directory")["data"]["directory.yaml"]
    filled = re.sub(r"\$\{([A-Z_]+)(?::-([^}]*))?\}", lambda place: values.get(place[1], place[2] or ""), text)
    yield from yaml.safe_load(filled).get("clients") or ()


def _op_reaches(overlay: Overlay, host: str, port: int) -> bool:
    """The peer of a host: our Service by its pods, another namespace by its name, any other host by an open network."""
    service = next((s["spec"] for s in overlay.of_kind("Service") if s["metadata"]["name"] == host), None)
    if service is not None:
        targets = [
            (workload.name, workload.port(entry.get("targetPort", port)))
            for workload in overlay.selected({"matchLabels": service["selector"]})
            for entry in service["ports"]
            if entry["port"] == port
        ]
        return bool(targets) and {("op", *target) for target in targets} <= _opened(overlay, "egress").ways
    outside = [
        peer
        for policy in overlay.of_kind("NetworkPolicy")
        if selects(policy["spec"].get("podSelector") or {}, overlay.workload("op").labels)
        for rule in policy["spec"].get("egress") or ()
        for peer, entry in product(rule["to"], rule["ports"])
        if entry["port"] == port
    ]
    if ".svc" in host:
        namespace = {"kubernetes.io/metadata.name": host.split(".")[1]}
        return any(selects(peer["namespaceSelector"], namespace) for peer in outside if "namespaceSelector" in peer)
    return host != "localhost" and any("ipBlock" in peer for peer in outside)


@dataclass
class _Half:
    """One direction of one policy."""

    overlay: Overlay
    policy: Manifest
    direction: Direction
    ways: set[Way] = field(default_factory=set)

    @property
    def name(self) -> str:
        return f"NetworkPolicy {self.policy['metadata']['name']}"

    @property
    def own(self) -> list[Workload]:
        return self.overlay.selected(self.policy["spec"].get("podSelector") or {})

    def faults(self) -> Iterator[str]:
        spec, peers = self.policy["spec"], PEERS[self.direction]
        if not self.own:
            yield f"{self.name} selects no pod"
        if spec.get(self.direction) and self.direction.capitalize() not in spec.get("policyTypes", ()):
            yield f"{self.name} has {self.direction}, and its policyTypes do not say so"
        for rule in spec.get(self.direction) or ():
            if not rule.get(peers) or not rule.get("ports"):
                yield f"{self.name} opens {self.direction} without peers or ports"
            for peer, port in product(rule.get(peers) or (), rule.get("ports") or ()):
                yield from self._opening(peer, port["port"])

    def _opening(self, peer: Manifest, port: str | int) -> Iterator[str]:
        block = peer.get("ipBlock", {})
        if block.get("cidr") in ("0.0.0.0/0", "::/0"):
            public = block["cidr"] == "0.0.0.0/0" and set(block.get("except") or ()) >= PRIVATE
            if self.direction == "ingress" or not public:
                yield f"{self.name} opens {self.direction} to everybody"
            elif port != HTTPS or {workload.name for workload in self.own} != {"op"}:
                yield f"{self.name} opens the public net at port {port}: op alone has clients there, at {HTTPS}"
        inside = not peer.keys() & {"ipBlock", "namespaceSelector"}
        peers = self.overlay.selected(peer.get("podSelector") or {}) if inside else []
        if inside and not peers:
            yield f"{self.name} opens {self.direction} to pods that do not exist"
        sources, targets = (peers, self.own) if self.direction == "ingress" else (self.own, peers)
        for target in targets:
            if target.port(port) is None:
                yield f"{self.name} opens port {port}, which {target.name} does not declare"
            elif inside:
                self.ways |= {(source.name, target.name, target.port(port) or 0) for source in sources}
