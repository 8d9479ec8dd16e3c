"""`GET /api/me` in Mode B: the token is verified with the provider's published keys."""

import asyncio

import pytest

from oidc_discovery.cached_document import FAILURE_AGE
from oidc_discovery.documents import MAX_AGE, REFETCH_INTERVAL
from rs.stores.profile import ProfileStore

NOW = 1_800_000_000


@pytest.fixture(autouse=True)
async def known(redis, profile):
    await ProfileStore(redis).save(profile)


@pytest.fixture
def start_jwt(start):
    async def start_with(**settings: str):
        return await start(TOKEN_VALIDATION="jwt", **settings)

    return start_with


async def test_valid_token_gets_the_profile_with_one_key_fetch(start_jwt, mint, provider):
    client = await start_jwt()
    for _ in range(3):
        response = await client.me(mint.token())
        assert (response.status_code, (await response.get_json())["metadata"]) == (200, "Prefers tea.")
    assert (provider.calls["/jwks"], provider.calls["/introspect"]) == (1, 0)


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        pytest.param({"typ": "JWT"}, {"aud": "demo-client"}, id="an ID token"),
        pytest.param({}, {"aud": "other-api"}, id="for another audience"),
        pytest.param({}, {"iss": "http://other.test"}, id="of another issuer"),
        pytest.param({}, {"exp": NOW - 60}, id="expired"),
        pytest.param({"kid": "unknown"}, {}, id="an unknown kid"),
    ],
)
@pytest.mark.spec("RFC 8725 §3.12", "RFC 9700 §4.10.2")
async def test_token_for_another_resource_is_invalid(start_jwt, mint, header, claims):
    """RFC 9700 §4.10.2: An access token names its audience and gives no access elsewhere."""
    await (await start_jwt()).refuses(mint.token(header=header, **claims), 401, "invalid_token")


@pytest.mark.parametrize("token", ["not-a-real-token", "é.é.é"])
async def test_malformed_token_is_invalid(start_jwt, provider, token):
    await (await start_jwt()).refuses(token, 401, "invalid_token")
    assert provider.calls["/jwks"] == 0


@pytest.mark.spec("RFC 7519 §4.1.4")
async def test_token_expires_while_the_server_runs(start_jwt, mint, clock):
    """`exp` is in the future; clocks may differ by a few seconds."""
    client, token = await start_jwt(), mint.token(exp=NOW + 60)
    assert (await client.me(token)).status_code == 200
    clock.now += 120
    await client.refuses(token, 401, "invalid_token")


@pytest.mark.spec("RFC 8725 §3.1")
async def test_algorithm_is_configured(start_jwt, mint, provider, ec_key):
    provider.keys.append(ec_key)
    token = mint.token(header={"alg": "ES256", "kid": ec_key.kid}, sign=ec_key.sign)
    await (await start_jwt()).refuses(token, 401, "invalid_token")
    assert (await (await start_jwt(ACCESS_TOKEN_SIGNING_ALG="ES256")).me(token)).status_code == 200
    await (await start_jwt(ACCESS_TOKEN_SIGNING_ALG="ES256")).refuses(mint.token(), 401, "invalid_token")


@pytest.mark.spec("RFC 7517 §4.5")
async def test_kid_of_a_key_for_another_algorithm_is_invalid(start_jwt, mint, provider, ec_key):
    """The key is found by its `kid`."""
    provider.keys.append(ec_key)
    await (await start_jwt()).refuses(mint.token(header={"kid": ec_key.kid}), 401, "invalid_token")


@pytest.mark.spec("RFC 9068 §4")
async def test_unknown_kid_refetches_once_and_is_then_limited(start_jwt, mint, provider, ticks):
    """An unknown key is looked up at the provider once more. A failure of the provider is never a 401."""
    client = await start_jwt()
    await client.me(mint.token())
    ticks.now += REFETCH_INTERVAL
    for number in range(5):
        assert (await client.me(mint.token(header={"kid": f"unknown-{number}"}))).status_code == 401
    assert provider.calls["/jwks"] == 2
    assert (await client.me(mint.token())).status_code == 200


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_rotated_key_replaces_the_old_one(start_jwt, mint, provider, second_rsa_key, ticks):
    client, old = await start_jwt(), mint.token()
    assert (await client.me(old)).status_code == 200
    provider.keys = [second_rsa_key]
    ticks.now += REFETCH_INTERVAL
    new = mint.token(header={"kid": second_rsa_key.kid}, sign=second_rsa_key.sign)
    assert (await client.me(new)).status_code == 200
    await client.refuses(old, 401, "invalid_token")


