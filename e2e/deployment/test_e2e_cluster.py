"""The overlay `kind` on a real API server and kubelet: its restrictions, and its behaviour while pods are replaced."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from kubernetes.policy import NAMESPACE
from kubernetes.port_forwards import PORTS, reachable
from kubernetes.rendering import OVERLAYS
from stack import ROLES
from support.cluster import PYTHON, Addresses, Cluster, eventually, plain_pod, wait_until, what_is_missing
from support.continuous_sign_ins import ContinuousSignIns
from support.rp_sessions import end_from_another_browser

pytestmark = pytest.mark.timeout(600)

KEYS = {"op": "op:keys", "rs": "rs:profile:user0", "rp": "rp:session:x"}
METRICS = 9090
STRANGERS = "strangers"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    reason = what_is_missing()
    if reason:
        pytest.skip(reason)
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        said = cluster.make("kind-up")
        assert "Trefoil is ready: open http://localhost:25001, sign in as user0 / password0" in said
        yield cluster
    finally:
        cluster.make("kind-down")


@pytest.fixture
def by_forwards(cluster: Cluster) -> Iterator[Addresses]:
    with cluster.forwards() as addresses:
        yield addresses


@pytest.fixture
def by_relay(cluster: Cluster) -> Iterator[Addresses]:
    with cluster.relay() as addresses:
        yield addresses


def expect_three_surfaces(page: Page, timeout: float = 5_000) -> None:
    """Within `timeout` ms each."""
    expect(page.locator("#id-token")).to_contain_text("verified", timeout=timeout)
    expect(page.locator("#userinfo")).to_contain_text("user0@example.com", timeout=timeout)
    expect(page.locator("#api-me")).to_contain_text("Prefers tea", timeout=timeout)


def shows_three_surfaces(page: Page, at: Addresses) -> bool:
    try:
        page.goto(f"{at.rp_url}/profile")
        expect_three_surfaces(page, timeout=1_000)
    except (AssertionError, PlaywrightError):
        return False
    return True


def values_of_cookies(page: Page) -> dict[str, str]:
    return {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}


# --- As it was started -----------------------------------------------------------------------------------------------


def test_a_sign_in_through_the_port_forwards(page: Page, by_forwards: Addresses, sign_in) -> None:
    sign_in(page, by_forwards)
    expect_three_surfaces(page)
    expect(page.locator("#id-token")).to_contain_text("http://localhost:25000")


def test_a_logout_elsewhere_reaches_the_relying_party(page: Page, by_forwards: Addresses, open_page, sign_in) -> None:
    """From the provider's pod to one of the relying party's, as the NetworkPolicies allow."""
    end_from_another_browser(page, open_page, sign_in, by_forwards)


def test_two_of_each_service_are_ready_and_none_was_restarted(cluster: Cluster) -> None:
    for name, count in {"op": 2, "rs": 2, "rp": 2, "redis": 1}.items():
        states = [pod["status"]["containerStatuses"][0] for pod in cluster.pods(name)]
        assert [(state["ready"], state["restartCount"]) for state in states] == [(True, 0)] * count, name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_api_server_takes_an_overlay(cluster: Cluster, overlay: str) -> None:
    said = cluster.dry_run(overlay)
    assert len(said) > 20
    assert all(line.endswith("(server dry run)") for line in said), said


# --- Isolation -------------------------------------------------------------------------------------------------------

_READ_KEYS = """
import asyncio, json, os
from pathlib import Path
from servicekit.redis.client import connect

async def main():
    redis = connect(Path(os.environ["REDIS_URL_FILE"]).read_text().strip(), 2.0)
    said = {}
    for key in KEYS:
        try:
            await redis.get(key)
            said[key] = "read"
        except Exception as failure:
            said[key] = type(failure).__name__
    print(json.dumps(said))

