"""The configuration of `make up`: networks, published ports, and the hardening of each container."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from containers import COMMANDS, base_images, chosen_replicas, redis_users
from stack import StackError, demo_values


class Tagless(yaml.SafeLoader):
    """YAML with the tags of compose: `!reset []` is an empty list."""


Tagless.add_constructor("!reset", lambda loader, node: loader.construct_sequence(node))  # type: ignore[arg-type] # it is a list

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def test_every_role_has_a_redis_user_for_its_own_keys() -> None:
    lines = redis_users(demo_values()).splitlines()
    assert lines[0] == "user default off resetpass ~* &* +@all", "off for all, but Redis replays its file as this user"
    for role in ("op", "rs", "rp"):
        line = next(line for line in lines if line.startswith(f"user {role} "))
        assert [word for word in line.split() if word.startswith("~")] == [f"~{role}:*"]
        assert " -@all " in line
        assert "allkeys" not in line


def test_passwords_are_hashed_in_the_users_file() -> None:
    values = demo_values()
    text = redis_users(values)
    assert values["REDIS_OP_PASSWORD"] not in text
    assert hashlib.sha256(values["REDIS_OP_PASSWORD"].encode()).hexdigest() in text


def test_missing_password_is_one_line() -> None:
    with pytest.raises(StackError, match="REDIS_RS_PASSWORD is missing"):
        redis_users({"REDIS_OP_PASSWORD": "x", "REDIS_RP_PASSWORD": "x"})


@pytest.mark.parametrize("role", ["rs", "rp"])
def test_clients_cannot_list_keys(role: str) -> None:
    assert not {"+scan", "+keys", "+randomkey", "+@read", "+@all"} & set(COMMANDS[role].split())


def test_base_images_of_the_environment_are_used() -> None:
    images, line = base_images({"PYTHON_IMAGE": "a", "REDIS_IMAGE": "b"})
    assert images == {"PYTHON_IMAGE": "a", "REDIS_IMAGE": "b"}
    assert "as the environment says" in line


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_hardened_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]


def test_only_the_services_are_published_on_loopback() -> None:
    published = {name: service.get("ports", []) for name, service in SERVICES.items()}
    assert published == {
        "redis": [],
        "op": ["127.0.0.1:${OP_PORT:-25000}:25000"],
        "rs": ["127.0.0.1:${RS_PORT:-25002}:25002"],
        "rp": ["127.0.0.1:${RP_PORT:-25001}:25001"],
    }
    assert COMPOSE["networks"]["state"] == {"internal": True}
    assert SERVICES["redis"]["networks"] == ["state"]


def test_with_replicas_only_the_proxy_is_published() -> None:
    override = yaml.load((ROOT / "compose.replicas.yaml").read_text(), Tagless)  # noqa: S506 - a SafeLoader
    proxy = override["services"]["proxy"]
    assert [port.startswith("127.0.0.1:") for port in proxy["ports"]] == [True] * 3
    for name in ("read_only", "cap_drop", "security_opt", "pids_limit"):
        assert proxy[name] == SERVICES["op"][name], name
    assert proxy["mem_limit"]
    for role in ("op", "rs", "rp"):
        assert override["services"][role]["ports"] == []


@pytest.mark.parametrize("text", ["0", "11", "-1", "two", "1.5", "\u0663"])
def test_invalid_number_of_replicas_is_rejected(text: str) -> None:
    with pytest.raises(StackError, match="REPLICAS must be a number from 1 to 10"):
        chosen_replicas({"REPLICAS": text})


def test_compose_file_has_no_secrets() -> None:
    text = (ROOT / "compose.yaml").read_text()
    for name, value in demo_values().items():
        if "SECRET" in name or "PASSWORD" in name:
            assert value not in text, name


@pytest.mark.parametrize("role", ["op", "rs", "rp"])
def test_image_has_locked_packages_and_no_root(role: str) -> None:
    lines = (ROOT / "services" / role / "Dockerfile").read_text()
    assert "--require-hashes" in lines
    assert "USER 10001:10001" in lines
    assert f'ENTRYPOINT ["/venv/bin/python", "-m", "{role}"]' in lines
    assert "STOPSIGNAL SIGTERM" in lines
    assert "HEALTHCHECK" in lines


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({"PATH": "/nonexistent"}, id="no docker"),
        pytest.param({"PATH": os.environ["PATH"], "DOCKER_HOST": "unix:///nonexistent"}, id="no engine"),
    ],
)
@pytest.mark.parametrize("command", ["up", "down", "images"])
def test_missing_docker_engine_is_one_line(environment: dict[str, str], command: str) -> None:
    done = subprocess.run(
        [sys.executable, "dev/containers.py", command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"{command}: no Docker engine answers here; `make run` starts the same without one\n"
