"""`make up` as a new user runs it: its containers, their isolation, and their shutdown."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from containers import Images
from stack import ADDRESS_NAMES, ROLES, ROOT, Addresses, Role, demo_values
from support.rp_sessions import end_from_another_browser

PROJECT = "trefoil-e2e"
LISTENING = "0A"
DNS_OF_DOCKER = "0B00007F"  # 127.0.0.11
PORTS = {"op": [25000], "rs": [25002], "rp": [25001], "redis": [6379]}


@dataclass(frozen=True)
class Composed:
    """The containers of `make up`, with their own project name and ports."""

    addresses: Addresses
    environment: dict[str, str]

    @property
    def op_url(self) -> str:
        return self.addresses.op

    @property
    def rp_url(self) -> str:
        return self.addresses.rp

    def make(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "dev/containers.py", *command],
            cwd=ROOT,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def containers(self, service: str | None = None) -> list[str]:
        labels = [f"label=com.docker.compose.project={PROJECT}"]
        labels += [f"label=com.docker.compose.service={service}"] if service else []
        return docker("ps", "--all", "--quiet", *(part for label in labels for part in ("--filter", label))).split()

    def one(self, service: str) -> str:
        (container,) = self.containers(service)
        return container


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def composed(images: Images) -> Iterator[Composed]:
    addresses = Addresses.on_free_ports()
    environment = {
        **os.environ,
        **{name: addresses.url(role) for role, name in ADDRESS_NAMES.items()},
        "COMPOSE_PROJECT_NAME": PROJECT,
        "TAG": images.op.partition(":")[2],
        "REDIS_IMAGE": images.redis,
        "PROXY_IMAGE": images.proxy,
    }
    up = Composed(addresses, environment)
    up.make("down", "--volumes")
    try:
        done = up.make("up")
        assert done.returncode == 0, done.stderr
        assert f"open {addresses.rp}, sign in as user0 / password0 (mode A)" in done.stdout
        assert "base images: " in done.stdout
        yield up
    finally:
        up.make("down", "--volumes")


def test_user_signs_in(page: Page, composed: Composed, sign_in) -> None:
    sign_in(page, composed)
    expect(page.locator("#userinfo")).to_contain_text("user0@example.com")
    expect(page.locator("#api-me")).to_contain_text("Prefers tea")


def test_logout_at_the_provider_reaches_the_relying_party(page: Page, composed: Composed, open_page, sign_in) -> None:
    end_from_another_browser(page, open_page, sign_in, composed)


@pytest.mark.parametrize("service", ["op", "rs", "rp", "redis"])
def test_container_runs_as_an_unprivileged_user(composed: Composed, service: str) -> None:
    """No root, no capability, no new privileges, as the kernel reports them for PID 1."""
    status = dict(
        line.split(":", 1) for line in docker("exec", composed.one(service), "cat", "/proc/1/status").splitlines()
    )
    assert status["Uid"].split()[0] != "0"
    assert {status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")} == {"0" * 16}
    assert status["NoNewPrivs"].strip() == "1"


@pytest.mark.parametrize("service", ["op", "rs", "rp", "redis"])
def test_container_cannot_write_its_root(composed: Composed, service: str) -> None:
    for place in ("/written", "/app/written", "/venv/written", "/etc/trefoil/written"):
        said = docker("exec", "--user", "0", composed.one(service), "touch", place)
        assert "Read-only file system" in said or "No such file" in said, f"{place}: {said}"
    assert "Read-only file system" in docker("exec", "--user", "0", composed.one(service), "touch", "/written")


@pytest.mark.parametrize(("service", "ports"), PORTS.items())
def test_only_declared_ports_are_open(composed: Composed, service: str, ports: list[int]) -> None:
    tables = docker("exec", composed.one(service), "cat", "/proc/net/tcp", "/proc/net/tcp6")
    rows = [row.split() for row in tables.splitlines() if ":" in row.partition(" ")[2]]
    listening = {row[1] for row in rows if len(row) > 3 and row[3] == LISTENING}
    found = {int(local.rpartition(":")[2], 16) for local in listening if not local.startswith(DNS_OF_DOCKER)}
    assert found == set(ports)


def test_only_declared_ports_are_published_on_loopback(composed: Composed) -> None:
    published = {service: docker("port", composed.one(service)).split() for service in PORTS}
    expected: dict[str, list[str]] = {
        role: [f"{PORTS[role][0]}/tcp", "->", f"127.0.0.1:{composed.addresses.port(role)}"] for role in ROLES
    }
    assert published == expected | {"redis": []}


def test_redis_is_on_an_internal_network(composed: Composed) -> None:
    names = docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", composed.one("redis"))
    assert list(json.loads(names)) == [f"{PROJECT}_state"]
    assert docker("network", "inspect", "--format", "{{.Internal}}", f"{PROJECT}_state").strip() == "true"


# --- Who may what in Redis -------------------------------------------------------------------------------------------


def redis_cli(composed: Composed, *arguments: str) -> str:
    return docker("exec", composed.one("redis"), "redis-cli", "--no-auth-warning", *arguments)


def as_user(role: Role) -> tuple[str, ...]:
    return ("--user", role, "--pass", demo_values()[f"REDIS_{role.upper()}_PASSWORD"])


@pytest.mark.parametrize("role", ROLES)
def test_role_can_access_its_own_keys(composed: Composed, role: Role) -> None:
    assert redis_cli(composed, *as_user(role), "SET", f"{role}:of-the-test", "1", "EX", "9").strip() == "OK"
    assert redis_cli(composed, *as_user(role), "GET", f"{role}:of-the-test").strip() == "1"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("other", ROLES)
def test_role_cannot_access_keys_of_another(composed: Composed, role: Role, other: Role) -> None:
    if role == other:
        return
    for command in (("GET", f"{other}:keys"), ("SET", f"{other}:keys", "1"), ("DEL", f"{other}:keys")):
        assert "NOPERM" in redis_cli(composed, *as_user(role), *command), command


@pytest.mark.parametrize("role", ROLES)
def test_role_cannot_administer_redis(composed: Composed, role: Role) -> None:
    for command in ("KEYS *", "FLUSHALL", "CONFIG GET *", "ACL LIST", "MONITOR", "SHUTDOWN"):
        assert "NOPERM" in redis_cli(composed, *as_user(role), *command.split()), command


def test_redis_requires_a_user(composed: Composed) -> None:
    """The default user has all permissions, because Redis replays its file with them, but no client can use it."""
    assert "NOAUTH" in redis_cli(composed, "GET", "op:keys")
    assert "WRONGPASS" in redis_cli(composed, "--user", "default", "--pass", "", "PING")
    assert "WRONGPASS" in redis_cli(composed, "--user", "default", "--pass", "anything", "PING")
    assert "NOPERM" in redis_cli(composed, "--user", "health", "--pass", "none", "GET", "op:keys")


# --- More of each, and the end ---------------------------------------------------------------------------------------


def test_three_replicas_share_their_state(page: Page, composed: Composed, open_page, sign_in) -> None:
    sign_in(page, composed)
    done = composed.make("up", MODE="A", REPLICAS="3")
    assert done.returncode == 0, done.stderr
    assert "3 of each behind a proxy" in done.stdout
    assert {role: len(composed.containers(role)) for role in ROLES} == dict.fromkeys(ROLES, 3)
    for _ in range(3):
        page.reload()
        expect(page.locator("#userinfo")).to_contain_text("user0@example.com")
        expect(page.locator("#api-me")).to_contain_text("Prefers tea")
    page.context.clear_cookies()
    end_from_another_browser(page, open_page, sign_in, composed)


def test_shutdown_is_clean_and_data_survive(page: Page, composed: Composed, sign_in) -> None:
    """SIGTERM to PID 1 is enough, without SIGKILL, and sessions survive `make down` and `make up`."""
    sign_in(page, composed)
    containers = [container for role in ROLES for container in composed.containers(role)]
    docker("stop", "--time", "10", *containers)
    states = {docker("inspect", "--format", "{{.State.ExitCode}}", container).strip() for container in containers}
    assert states == {"0"}
    assert composed.make("down").returncode == 0
    assert composed.containers() == []
    done = composed.make("up", MODE="B")
    assert done.returncode == 0, done.stderr
    assert "(mode B)" in done.stdout
    page.goto(f"{composed.rp_url}/profile")
    expect(page.locator("#id-token")).to_contain_text("verified")
    expect(page.locator("#userinfo")).to_contain_text("user0@example.com")
