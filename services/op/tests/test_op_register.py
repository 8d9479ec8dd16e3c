"""Dynamic client registration (RFC 7591, RFC 7592, OpenID Connect Dynamic Client Registration 1.0)."""

import json
from typing import Any

import pytest
from aiohttp import web
from op_testing import ISSUER, REDIRECT_URI, VERIFIER, ProviderFactory, RunningProvider, assert_refused, basic
from test_op_client_assertion import JWKS, claims_of, introspect, signed

from op.settings import Settings
from redis_server import free_port
from servicekit.settings import SettingsError

TOKEN = "an-initial-access-token-of-32-characters"
METADATA = {"client_name": "Shop", "redirect_uris": [REDIRECT_URI]}


@pytest.fixture
async def op(provider_with: ProviderFactory) -> RunningProvider:
    return await provider_with(registration="open", registration_token=TOKEN)


async def register(op: RunningProvider, token: str | None = None, **changes: Any) -> Any:
    metadata = {name: value for name, value in (METADATA | changes).items() if value is not None}
    return await op.client.post("/register", json=metadata, headers=bearer(token) if token else {})


async def registered(op: RunningProvider, **changes: Any) -> dict[str, Any]:
    response = await register(op, **changes)
    assert response.status_code == 201, await response.get_data(as_text=True)
    body: dict[str, Any] = await response.get_json()
    return body


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def manage(op: RunningProvider, method: str, client: dict[str, Any], **options: Any) -> Any:
    path = client["registration_client_uri"].removeprefix(ISSUER)
    options.setdefault("headers", bearer(client["registration_access_token"]))
    return await op.client.open(path, method=method, **options)


@pytest.mark.spec("RFC 7591 §3.2.1")
async def test_registered_client_signs_a_user_in(op: RunningProvider) -> None:
    """What discovery lists works with the registered credentials."""
    document = await (await op.client.get("/.well-known/openid-configuration")).get_json()
    assert document["registration_endpoint"] == f"{ISSUER}/register"
    response = await register(op, grant_types=["authorization_code", "refresh_token"])
    client = await response.get_json()
    assert response.status_code == 201
    assert response.headers["Cache-Control"] == "no-store"
    form = {
        "grant_type": "authorization_code",
        "code": await op.code(client_id=client["client_id"], scope="openid offline_access", prompt="consent"),
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    by_header = basic(client["client_id"], client["client_secret"])
    tokens = await (await op.client.post("/token", form=form, headers=by_header)).get_json()
    assert {"id_token", "refresh_token"} <= tokens.keys()


@pytest.mark.spec("RFC 7591 §2, §3.2.1")
async def test_registration_has_the_defaults_of_rfc_7591(op: RunningProvider) -> None:
    """RFC 7591 §2, §3.2.1."""
    client = await registered(op)
    now = int(op.clock())
    assert len(client.pop("client_secret")) >= 43
    assert client.pop("client_id")
    assert client.pop("registration_access_token")
    assert client.pop("registration_client_uri").startswith(f"{ISSUER}/register?client_id=")
    assert {"openid", "email", "profile"} <= set(client.pop("scope").split())
    expected = {
        **METADATA,
        "client_id_issued_at": now,
        "client_secret_expires_at": now + 90 * 24 * 3600,
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "id_token_signed_response_alg": "RS256",
    }
    assert expected.items() <= client.items()


@pytest.mark.spec("RFC 7591 §2, §3.2.1")
async def test_response_has_the_metadata_of_the_client(op: RunningProvider) -> None:
    """RFC 7591 §2, §3.2.1."""
    said = {
        "contacts": ["admin@client.test", "security@client.test"],
        "client_uri": "https://client.test/",
        "logo_uri": "https://client.test/logo.png",
        "policy_uri": "https://client.test/policy",
        "tos_uri": "https://client.test/terms",
        "jwks": JWKS,
        "token_endpoint_auth_method": "private_key_jwt",
        "userinfo_signed_response_alg": "RS256",
        "post_logout_redirect_uris": ["https://client.test/bye"],
        "backchannel_logout_uri": "https://client.test/ended",
        "backchannel_logout_session_required": True,
    }
    assert said.items() <= (await registered(op, **said)).items()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"redirect_uris": None}, "invalid_redirect_uri", id="§2 no redirect_uris"),
        pytest.param({"grant_types": ["client_credentials"]}, "invalid_client_metadata", id="in its own name"),
        pytest.param({"id_token_signed_response_alg": "none"}, "invalid_client_metadata", id="unsigned ID tokens"),
        pytest.param({"jwks": {"keys": []}}, "invalid_client_metadata", id="a set without keys"),
    ],
)
@pytest.mark.spec("RFC 6749 §5.2", "RFC 6750 §3", "RFC 7591 §3.2.2")
async def test_invalid_metadata_is_rejected(op: RunningProvider, changes: dict[str, Any], error: str) -> None:
    """RFC 7591 §3.2.2: Invalid metadata is `invalid_redirect_uri` or `invalid_client_metadata`, by the same
    checks as the directory.
    """
    await assert_refused(await register(op, **changes), error)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"x", b"\xff", b"[" * 60_000, b"{}"],
    ids=["empty", "list", "no JSON", "no UTF-8", "deep", "nothing said"],
)
@pytest.mark.spec("RFC 7591 §3.1")
async def test_malformed_body_is_rejected(op: RunningProvider, body: bytes) -> None:
    """A registration is a JSON object."""
    response = await op.client.post("/register", data=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    form = await op.client.post("/register", form={"client_name": "x"})
    await assert_refused(form, "invalid_request")


@pytest.mark.parametrize(
    "name", ["client_secret", "introspection_audience", "registered_at"]
)  # fmt: skip
@pytest.mark.spec("RFC 7591 §2")
async def test_members_that_give_rights_are_ignored(op: RunningProvider, name: str) -> None:
    """Metadata have the defaults of the specification. Members that are unknown, or that would widen a client's
    rights, are ignored.
    """
    value = ["resource-server"] if name == "introspection_audience" else "chosen"
    client = await registered(op, **{name: value})
    assert client.get(name) != value
    stored = await op.op.clients.read(client["client_id"])
    assert stored is not None
    assert getattr(stored, name, None) != (tuple(value) if isinstance(value, list) else value)


@pytest.mark.spec("RFC 7591 §3")
async def test_registration_is_off_by_default(provider: RunningProvider) -> None:
    """Registration is disabled unless it is configured: with an initial access token, or open to everyone."""
    document = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert "registration_endpoint" not in document
    assert (await register(provider)).status_code == 404


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("wrong", 401), (TOKEN, 201)])
@pytest.mark.spec("RFC 7591 §3")
async def test_registration_can_require_an_initial_access_token(
    provider_with: ProviderFactory, token: str | None, status: int
) -> None:
    op = await provider_with(registration="token", registration_token=TOKEN)
    response = await register(op, token)
    assert response.status_code == status
    assert status == 201 or response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.spec("RFC 7591 §3")