asyncio.run(main())
"""


@pytest.mark.parametrize("role", ROLES)
def test_a_redis_user_reads_the_keys_of_its_role_alone(cluster: Cluster, role: str) -> None:
    said = cluster.python(cluster.pod(role), _READ_KEYS, KEYS=[*KEYS.values(), "other"])
    assert said == {key: "read" if key == KEYS[role] else "NoPermissionError" for key in [*KEYS.values(), "other"]}


@pytest.mark.parametrize("name", [*ROLES, "redis"])
def test_a_container_cannot_write_its_root(cluster: Cluster, name: str) -> None:
    pod = cluster.pod(name)
    for folder in ("/", "/etc", "/usr", "/run"):
        said = cluster.exec(pod, "sh", "-c", f"touch {folder}/written 2>&1 || true")
        assert "Read-only file system" in said or "Permission denied" in said, folder
    assert " / / ro," in cluster.exec(pod, "cat", "/proc/self/mountinfo")
    cluster.exec(pod, "touch", "/data/written" if name == "redis" else "/tmp/written")  # noqa: S108 - in the pod


@pytest.mark.parametrize("name", [*ROLES, "redis"])
def test_a_container_has_no_privilege_and_no_token(cluster: Cluster, name: str) -> None:
    pod = cluster.pod(name)
    status = dict(re.findall(r"^(\w+):\s+(.*)$", cluster.exec(pod, "cat", "/proc/1/status"), re.MULTILINE))
    assert "0" not in status["Uid"].split()
    assert {status[field] for field in ("CapPrm", "CapEff", "CapBnd")} == {"0000000000000000"}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert "kubernetes.io" not in cluster.exec(pod, "cat", "/proc/mounts")


@pytest.mark.parametrize("name", [*ROLES, "redis"])
def test_nothing_listens_beyond_what_is_declared(cluster: Cluster, name: str) -> None:
    pod = cluster.pods(name)[0]
    declared = {port["containerPort"] for port in pod["spec"]["containers"][0]["ports"]}
    rows = cluster.exec(pod["metadata"]["name"], "sh", "-c", "cat /proc/net/tcp /proc/net/tcp6").splitlines()
    sockets = [row.split() for row in rows if "local_address" not in row]
    assert {int(row[1].rpartition(":")[2], 16) for row in sockets if row[3] == "0A"} == declared
    rows = cluster.exec(pod["metadata"]["name"], "sh", "-c", "cat /proc/net/udp /proc/net/udp6").splitlines()
    assert [row for row in rows if "local_address" not in row and row.split()[3] == "07"] == []


# --- NetworkPolicies -------------------------------------------------------------------------------------------------

_CONNECT = """
import json, socket
from concurrent.futures import ThreadPoolExecutor

def connects(address):
    try:
        socket.create_connection(address, timeout=2).close()
        return True
    except OSError:
        return False

with ThreadPoolExecutor(len(TARGETS)) as pool:
    print(json.dumps(dict(zip(TARGETS, pool.map(connects, map(tuple, TARGETS.values()))))))
