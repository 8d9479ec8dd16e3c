"""The rules for NetworkPolicies: everything is denied, and each opening is narrow and there at both of its ends."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

from kubernetes_manifests import Manifest, Overlay, Workload

Direction = Literal["ingress", "egress"]
Way = tuple[str, str, int]
"""From whom to whom, and the port there."""

PEERS: dict[Direction, str] = {"ingress": "from", "egress": "to"}


def everything_is_denied_first(overlay: Overlay) -> Iterator[str]:
    for policy in overlay.of_kind("NetworkPolicy"):
        spec = policy["spec"]
        closed = not spec.get("ingress") and not spec.get("egress")
        if spec.get("podSelector") == {} and closed and set(spec.get("policyTypes", ())) == {"Ingress", "Egress"}:
            return
    yield "no NetworkPolicy denies everything"


def openings_are_narrow_and_meet(overlay: Overlay) -> Iterator[str]:
    """Every opening has peers and ports, selects somebody, and is there at both ends within the namespace."""
    ways: dict[Direction, set[Way]] = {"ingress": set(), "egress": set()}
    for policy in overlay.of_kind("NetworkPolicy"):
        for direction in PEERS:
            half = _Half(overlay, policy, direction)
            yield from half.faults()
            ways[direction] |= half.ways
    for source, target, port in sorted(ways["ingress"] ^ ways["egress"]):
        yield f"only one end opens {source} to {target}:{port}"


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
        if peer.get("ipBlock", {}).get("cidr") in ("0.0.0.0/0", "::/0"):
            yield f"{self.name} opens {self.direction} to everybody"
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