@pytest.mark.spec("RFC 7517 §4.5")
async def test_new_key_with_an_old_kid_replaces_it(start_jwt, mint, provider, make_key, ticks):
    client, old = await start_jwt(), mint.token()
    assert (await client.me(old)).status_code == 200
    replacement = make_key(mint.key.kid)
    provider.keys = [replacement]
    ticks.now += MAX_AGE
    assert (await client.me(mint.token(sign=replacement.sign))).status_code == 200
    await client.refuses(old, 401, "invalid_token")


async def test_insufficient_scope_is_rejected_with_the_scope(start_jwt, mint):
    response = await (await start_jwt(RS_REQUIRED_SCOPE="api:read")).refuses(mint.token(), 403, "insufficient_scope")
    assert 'scope="api:read"' in response.headers["WWW-Authenticate"]


async def test_known_keys_are_used_while_provider_is_unreachable(start_jwt, mint, provider, ticks):
    client = await start_jwt()
    assert (await client.me(mint.token())).status_code == 200
    await provider.stop()
    ticks.now += MAX_AGE
    assert (await client.me(mint.token())).status_code == 200
    await client.refuses(mint.token(header={"kid": "unknown"}), 401, "invalid_token")


@pytest.mark.spec("OpenID Connect Core §10.1.1", "OpenID Connect Back-Channel Logout §2.8")
async def test_unknown_kid_is_invalid_if_the_provider_fails(start_jwt, mint, provider):
    client = await start_jwt()
    assert (await client.me(mint.token())).status_code == 200
    provider.scripted["/jwks"] = 500, ""
    await client.refuses(mint.token(header={"kid": "unknown"}), 401, "invalid_token")
    assert (await client.me(mint.token())).status_code == 200


async def test_unreachable_provider_without_keys_causes_503(start_jwt, mint, provider):
    client = await start_jwt()
    await provider.stop()
    responses = await asyncio.gather(*(client.me(mint.token()) for _ in range(20)))
    for response in responses:
        await client.check_refusal(response, 503, "temporarily_unavailable")
    await provider.start()
    assert (await client.me(mint.token())).status_code == 200


async def test_twenty_parallel_requests_cause_one_attempt(start_jwt, mint, provider):
    client = await start_jwt()
    provider.scripted["/.well-known/openid-configuration"] = 500, ""
    await asyncio.gather(*(client.me(mint.token()) for _ in range(20)))
    assert provider.calls["/.well-known/openid-configuration"] == 1


@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_twenty_sequential_requests_cause_one_attempt(start_jwt, mint, provider, ticks):
    client = await start_jwt()
    provider.scripted["/.well-known/openid-configuration"] = 500, ""
    for _ in range(20):
        await client.refuses(mint.token(), 503, "temporarily_unavailable")
    assert provider.calls["/.well-known/openid-configuration"] == 1
    del provider.scripted["/.well-known/openid-configuration"]
    ticks.now += FAILURE_AGE
    assert (await client.me(mint.token())).status_code == 200


@pytest.mark.parametrize(
    ("path", "response"),
    [
        pytest.param("/.well-known/openid-configuration", (500, ""), id="discovery 500"),
        pytest.param("/.well-known/openid-configuration", (404, ""), id="discovery 404"),
        pytest.param("/.well-known/openid-configuration", (200, "<html>"), id="discovery no JSON"),
        pytest.param("/.well-known/openid-configuration", (200, '{"issuer": "http://other"}'), id="another issuer"),
        pytest.param("/jwks", (500, ""), id="jwks 500"),
        pytest.param("/jwks", (401, ""), id="jwks 401"),
        pytest.param("/jwks", (200, "{}"), id="jwks without keys"),
    ],
)
@pytest.mark.spec("RFC 9068 §4")
async def test_unusable_documents_cause_503_and_not_401(start_jwt, mint, provider, path, response):
    provider.scripted[path] = response
    await (await start_jwt()).refuses(mint.token(), 503, "temporarily_unavailable")
