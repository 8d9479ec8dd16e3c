"""Everything except the protected resource: metadata, health, unknown paths, profiles at start, failures of Redis."""

import asyncio
import base64
import hashlib
import re
import time

import pytest
import yaml

from redis_server import free_port
from rs.app import create_app
from rs.endpoints.protected_resource import metadata_url
from rs.settings import read_settings
from rs.stores.profile import ProfileStore

METADATA = "/.well-known/oauth-protected-resource"


@pytest.mark.spec("RFC 9728 §2")
async def test_metadata_describes_the_resource(start, provider):
    """The metadata of the resource server names the resource, its authorization servers and its scopes."""
    response = await (await start()).get(METADATA)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert await response.get_json() == {
        "resource": "http://localhost:25002",
        "authorization_servers": [provider.issuer],
        "scopes_supported": ["profile"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Trefoil resource server",
    }


@pytest.mark.spec("RFC 9728 §3.1, §5.1")
async def test_metadata_path_precedes_the_resource_path(start):
    """RFC 9728 §5.1: Every challenge names the URL of the metadata."""
    client = await start(RS_BASE_URL="https://api.example/v1")
    challenge = (await client.get("/api/me")).headers["WWW-Authenticate"]
    assert f'resource_metadata="{metadata_url("https://api.example/v1")}"' in challenge
    assert metadata_url("https://api.example/v1") == f"https://api.example{METADATA}/v1"
    assert (await (await client.get(f"{METADATA}/v1")).get_json())["resource"] == "https://api.example/v1"


async def test_scripts_of_other_origins_may_call_it(start):
    """A page of another origin can send the token; cookies are not used."""
    client = (await start()).client
    preflight = await client.options("/api/me")
    assert preflight.status_code == 204
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"]
    for response in (preflight, await client.get("/api/me")):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "www-authenticate" in response.headers["Access-Control-Expose-Headers"]


async def test_other_method_gets_405(start):
    response = await (await start()).client.post("/api/me", form={"access_token": "a"})
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/start", "/api/me/", "/api", "/metrics"])
async def test_unknown_path_gets_a_json_404(start, path):
    client = await start()
    await client.check_refusal(await client.get(path), 404, "not_found")


async def test_start_page_links_metadata_and_health(start, provider):
    client = (await start(RESOURCE_DOCUMENTATION="https://docs.example/?a=1&b=2")).client
    response = await client.get("/")
    html = await response.get_data(as_text=True)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    assert re.findall(r'href="([^"]+)"', html) == [
        provider.issuer, METADATA, "/readyz", "https://docs.example/?a=1&amp;b=2",
    ]  # fmt: skip
    metadata = await (await client.get(METADATA)).get_json()
    assert metadata["resource_documentation"] == "https://docs.example/?a=1&b=2"


async def test_start_page_has_a_strict_policy(start):
    """Its own style is allowed by its hash, and nothing else."""
    response = await (await start()).client.get("/")
    [style] = re.findall(r"<style>(.*?)</style>", await response.get_data(as_text=True), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert response.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_service_is_ready_with_redis_and_provider(start):
    client = await start()
    assert (await client.get("/healthz")).status_code == 200
    assert await (await client.get("/readyz")).get_json() == {"status": "ready"}


async def test_readiness_follows_the_provider(start, provider):
    await provider.stop()
    client = await start()
    response = await client.get("/readyz")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert list((await response.get_json())["failed"]) == ["provider"]
    await provider.start()
    assert (await client.get("/readyz")).status_code == 200


@pytest.mark.parametrize("mode", ["introspection", "jwt"])
async def test_unavailable_redis_causes_503_within_a_second(start, mint, provider, mode):
    token = mint.token()
    provider.tokens[token] = {"active": True, "sub": "user0", "aud": "resource-server", "scope": "profile"}
    client = await start(TOKEN_VALIDATION=mode, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    begin = time.monotonic()
    await client.refuses(token, 503, "temporarily_unavailable")
    assert time.monotonic() - begin < 1
    assert list((await (await client.get("/readyz")).get_json())["failed"]) == ["redis"]


@pytest.mark.parametrize("mode", ["introspection", "jwt"])
async def test_requests_succeed_after_a_restart_of_redis(start, mint, provider, redis_server, mode):
    token = mint.token()
    provider.tokens[token] = {"active": True, "sub": "user0", "aud": "resource-server", "scope": "profile"}
    client = await start(TOKEN_VALIDATION=mode)

    async def twenty_calls() -> set[int]:
        return {response.status_code for response in await asyncio.gather(*(client.me(token) for _ in range(20)))}

    assert await twenty_calls() == {404}
    redis_server.stop()
    try:
        await client.refuses(token, 503, "temporarily_unavailable")
    finally:
        redis_server.start()
    assert await twenty_calls() == {404}


@pytest.fixture
def profiles_file(tmp_path, profile):
    entry = {"sub": profile.sub, "username": "user0", "email": profile.email, "metadata": profile.metadata}
    path = tmp_path / "profiles.yaml"
    path.write_text(yaml.safe_dump({"profiles": [entry, {**entry, "sub": "user1"}]}), encoding="utf-8")
    return str(path)


async def test_profiles_of_the_file_are_loaded_at_each_start(start, redis, profile, profiles_file):
    for _ in range(2):
        await start(RS_PROFILES_FILE=profiles_file)
        assert await ProfileStore(redis).find("user0") == profile
        assert sorted(await redis.keys("*")) == ["rs:profile:user0", "rs:profile:user1"]


@pytest.mark.parametrize(
    ("base_url", "sent"), [("https://api.example", "max-age=31536000"), ("http://localhost:25002", None)]
)
@pytest.mark.parametrize("path", ["/api/me", "/healthz", "/nothing-here"])
@pytest.mark.spec("RFC 6797 §7.1, §7.2")
async def test_every_response_over_tls_has_hsts(start, path, base_url, sent):
    """RFC 6797 §7.1, §7.2."""
    caller = await start(RS_BASE_URL=base_url)
    assert (await caller.get(path)).headers.get("Strict-Transport-Security") == sent


@pytest.fixture
def impatient(monkeypatch):
    """The service starts although loading fails, and retries after a moment."""
    monkeypatch.setattr("rs.app.LOAD_SECONDS", 0.01)
    monkeypatch.setattr("rs.app.LOAD_PAUSE_SECONDS", 0.01)


@pytest.mark.usefixtures("impatient")
async def test_profiles_are_loaded_when_redis_is_available_again(
    environment, redis_server, redis, profile, profiles_file
):
    redis_server.stop()
    try:
        app = create_app(read_settings({**environment, "RS_PROFILES_FILE": profiles_file}))
        async with app.test_app() as running:
            assert (await running.test_client().get("/readyz")).status_code == 503
            redis_server.start()
            async with asyncio.timeout(10):
                while await ProfileStore(redis).find("user0") != profile:
                    pass
    finally:
        redis_server.stop()
        redis_server.start()


async def test_log_has_one_event_per_outcome_and_no_token(start, mint, redis, profile, caplog):
    caplog.set_level("INFO")
    await ProfileStore(redis).save(profile)
    client = await start(TOKEN_VALIDATION="jwt")
    good, bad = mint.token(), mint.token(aud="other")
    await client.me(good)
    await client.me(bad)
    served, refused = [entry for entry in caplog.records if entry.name.startswith("rs.")]
    assert (served.message, served.fields) == ("profile served", {"sub": "user0", "client_id": "demo-client"})
    assert refused.fields == {
        "path": "/api/me",
        "status": 401,
        "error": "invalid_token",
        "reason": "aud is 'other', without 'resource-server'",
    }
    assert not any(token in str(vars(entry)) for entry in caplog.records for token in (good, bad))


async def test_internal_error_is_a_json_500_and_logged(start, mint, redis, caplog):
    await redis.set("rs:profile:user0", "not JSON")
    await (await start(TOKEN_VALIDATION="jwt")).refuses(mint.token(), 500, "server_error")
    assert any(entry.exc_info for entry in caplog.records)
