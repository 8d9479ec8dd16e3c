"""The container of the provider, with its own Redis."""

import base64
import hashlib
import os
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
import yaml
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from trefoil_testing.login import LoginFailed, log_in

IMAGE = "trefoil/op:dev"
REDIS_IMAGE = "redis:8"
START_SECONDS = 60.0

_PORT = 25000
_DIRECTORY = "/etc/trefoil/directory.yaml"
_POLL_SECONDS = 0.05
_TIMEOUT = 10.0
_ALIAS = "op"


class ProviderNotStarted(Exception):
    """The provider exited, or was not ready in time; the message contains the end of its log."""


class OpenIdProviderContainer:
    """A running OpenID Provider with `users` and `clients`, as a context manager.

    Users and clients are written as in the provider's directory file (docs/configuration.md); `settings` are additional
    environment variables. The defaults of `image` and `redis_image` are TREFOIL_OP_IMAGE and TREFOIL_REDIS_IMAGE.
    `port` is the published port, and thus part of the issuer; by default a free port is used.
    """

    def __init__(
        self,
        *,
        users: Sequence[Mapping[str, Any]] = (),
        clients: Sequence[Mapping[str, Any]] = (),
        settings: Mapping[str, str] | None = None,
        image: str | None = None,
        redis_image: str | None = None,
        port: int | None = None,
    ) -> None:
        self._users = {str(user["username"]): user for user in users}
        self._clients = {str(client["client_id"]): client for client in clients}
        self._settings = dict(settings or {})
        self._image = image or os.environ.get("TREFOIL_OP_IMAGE") or IMAGE
        self._redis_image = redis_image or os.environ.get("TREFOIL_REDIS_IMAGE") or REDIS_IMAGE
        self._port = port or _free_port()
        self._running = ExitStack()
        self.network = Network()

    @property
    def issuer(self) -> str:
        """The issuer, which is also the provider's address for processes on this machine."""
        return f"http://localhost:{self._port}"

    @property
    def discovery_url(self) -> str:
        return f"{self.issuer}/.well-known/openid-configuration"

    @property
    def connect_to(self) -> str:
        """The address to which containers in `network` must connect instead: `localhost:PORT=op:25000`."""
        return f"localhost:{self._port}={_ALIAS}:{_PORT}"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Start both containers and wait until the provider is ready; raises ProviderNotStarted after removing them."""
        try:
            self._running.enter_context(self.network)
            self._running.enter_context(self._redis())
            self._wait_until_ready(self._running.enter_context(self._provider()))
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Remove the containers and the network."""
        self._running.close()

    def sign_in(self, client_id: str, username: str, *, scope: str = "openid", **parameters: str) -> dict[str, Any]:
        """Sign a user in to a client, with PKCE, and return the token response (RFC 6749 §5.1).

        The first redirect URI of the client is used; nothing needs to listen there. `parameters` are added to the
        authorization request. Raises LoginFailed.
        """
        client, user = self._clients[client_id], self._users[username]
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        redirect_uri = str(client["redirect_uris"][0])
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": secrets.token_urlsafe(16),
            "nonce": secrets.token_urlsafe(16),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **parameters,
        }
        redirect = log_in(f"{self.issuer}/authorize?{urlencode(query)}", username, str(user["password"]))
        response = parse_qs(urlsplit(redirect).query)
        if "code" not in response:
            raise LoginFailed(redirect)
        form = {"grant_type": "authorization_code", "code": response["code"][0], "redirect_uri": redirect_uri}
        secret = client.get("client_secret")
        token_response = requests.post(
            f"{self.issuer}/token",
            data={**form, "code_verifier": verifier, **({} if secret else {"client_id": client_id})},
            auth=(client_id, str(secret)) if secret else None,
            timeout=_TIMEOUT,
        )
        if not token_response.ok:
            raise LoginFailed(f"{token_response.status_code} {token_response.text}")
        tokens: dict[str, Any] = token_response.json()
        return tokens

    def _redis(self) -> DockerContainer:
        redis = DockerContainer(self._redis_image).with_command(["--save", "", "--appendonly", "no"])
        return redis.with_network(self.network).with_network_aliases("redis")

    def _provider(self) -> DockerContainer:
        directory = {
            "users": [dict(user) for user in self._users.values()],
            "clients": [dict(client) for client in self._clients.values()],
        }
        environment = {
            "OIDC_ISSUER": self.issuer,
            "OP_SECRET_KEY": secrets.token_urlsafe(48),
            "OP_DIRECTORY_FILE": _DIRECTORY,
            "REDIS_URL": "redis://redis:6379/0",
            "LOG_FORMAT": "console",
            **self._settings,
        }
        provider = DockerContainer(self._image, env=environment)
        provider.ports = {f"{_PORT}/tcp": ("127.0.0.1", self._port)}  # type: ignore[dict-item]
        provider.with_copy_into_container(yaml.safe_dump(directory).encode(), _DIRECTORY)
        return provider.with_network(self.network).with_network_aliases(_ALIAS)

    def _wait_until_ready(self, provider: DockerContainer) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _is_ready(f"{self.issuer}/readyz"):
            provider.reload()
            if provider.status == "exited" or time.monotonic() > deadline:
                log = provider.get_wrapped_container().logs(tail=20).decode(errors="replace")
                raise ProviderNotStarted(f"the provider is {provider.status}\n{log}")
            time.sleep(_POLL_SECONDS)


def _is_ready(url: str) -> bool:
    try:
        return requests.get(url, timeout=_TIMEOUT).ok
    except requests.RequestException:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
