"""The provider for the tests of other projects, used like they do."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import docker
import pytest
import requests

from containers import Images
from stack import ROOT
from trefoil_testing import LoginFailed, OpenIdProviderContainer, ProviderNotStarted, log_in

USERS: list[dict[str, Any]] = [
    {"sub": "alice", "username": "alice", "password": "a-password", "claims": {"email": "alice@example.com"}},
    {"sub": "bob", "username": "bob", "password": "b-password"},
]
CLIENTS: list[dict[str, Any]] = [
    {
        "client_id": "web",
        "client_secret": "a-secret-of-forty-characters-for-the-web",
        "redirect_uris": ["http://localhost:9/callback"],
        "scope": "openid email",
        "id_token_signed_response_alg": "ES256",
        "scope_claims_in_id_token": True,
    },
    {"client_id": "app", "token_endpoint_auth_method": "none", "redirect_uris": ["http://localhost:9/app"]},
]


@pytest.fixture(scope="module")
def op(images: Images) -> Iterator[OpenIdProviderContainer]:
    settings = {"ID_TOKEN_TTL": "77"}
    with OpenIdProviderContainer(
        users=USERS, clients=CLIENTS, settings=settings, image=images.op, redis_image=images.redis
    ) as running:
        yield running


def claims_of(id_token: str) -> dict[str, Any]:
    payload = id_token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def test_discovery_document_has_the_issuer(op: OpenIdProviderContainer) -> None:
    assert requests.get(op.discovery_url, timeout=5).json()["issuer"] == op.issuer


def test_user_is_signed_in_to_a_client(op: OpenIdProviderContainer) -> None:
    tokens = op.sign_in("web", "alice", scope="openid email")
    claims = claims_of(tokens["id_token"])
    assert (claims["sub"], claims["aud"], claims["email"]) == ("alice", "web", "alice@example.com")
    assert claims["exp"] - claims["iat"] == 77, "the settings are passed to the provider"
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    userinfo = requests.get(f"{op.issuer}/userinfo", headers=bearer, timeout=5).json()
    assert userinfo == {"sub": "alice", "email": "alice@example.com"}


def test_user_is_signed_in_to_a_public_client(op: OpenIdProviderContainer) -> None:
    assert claims_of(op.sign_in("app", "bob", nonce="of-my-own")["id_token"])["nonce"] == "of-my-own"


def test_error_of_the_request_is_reported(op: OpenIdProviderContainer) -> None:
    with pytest.raises(LoginFailed, match="error=login_required"):
        op.sign_in("app", "bob", prompt="none")


def test_wrong_password_is_reported(op: OpenIdProviderContainer) -> None:
    url = (
        f"{op.issuer}/authorize?response_type=code&client_id=app&redirect_uri=http://localhost:9/app&scope=openid"
        f"&nonce=n&code_challenge={'A' * 43}&code_challenge_method=S256"
    )
    with pytest.raises(LoginFailed, match="403"):
        log_in(url, "bob", "not-his-password")
    assert log_in(url, "bob", "b-password").startswith("http://localhost:9/app?code=")


def test_container_reaches_the_issuer_with_connect_to(op: OpenIdProviderContainer, images: Images) -> None:
    """A client in a container has the same issuer, and connects to another address."""
    target = op.connect_to.partition("=")[2]
    program = f"import urllib.request as u; print(u.urlopen('http://{target}/readyz').status)"
    client = docker.from_env()
    output = client.containers.run(
        images.op, ["-c", program], entrypoint="/venv/bin/python", network=op.network.name, remove=True
    )
    client.close()
    assert output.strip() == b"200"


def test_invalid_directory_is_reported_and_cleaned_up(images: Images) -> None:
    provider = OpenIdProviderContainer(clients=[{"client_id": "x"}], image=images.op, redis_image=images.redis)
    with pytest.raises(ProviderNotStarted, match="requires redirect_uris"):
        provider.start()
    client = docker.from_env()
    names = [network.name for network in client.networks.list()]
    client.close()
    assert provider.network.name not in names


def test_example_in_the_guide_works(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    example = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)[0]
    monkeypatch.setenv("TREFOIL_OP_IMAGE", images.op)
    monkeypatch.setenv("TREFOIL_REDIS_IMAGE", images.redis)
    shown: dict[str, object] = {}
    exec(example, shown)  # noqa: S102 - our own guide
    assert isinstance(shown["op"], OpenIdProviderContainer)
