"""The same stack as `stack.Stack` in containers: for flows with the images, and for failures of containers.

Every container is restricted like in compose.yaml: read-only, without capabilities, with the Redis user of its role.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.models.containers import Container as DockerHandle
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from containers import Images, redis_users
from stack import READY_SECONDS, ROLES, ROOT, STOP_SECONDS, TITLES, Role, Stack, StackError, demo_values

PORTS: Mapping[Role, int] = {"op": 25000, "rs": 25002, "rp": 25001}
REDIS_COMMAND = ["--appendonly", "yes", "--save", "", "--aclfile", "/etc/trefoil/users.acl"]

_POLL_SECONDS = 0.05
_LOG_LINES = 200
_PEERS: Mapping[Role, tuple[Role, ...]] = {"op": ("rp",), "rs": ("op",), "rp": ("op", "rs")}

Mounts = Mapping[Path, str]


def hardened(image: str, network: Network, aliases: Sequence[str], mounts: Mounts) -> DockerContainer:
    """A container that is not started yet."""
    container = DockerContainer(image, network=network, network_aliases=list(aliases)).with_kwargs(
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        mem_limit="256m",
        pids_limit=100,
        healthcheck={"test": ["NONE"]},  # the stack checks the health itself, only while it waits
    )
    container.with_tmpfs_mount("/tmp")  # noqa: S108 - in the container
    for path, place in mounts.items():
        container.with_volume_mapping(path, place)
    return container


def publish(container: DockerContainer, ports: Mapping[int, int]) -> None:
    """Publish ports of the container on 127.0.0.1: container port to host port."""
    # docker-py also accepts an address with the port, which testcontainers does not declare.
    published: Any = {f"{port}/tcp": ("127.0.0.1", on_host) for port, on_host in ports.items()}
    container.ports = published


@dataclass
class RunningContainer:
    """A service in a container, like `stack.Service` in a process."""

    role: Role
    container: DockerContainer

    @property
    def handle(self) -> DockerHandle:
        return self.container.get_wrapped_container()

    @property
    def has_ended(self) -> bool:
        self.handle.reload()
        return bool(self.handle.status == "exited")

    @property
    def is_ready(self) -> bool:
        check = self.handle.exec_run(["/venv/bin/python", "-m", "servicekit.monitoring.healthcheck"])
        return bool(check.exit_code == 0)

    @property
    def log(self) -> deque[str]:
        lines = self.handle.logs(tail=_LOG_LINES).decode(errors="replace").splitlines()
        return deque(lines, maxlen=_LOG_LINES)

    def stop(self) -> None:
        """Send SIGTERM, wait for the drain, and remove the container."""
        self.handle.stop(timeout=int(STOP_SECONDS))
        self.container.stop()

    def kill(self) -> None:
        self.container.stop(force=True)

    def ending(self) -> str:
        lines = "".join(f"\n  {line}" for line in list(self.log)[-15:])
        return f"{TITLES[self.role]} ({self.role}) ended{lines}"


class RedisContainer:
    """Redis with an append-only file in a volume that outlives the container."""

    def __init__(self, image: str, network: Network, users_file: Path) -> None:
        self._image = image
        self._network = network
        self._users_file = users_file
        self._container: DockerContainer | None = None
        self._volume: Any = None

    @property
    def handle(self) -> DockerHandle:
        assert self._container is not None, "Redis is not running"
        return self._container.get_wrapped_container()

    @property
    def is_running(self) -> bool:
        if self._container is None:
            return False
        self.handle.reload()
        return self.handle.status in ("running", "paused")

    def start(self) -> None:
        """Start Redis for the first time, or again after `kill`."""
        if self._container is None:
            mounts = {self._users_file: "/etc/trefoil/users.acl"}
            self._container = hardened(self._image, self._network, ["redis"], mounts).with_command(REDIS_COMMAND)
            self._volume = self._container.get_docker_client().client.volumes.create()
            self._container.with_volume_mapping(self._volume.name, "/data", "rw").with_kwargs(
                **self._container._kwargs,  # noqa: SLF001 - with_kwargs would forget them
                user="redis",
            )
            self._container.start()
        else:
            self.handle.start()
        self.wait_until_it_responds()

    def wait_until_it_responds(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        ping = ["redis-cli", "--user", "health", "--pass", "none", "--no-auth-warning", "PING"]
        while b"PONG" not in self.handle.exec_run(ping).output:
            if time.monotonic() > deadline:
                raise StackError(f"Redis does not respond\n{self.handle.logs().decode(errors='replace')}")
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        if self._container is not None:
            self._container.stop()
            self._container = None
            self._volume.remove(force=True)

    def kill(self) -> None:
        """Kill Redis, like a crash; `start` restores its data."""
        self.handle.kill()

    def restart(self) -> None:
        self.handle.restart()
        self.wait_until_it_responds()

    def pause(self) -> None:
        self.handle.pause()

    def resume(self) -> None:
        self.handle.unpause()

    def disconnect(self) -> None:
        """Disconnect Redis from the network, so that packets are lost without an error."""
        self._network._unwrap_network.disconnect(self.handle)  # noqa: SLF001 - there is no public way to it

    def connect(self) -> None:
        self._network.connect(self.handle.id, ["redis"])

    def cli(self, user: str, password: str, *command: str) -> str:
        """The output of redis-cli for a command of one of the users."""
        whole = ["redis-cli", "--user", user, "--pass", password, "--no-auth-warning", *command]
        output: bytes = self.handle.exec_run(whole).output
        return output.decode()


class ContainerStack(Stack):
    """Redis and the three services as containers in their own network, published on 127.0.0.1.

    With `replicas` above 1 only a proxy is published, with the configuration of `make up REPLICAS=3`. `mounts` are
    files for the container of a role, and `peers` the names by which it reaches the others: changes apply from the next
    start of that role. `start_extra` adds a container that is not published.
    """

    redis: RedisContainer  # type: ignore[assignment] # a container is what a server is for `make run`

    def __init__(self, folder: Path, images: Images, *, replicas: int = 1, **options: Any) -> None:
        super().__init__(folder, **options)
        self.images = images
        self.network = Network()
        self.replicas = replicas
        self.mounts: dict[Role, Mounts] = {role: {} for role in ROLES}
        self.peers = {
            role: {peer: "proxy" if replicas > 1 else str(peer) for peer in peers} for role, peers in _PEERS.items()
        }
        self._extra = ExitStack()
        self._replicas: dict[Role, list[RunningContainer]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        users_file = folder / "users.acl"
        users_file.write_text(redis_users(demo_values()))
        self.redis = RedisContainer(images.redis, self.network, users_file)

    def start(self) -> "ContainerStack":
        self.network.create()
        try:
            if self.replicas > 1:
                self._start_proxy()
            super().start()
            for role in ROLES:
                more = [self.start_extra(role, f"{role}-{number}", also=role) for number in range(2, self.replicas + 1)]
                self._replicas[role] = [self.running(role), *more]
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        super().stop()
        self._extra.close()
        if self.network._network is not None:  # noqa: SLF001 - whether it was made
            self.network.remove()
            self.network._network = None  # noqa: SLF001

    def environment(self, role: Role) -> dict[str, str]:
        """The configuration of compose.yaml."""
        own = self.own_values(role)
        files = {"op": ("OP_DIRECTORY_FILE", "directory"), "rs": ("RS_PROFILES_FILE", "profiles")}
        if role in files:
            own[files[role][0]] = f"/etc/trefoil/{files[role][1]}.yaml"
        connect_to = [
            f"localhost:{self.addresses.port(peer)}={name}:{PORTS[peer]}" for peer, name in self.peers[role].items()
        ]
        password = demo_values()[f"REDIS_{role.upper()}_PASSWORD"]
        drained = {"DRAIN_DELAY": "3"} if self.replicas > 1 else {}
        return {
            **drained,
            **({"OIDC_CONNECT_TO": ",".join(connect_to)} if connect_to else {}),
            **own,
            "REDIS_URL": f"redis://{role}:{password}@redis:6379/0",
        }

    def running(self, role: Role) -> RunningContainer:
        return self._services[role]  # type: ignore[return-value]

    def replicas_of(self, role: Role) -> list[RunningContainer]:
        return self._replicas[role]

    def start_extra(self, role: Role, name: str, *, also: str | None = None, **environment: str) -> RunningContainer:
        """Another container of a role, which others in the network reach by its name or by a shared name."""
        container = self._container(role, [name, also] if also else [name])
        container.with_envs(**environment)
        self._extra.enter_context(container)
        service = RunningContainer(role, container)
        self._until(service, lambda: service.is_ready)
        return service

    def replace(self, service: RunningContainer) -> None:
        """Restart one of several replicas, like a rolling update."""
        service.handle.stop(timeout=int(STOP_SECONDS))
        service.handle.start()
        self._until(service, lambda: service.is_ready)

    def _container(self, role: Role, aliases: Sequence[str]) -> DockerContainer:
        demo = {"op": "directory", "rs": "profiles"}
        files = {ROOT / f"deploy/demo/{demo[role]}.yaml": f"/etc/trefoil/{demo[role]}.yaml"} if role in demo else {}
        container = hardened(self.images.of(role), self.network, aliases, {**files, **self.mounts[role]})
        return container.with_envs(**self.environment(role))

    def _spawn(self, role: Role) -> None:
        assert role not in self._services, f"{role} is already running"
        container = self._container(role, [role])
        if self.replicas == 1:
            publish(container, {PORTS[role]: self.addresses.port(role)})
        container.start()
        self._services[role] = RunningContainer(role, container)  # type: ignore[assignment]

    def _start_proxy(self) -> None:
        configuration = {ROOT / "deploy/proxy/haproxy.cfg": "/etc/trefoil/haproxy.cfg"}
        proxy = hardened(self.images.proxy, self.network, ["proxy"], configuration)
        proxy.with_kwargs(
            **proxy._kwargs,  # noqa: SLF001 - with_kwargs would forget them
            entrypoint=["haproxy", "-W", "-db", "-f", "/etc/trefoil/haproxy.cfg"],
            user="haproxy",
        )
        publish(proxy, {PORTS[role]: self.addresses.port(role) for role in ROLES})
        self._extra.enter_context(proxy)

    def _until(self, service: RunningContainer, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            if service.has_ended or time.monotonic() > deadline:
                raise StackError(service.ending())
            time.sleep(_POLL_SECONDS)
