"""Failures of Redis, and the start of the provider."""

import time
from typing import Any

import pytest
from op_testing import ISSUER, SECRET, Clock, ProviderFactory, basic, hidden_fields, query_of

from op.app import create_app
from op.settings import Settings
from redis_server import RedisClient, RedisServer, free_port

KEY = "a-key-for-tests-of-more-than-32-characters"


def settings(url: str, **changes: Any) -> Settings:
    return Settings(redis_url=url, oidc_issuer=ISSUER, op_secret_key=KEY, **changes)


@pytest.fixture
def away() -> str:
    """The URL of a Redis server that does not exist."""
    return f"redis://127.0.0.1:{free_port()}/0"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/authorize?client_id=web"),
        ("GET", "/login?login=" + "A" * 22),
        ("POST", "/token"),
        ("POST", "/introspect"),
        ("POST", "/revoke"),
        ("GET", "/userinfo"),
        ("GET", "/jwks"),
    ],
)
async def test_endpoints_return_503_within_a_second_without_redis(away: str, method: str, path: str) -> None:
    app = create_app(settings(away), clock=Clock())
    client: Any = app.test_client()
    headers = basic("web", SECRET) if method == "POST" else {"Authorization": f"Bearer {'A' * 22}.{'B' * 43}"}
    form = {"grant_type": "refresh_token", "token": "x"} if method == "POST" else None
    start = time.monotonic()
    response = await client.open(path, method=method, form=form, headers=headers)
    assert time.monotonic() - start < 1
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    if path.startswith(("/authorize", "/login")):
        assert "Sign-in is temporarily unavailable" in await response.get_data(as_text=True)
    else:
        assert (await response.get_json())["error"] == "temporarily_unavailable"


async def test_only_readyz_and_not_healthz_depends_on_redis(away: str) -> None:
    client = create_app(settings(away), clock=Clock()).test_client()
    assert (await client.get("/.well-known/openid-configuration")).status_code == 200
    assert (await client.get("/healthz")).status_code == 200
    readyz = await client.get("/readyz")
    assert readyz.status_code == 503
    assert (await readyz.get_json())["failed"].keys() == {"redis", "provisioning"}


@pytest.mark.slow
async def test_provider_becomes_ready_when_redis_is_available(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = RedisServer(tmp_path_factory.mktemp("late"))
    app = create_app(settings(server.url), clock=Clock())
    async with app.test_app() as running:
        client = running.test_client()
        assert (await client.get("/readyz")).status_code == 503
        server.start()
        try:
            deadline = time.monotonic() + 10
            while (await client.get("/readyz")).status_code != 200:
                assert time.monotonic() < deadline, "it has not recovered by itself"
        finally:
            server.stop()


@pytest.mark.slow
async def test_paused_redis_causes_503_within_a_second(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = RedisServer(tmp_path_factory.mktemp("paused")).start()
    try:
        app = create_app(settings(server.url), clock=Clock())
        async with app.test_app() as running:
            client = running.test_client()
            assert (await client.get("/readyz")).status_code == 200
            server.pause()
            start = time.monotonic()
            response = await client.post("/introspect", form={"token": "x"}, headers=basic("web", SECRET))
            assert response.status_code == 503
            assert time.monotonic() - start < 1
            server.resume()
            result = await client.post("/introspect", form={"token": "x"}, headers=basic("web", SECRET))
            assert result.status_code == 401
    finally:
        server.stop()


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(
            ("resetkeys", *(f"~op:{kind}*" for kind in ("login:", "attempts:", "user", "client:", "{"))), id="session"
        ),
        pytest.param(("-multi",), id="grant and code"),
        pytest.param(("-getdel",), id="the taking of the login request"),
    ],
)
async def test_login_interrupted_by_redis_can_be_repeated(
    provider_with: ProviderFactory, redis: RedisClient, redis_server: RedisServer, refused: tuple[str, ...]
) -> None:
    """Redis rejects each write in turn; the user can repeat the login."""
    everything = ("on", "nopass", "allkeys", "allchannels", "+@all")
    await redis.execute_command("ACL", "SETUSER", "provider", "reset", *everything)
    provider = await provider_with(redis_url=redis_server.url.replace("//", "//provider:any@"))
    page = await provider.client.get((await provider.authorize()).location.removeprefix(ISSUER))
    form = hidden_fields(await page.get_data(as_text=True)) | {"username": "user0", "password": "password0"}
    await redis.execute_command("ACL", "SETUSER", "provider", *refused)
    failed = await provider.client.post("/login", form=form)
    assert failed.status_code == 503
    assert "op_session" not in str(failed.headers)
    await redis.execute_command("ACL", "SETUSER", "provider", *everything)
    assert "code" in query_of((await provider.client.post("/login", form=form)).location)
    assert (await provider.client.post("/login", form=form)).status_code == 400, "and only once"