"""
_LISTEN = "import http.server; http.server.HTTPServer(('', 8000), http.server.SimpleHTTPRequestHandler).serve_forever()"


@pytest.fixture(scope="module")
def strangers(cluster: Cluster) -> Iterator[dict[str, tuple[str, int]]]:
    """A pod in our namespace, two in a namespace without policies, and the addresses that they try to reach."""
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": STRANGERS}})
    names = {"stranger": NAMESPACE, "outsider": STRANGERS, "listener": STRANGERS}
    cluster.apply(*(plain_pod(name, _LISTEN, namespace) for name, namespace in names.items()))
    for name, namespace in names.items():
        cluster.kubectl("--namespace", namespace, "wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s")
    targets = {}
    for name, port in {**PORTS, "redis": 6379}.items():
        targets[f"{name} service"] = (cluster.get("service", name)["spec"]["clusterIP"], port)
        targets[f"{name} pod"] = (cluster.pods(name)[0]["status"]["podIP"], port)
    for role in ROLES:
        targets[f"{role} metrics"] = (cluster.pods(role)[0]["status"]["podIP"], METRICS)
    listener = cluster.get("pod", "listener", "--namespace", STRANGERS)["status"]["podIP"]
    yield {**targets, "listener": (listener, 8000)}
    cluster.kubectl("delete", "namespace", STRANGERS, "--wait=false")
    cluster.kubectl("delete", "pod", "stranger", "--now", "--wait=false")


@pytest.mark.parametrize(
    ("who", "reaches"),
    [
        ("op", {"redis", "rp"}),
        ("rs", {"redis", "op"}),
        ("rp", {"redis", "op", "rs"}),
        ("stranger", set()),
        ("outsider", {"listener"}),
    ],
)
def test_a_pod_reaches_what_is_opened_for_it_and_nothing_else(
    cluster: Cluster, strangers: dict[str, tuple[str, int]], who: str, reaches: set[str]
) -> None:
    """The outsider can reach the listener, which shows that the attempt itself works."""
    expected = {f"{name} {way}" for name in reaches for way in ("service", "pod")} & strangers.keys()
    expected |= reaches & strangers.keys()
    namespace, pod = (STRANGERS, who) if who == "outsider" else (NAMESPACE, who if who == "stranger" else "")
    # Connections of a pod to itself are not restricted.
    own = {f"{who} {way}" for way in ("service", "pod", "metrics")}
    targets = {name: address for name, address in strangers.items() if name not in own}

    def found() -> set[str]:
        said = cluster.python(pod or cluster.pod(who), _CONNECT, namespace=namespace, TARGETS=targets)
        return {name for name, connected in said.items() if connected}

    # A policy applies to a new pod after a moment.
    assert eventually(found, expected) == expected


# --- Pods that come and go -------------------------------------------------------------------------------------------


def test_the_port_forwards_find_another_pod(cluster: Cluster, by_forwards: Addresses) -> None:
    old = [pod["metadata"]["name"] for pod in cluster.pods("rs")]
    cluster.kubectl("delete", "pod", "--now", *old)
    cluster.ended(*old)
    cluster.rolled_out("rs")
    wait_until(lambda: reachable(PORTS["rs"]), "the address of rs answers again")


def test_a_pod_of_each_role_is_deleted_during_a_flow(cluster: Cluster, by_relay: Addresses, page: Page) -> None:
    page.goto(f"{by_relay.rp_url}/")
    page.get_by_role("link", name="Start authorization").first.click()
    expect(page.get_by_label("Password")).to_be_visible()
    for role in ROLES:
        cluster.kubectl("delete", "pod", "--wait=false", cluster.pod(role))
    page.get_by_label("Username").fill("user0")
    page.get_by_label("Password").fill("password0")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{by_relay.rp_url}/profile")
    expect_three_surfaces(page)
    going = [p["metadata"]["name"] for p in cluster.get("pods")["items"] if "deletionTimestamp" in p["metadata"]]
    assert cluster.running(*going), "no pod was ending by the end of the sign-in"
    while cluster.running(*going):
        response = page.reload()
        assert response is not None
        assert response.status == 200
        assert urlsplit(page.url).path == "/profile"
        expect_three_surfaces(page)
    cluster.rolled_out(*ROLES)


def test_a_rolling_update_of_everything_loses_no_request(cluster: Cluster, by_relay: Addresses) -> None:
    old = [pod["metadata"]["name"] for role in ROLES for pod in cluster.pods(role)]
    with ContinuousSignIns(by_relay.rp_url) as sign_ins:
        sign_ins.wait_for(5)
        for role in ("op", "rp", "rs"):
            before = sign_ins.flows
            cluster.kubectl("rollout", "restart", f"deployment/{role}")
            cluster.rolled_out(role)
            assert sign_ins.flows > before, f"nobody signed in while {role} was replaced"
        cluster.ended(*old)
        sign_ins.wait_for(sign_ins.flows + 5)
    assert sign_ins.failures == []
    assert not {pod["metadata"]["name"] for role in ROLES for pod in cluster.pods(role)} & set(old)
    print(f"{sign_ins.flows} sign-ins and {sign_ins.requests} requests")  # noqa: T201 - shown with -s


def test_redis_is_restarted_and_sessions_survive(cluster: Cluster, by_relay: Addresses, page: Page, sign_in) -> None:
    sign_in(page, by_relay)
    cookies = values_of_cookies(page)
    old = cluster.pods("redis")[0]["metadata"]["uid"]
    cluster.kubectl("delete", "pod", "redis-0")
    cluster.kubectl("rollout", "status", "statefulset/redis", "--timeout=60s")
    assert cluster.pods("redis")[0]["metadata"]["uid"] != old
    cluster.rolled_out(*ROLES)
    # A ready pod may not be an endpoint of its Service yet.
    wait_until(lambda: shows_three_surfaces(page, by_relay), "the profile is whole again")
    assert values_of_cookies(page) == cookies, "signed in again"
    page.goto(f"{by_relay.rp_url}/")


def test_another_mode_is_another_configuration(cluster: Cluster, page: Page, sign_in) -> None:
    """`make kind-up` again: pods with other settings replace the old ones, and the data are kept."""
    old = {role: cluster.pod(role) for role in ROLES}
    said = cluster.make("kind-up", MODE="B", REPLICAS="1")
    assert "mode B, 1 of each service" in said
    cluster.ended(old["op"], old["rs"])
    assert {role: len(cluster.pods(role)) for role in ROLES} == dict.fromkeys(ROLES, 1)
    with cluster.forwards() as addresses:
        sign_in(page, addresses)
        expect_three_surfaces(page)
    values = cluster.exec(cluster.pod("rs"), PYTHON, "-c", "import os; print(os.environ['TOKEN_VALIDATION'])")
    assert values.strip() == "jwt"
