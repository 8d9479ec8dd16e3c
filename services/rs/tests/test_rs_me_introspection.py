"""`GET /api/me` in Mode A: the provider introspects every token."""

import asyncio
import base64

import pytest
from werkzeug.datastructures import Headers

from rs.stores.profile import ProfileStore
from rs.validation.introspection import basic_credentials

NOW = 1_800_000_000
FORM = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "17")]


@pytest.fixture(autouse=True)
async def known(redis, profile):
    await ProfileStore(redis).save(profile)


@pytest.fixture
def active(provider):
    """The provider's response for a valid token, which tests can change."""
    response = {
        "active": True,
        "iss": provider.issuer,
        "sub": "user0",
        "aud": "resource-server",
        "client_id": "demo-client",
        "scope": "openid profile",
        "token_type": "Bearer",
        "exp": NOW + 300,
    }
    provider.tokens["good"] = response
    return response


async def test_valid_token_gets_the_profile(start, active):
    response = await (await start()).me("good")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert await response.get_json() == {
        "sub": "user0",
        "username": "user0",
        "email": "user0@example.com",
        "metadata": "Prefers tea.",
    }


@pytest.mark.spec("RFC 6750 §2.1")
async def test_authentication_scheme_is_case_insensitive(start, active):
    assert (await (await start()).me("good", "bearer")).status_code == 200


async def test_head_returns_no_body(start, active):
    response = await (await start()).client.head("/api/me", headers={"Authorization": "Bearer good"})
    assert (response.status_code, await response.get_data()) == (200, b"")


@pytest.mark.spec("RFC 6749 §2.3.1", "RFC 7662 §2.1")
async def test_token_is_introspected_with_own_credentials(start, provider, active):
    """RFC 7662 §2.1: The resource server sends the token in a form, with its own credentials."""
    client = await start(RS_CLIENT_ID="resource:server", RS_CLIENT_SECRET="a secret%&é")
    await client.me("good")
    authorization, form, query = provider.seen[-1]
    assert form == {"token": "good", "token_type_hint": "access_token"}
    assert query == ""
    decoded = base64.b64decode(authorization.removeprefix("Basic ")).decode()
    assert decoded == "resource%3Aserver:a+secret%25%26%C3%A9"


@pytest.mark.spec("RFC 6749 §2.3.1")
def test_credentials_are_form_encoded_before_base64():
    """The resource server form-encodes both parts before base64."""
    assert basic_credentials("a", "b") == "Basic YTpi"


@pytest.mark.spec("RFC 6750 §3.1")
async def test_challenge_without_token_has_no_error(start):
    client = await start()
    response = await client.get("/api/me")
    await client.check_refusal(response, 401, "invalid_request")
    assert "error=" not in response.headers["WWW-Authenticate"]


@pytest.mark.spec("RFC 6750 §3")
async def test_inactive_token_is_invalid(start):
    """A rejected request to the resource server is told how to authenticate by WWW-Authenticate: Bearer."""
    response = await (await start()).refuses("not-a-real-token", 401, "invalid_token")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"aud": "demo-client"}, id="for another audience"),
        pytest.param({"iss": "http://other.test"}, id="of another issuer"),
        pytest.param({"exp": NOW - 60}, id="expired"),
    ],
)
@pytest.mark.spec("RFC 7662 §2.2", "RFC 9700 §4.10.2")
async def test_active_token_for_another_resource_is_invalid(start, active, change):
    active |= change
    await (await start()).refuses("good", 401, "invalid_token")


@pytest.mark.spec("RFC 6750 §3.1")
async def test_insufficient_scope_is_rejected_with_the_scope(start, active):
    """Insufficient scope is a 403 that names the required scope."""
    active["scope"] = "openid email"
    response = await (await start()).refuses("good", 403, "insufficient_scope")
    assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]
    assert 'scope="profile"' in response.headers["WWW-Authenticate"]


@pytest.mark.spec("RFC 6749 §5.2")
async def test_subject_without_profile_gets_404(start, active):
    """The resource server's errors have the same JSON form."""
    active["sub"] = "user1"
    await (await start()).refuses("good", 404, "not_found")