def test_required_initial_access_token_must_be_configured() -> None:
    with pytest.raises(SettingsError, match="REGISTRATION_TOKEN"):
        Settings(redis_url="redis://x", oidc_issuer=ISSUER, op_secret_key="x" * 32, registration="token")


@pytest.mark.spec("RFC 7591 §5")
async def test_number_of_registrations_is_limited(provider_with: ProviderFactory) -> None:
    """Requests with the initial access token are not limited."""
    op = await provider_with(registration="open", registration_token=TOKEN, registration_limit=2)
    assert [(await register(op)).status_code for _ in range(3)] == [201, 201, 429]
    assert (await register(op, TOKEN)).status_code == 201
    assert 0 < await op.redis.ttl("op:registrations") <= 3600


@pytest.mark.spec("RFC 7592 §2.1, §3")
async def test_client_reads_its_registration(op: RunningProvider) -> None:
    """A client can read its registration."""
    client = await registered(op)
    response = await manage(op, "GET", client)
    assert response.status_code == 200
    assert await response.get_json() == client


@pytest.mark.spec("RFC 7591 §3.2.1", "RFC 7592 §2.2")
async def test_client_replaces_its_registration(op: RunningProvider) -> None:
    """RFC 7591 §3.2.1: `client_id_issued_at` does not change when the client updates its registration; the time at
    which its secret expires does.

    Omitted metadata is reset; the secret is kept.
    """
    client = await registered(op, post_logout_redirect_uris=["http://client.test/bye"])
    op.clock.pass_seconds(60)
    changed = {"client_id": client["client_id"], "redirect_uris": ["https://new.test/callback"]}
    response = await manage(op, "PUT", client, json=changed | {"client_secret": client["client_secret"]})
    body = await response.get_json()
    assert response.status_code == 200, body
    assert body["redirect_uris"] == ["https://new.test/callback"]
    assert "post_logout_redirect_uris" not in body
    assert "client_name" not in body
    assert body["client_secret"] == client["client_secret"]
    assert body["client_id_issued_at"] == client["client_id_issued_at"]
    assert body["client_secret_expires_at"] == client["client_secret_expires_at"] + 60
    assert await (await manage(op, "GET", client)).get_json() == body


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"client_id": "another"}, "invalid_request", id="another client_id"),
        pytest.param({"client_secret": "chosen"}, "invalid_request", id="a secret of its choice"),
        pytest.param({"redirect_uris": ["x"]}, "invalid_redirect_uri", id="metadata that is refused"),
    ],
)
@pytest.mark.spec("RFC 7592 §2.2")
async def test_rejected_update_changes_nothing(op: RunningProvider, changes: dict[str, Any], error: str) -> None:
    """A client replaces its whole registration, but cannot choose its client_id or its secret."""
    client = await registered(op)
    body = METADATA | {"client_id": client["client_id"]} | changes
    response = await manage(op, "PUT", client, json={k: v for k, v in body.items() if v is not None})
    await assert_refused(response, error)
    assert await (await manage(op, "GET", client)).get_json() == client


@pytest.mark.spec("RFC 7592 §2.3")
async def test_client_deletes_its_registration(op: RunningProvider) -> None:
    """A client can delete its registration."""
    client = await registered(op)
    assert (await manage(op, "DELETE", client)).status_code == 204
    assert (await manage(op, "GET", client)).status_code == 401
    page = await op.authorize(client_id=client["client_id"])
    assert page.status_code == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.spec("RFC 7592 §2")
async def test_other_tokens_cannot_manage_the_registration(op: RunningProvider, method: str) -> None:
    """A client manages its registration with its registration access token. Nobody else can.

    The token of another client, the initial access token and a missing token are rejected, and so is a client that
    never registered itself.
    """
    client, other = await registered(op), await registered(op)
    for token in (other["registration_access_token"], TOKEN, client["client_secret"]):
        response = await manage(op, method, client, headers=bearer(token), json=METADATA)
        await assert_refused(response, "invalid_token", 401)
    assert (await manage(op, method, client, headers={}, json=METADATA)).status_code == 401
    web_client = client | {"registration_client_uri": f"{ISSUER}/register?client_id=web"}
    assert (await manage(op, method, web_client, json=METADATA)).status_code == 401
    nobody = client | {"registration_client_uri": f"{ISSUER}/register"}
    assert (await manage(op, method, nobody, json=METADATA)).status_code == 401
    assert (await manage(op, "GET", client)).status_code == 200


@pytest.mark.spec("RFC 7591 §5")
async def test_record_has_a_ttl_and_no_plaintext_secret(op: RunningProvider) -> None:
    """Registration is rate-limited and its records expire. URLs of a client that registered itself cannot reach
    a private network.
    """
    client = await registered(op)
    redis = op.redis
    key = f"op:client:{client['client_id']}"
    assert 0 < await redis.ttl(key) <= 90 * 24 * 3600
    stored = await redis.get(key)
    assert client["client_secret"] not in stored
    assert client["registration_access_token"] not in stored


@pytest.mark.spec("RFC 7591 §3.2.1")
async def test_client_with_keys_does_not_get_a_secret(op: RunningProvider) -> None:
    """The response has everything that was registered, the credentials, and when they expire."""
    client = await registered(op, token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    assert "client_secret" not in client
    assert client["jwks"] == json.loads(json.dumps(JWKS))
    assertion = signed(claims_of(op, client["client_id"]), "ES256")
    assert (await introspect(op, assertion)).status_code == 200


@pytest.mark.parametrize(("allowed", "status"), [(False, 401), (True, 200)])
@pytest.mark.spec("RFC 7591 §5")
async def test_urls_must_not_lead_to_private_networks(
    provider_with: ProviderFactory, allowed: bool, status: int
) -> None:
    """The URLs of a client that registered itself cannot lead into a private network, which only the provider
    can reach.
    """
    op = await provider_with(registration="open", registration_private_addresses=allowed)
    fetches = []

    async def keys(_: web.Request) -> web.Response:
        fetches.append(1)
        return web.json_response(JWKS)

    application = web.Application()
    application.router.add_get("/jwks", keys)
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    uri = f"http://localhost:{port}/jwks"
    client = await registered(op, token_endpoint_auth_method="private_key_jwt", jwks_uri=uri)
    response = await introspect(op, signed(claims_of(op, client["client_id"]), "ES256"))
    assert response.status_code == status
    assert bool(fetches) is allowed
    await runner.cleanup()


PAIRWISE = {"subject_type": "pairwise"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(PAIRWISE, PAIRWISE | {"redirect_uris": ["https://victim.test/cb"]}, id="another host"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §8, §8.1")
async def test_client_cannot_change_its_sector(
    op: RunningProvider, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """OpenID Connect Core §8.1: A client cannot move to another sector, where it would use the grants of the old
    one.
    """
    client = await registered(op, **before)
    changed = METADATA | {"client_id": client["client_id"]} | after
    await assert_refused(await manage(op, "PUT", client, json=changed), "invalid_client_metadata")


@pytest.mark.spec("RFC 8259")
async def test_too_deeply_nested_metadata_is_rejected(op: RunningProvider) -> None:
    """JSON that is sent to the provider is nested at most twenty levels deep."""
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    for metadata in ({"jwks": {"keys": [{"kty": "RSA", "n": deep}]}}, {"anything": deep}):
        await assert_refused(await register(op, **metadata), "invalid_client_metadata")