@pytest.mark.parametrize(
    ("path", "headers", "data"),
    [
        pytest.param("/api/me?access_token=good", [], None, id="in the query"),
        pytest.param("/api/me", [("Authorization", "Bearer good")] * 2, None, id="in two headers"),
        pytest.param("/api/me", FORM, "access_token=good", id="in a form"),
    ],
)
@pytest.mark.spec("RFC 6750 §2, §2.2")
async def test_token_must_be_in_one_header(start, provider, path, headers, data):
    client = await start()
    response = await client.client.get(path, headers=Headers(headers), data=data)
    await client.check_refusal(response, 400, "invalid_request")
    assert provider.calls["/introspect"] == 0


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("é", id="not ASCII"),
        pytest.param("a" * 20_000, id="20,000 characters"),
    ],
)
async def test_malformed_token_is_rejected_without_introspection(start, provider, token):
    await (await start()).refuses(token, 401, "invalid_token")
    assert provider.calls["/introspect"] == 0


async def test_every_request_is_introspected_without_a_cache(start, provider, active):
    client = await start()
    assert (await client.me("good")).status_code == 200
    provider.tokens.clear()
    await client.refuses("good", 401, "invalid_token")
    assert provider.calls["/introspect"] == 2


async def test_cached_response_is_used_for_its_ttl(start, provider, active, ticks):
    client = await start(INTROSPECTION_CACHE_TTL="5")
    for _ in range(3):
        assert (await client.me("good")).status_code == 200
    assert provider.calls["/introspect"] == 1
    ticks.now += 5
    await client.me("good")
    assert provider.calls["/introspect"] == 2


@pytest.mark.spec("RFC 7662 §4")
async def test_cached_response_does_not_outlive_the_token(start, provider, active, ticks):
    active["exp"] = NOW + 2
    client = await start(INTROSPECTION_CACHE_TTL="5")
    await client.me("good")
    ticks.now += 2
    await client.me("good")
    assert provider.calls["/introspect"] == 2


@pytest.mark.spec("RFC 7662 §4")
async def test_inactive_responses_are_not_cached(start, provider, active):
    client = await start(INTROSPECTION_CACHE_TTL="5")
    response = provider.tokens.pop("good")
    assert (await client.me("good")).status_code == 401
    provider.tokens["good"] = response
    assert (await client.me("good")).status_code == 200


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(500, "", id="500"),
        pytest.param(429, "", id="429"),
        pytest.param(200, "<html>", id="not JSON"),
        pytest.param(200, "[]", id="no object"),
        pytest.param(200, "{}", id="without active"),
        pytest.param(200, "[" * 5000, id="nested too deep"),
        pytest.param(200, " " * 2_000_000, id="too large"),
        pytest.param(302, "", id="a redirect"),
        pytest.param(401, '{"error": "invalid_client"}', id="our credentials rejected"),
        pytest.param(403, "", id="our client not allowed"),
    ],
)
async def test_failing_provider_causes_503_and_not_401(start, provider, active, status, body):
    provider.scripted["/introspect"] = status, body
    await (await start()).refuses("good", 503, "temporarily_unavailable")


async def test_rejected_credentials_are_an_error_in_the_log(start, provider, caplog):
    provider.scripted["/introspect"] = 401, ""
    await (await start()).me("good-token")
    record = next(entry for entry in caplog.records if entry.levelname == "ERROR")
    assert "RS_CLIENT_SECRET" in record.fields["reason"]
    assert "good-token" not in caplog.text + str([vars(entry) for entry in caplog.records])


async def test_unreachable_provider_causes_503_until_it_returns(start, provider, active):
    client = await start()
    await provider.stop()
    await client.refuses("good", 503, "temporarily_unavailable")
    await provider.start()
    assert (await client.me("good")).status_code == 200
    await provider.stop()
    await client.refuses("good", 503, "temporarily_unavailable")


async def test_twenty_parallel_requests_cause_one_attempt(start, provider):
    client = await start()
    provider.scripted["/.well-known/openid-configuration"] = 500, ""
    responses = await asyncio.gather(*(client.me("good") for _ in range(20)))
    assert {response.status_code for response in responses} == {503}
    assert provider.calls["/.well-known/openid-configuration"] == 1
