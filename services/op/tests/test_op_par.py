"""Pushed authorization requests (RFC 9126)."""

import asyncio
from typing import Any

import pytest
from op_testing import ISSUER, SECRET, ProviderFactory, RunningProvider, assert_refused, basic, query_of
from test_op_request_object import INSIDE, signed


async def push(provider: RunningProvider, **changes: Any) -> Any:
    """POST /par, by default as `web` with client_secret_basic."""
    query = {k: v for k, v in (provider.request | changes).items() if v is not None}
    headers = {} if "client_secret" in query else basic(query.get("client_id", "web"), SECRET)
    return await provider.client.post("/par", form=query, headers=headers)


async def pushed(provider: RunningProvider, **changes: Any) -> str:
    response = await push(provider, **changes)
    assert response.status_code == 201, await response.get_data(as_text=True)
    return str((await response.get_json())["request_uri"])


async def go(provider: RunningProvider, request_uri: str, client_id: str = "web", **more: Any) -> Any:
    query = {"client_id": client_id, "request_uri": request_uri, **more}
    return await provider.client.get("/authorize", query_string=query)


@pytest.mark.spec("RFC 9126 §2.2, §4")
async def test_pushed_request_gets_a_code(provider: RunningProvider) -> None:
    """The request_uri stands for the pushed request, once, for the same client, for 90 seconds. Other parameters
    beside it are ignored.
    """
    response = await push(provider)
    body = await response.get_json()
    assert response.status_code == 201
    assert response.headers["Cache-Control"] == "no-store"
    assert body["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert body["expires_in"] == 90
    waiting = await go(provider, body["request_uri"])
    result = query_of((await provider.submit_login(waiting.location)).location)
    assert result["state"] == "state-of-the-test"
    assert (await provider.redeem(result["code"])).status_code == 200


@pytest.mark.spec("RFC 9126 §2.2, §4")
async def test_other_parameters_are_ignored(provider: RunningProvider) -> None:
    """RFC 9126 §4: Parameters beside the request_uri are ignored: a pushed request cannot be changed in the browser."""
    await provider.login()
    response = await go(provider, await pushed(provider), scope="openid", state="x", redirect_uri="http://evil.test/")
    assert query_of(response.location)["state"] == "state-of-the-test"


@pytest.mark.spec("RFC 9110 §9.2.1, §9.3.2", "RFC 9126 §4")
async def test_link_preview_does_not_use_up_the_request(provider: RunningProvider) -> None:
    """RFC 9110 §9.3.2; RFC 9126 §4: A link preview does not use up a pushed request."""
    await provider.login()
    request_uri = await pushed(provider)
    query = {"client_id": "web", "request_uri": request_uri}
    assert (await provider.client.head("/authorize", query_string=query)).status_code == 405
    assert "code" in query_of((await go(provider, request_uri)).location)


@pytest.mark.parametrize(
    ("changes", "error", "status"),
    [
        pytest.param({"client_secret": "wrong"}, "invalid_client", 401, id="RFC 9126 §2.1 authentication"),
        pytest.param({"request_uri": "urn:x"}, "invalid_request", 400, id="RFC 9126 §2.1 request_uri"),
        pytest.param({"redirect_uri": "http://evil.test/"}, "invalid_request", 400, id="redirect_uri"),
        pytest.param({"redirect_uri": None}, "invalid_request", 400, id="no redirect_uri"),
        pytest.param({"response_type": "token"}, "unsupported_response_type", 400, id="response_type"),
        pytest.param({"scope": "unknown"}, "invalid_scope", 400, id="scope"),
        pytest.param({"code_challenge": None}, "invalid_request", 400, id="PKCE"),
        pytest.param({"nonce": None}, "invalid_request", 400, id="nonce"),
        pytest.param({"request": "a.b.c"}, "request_not_supported", 400, id="request"),
    ],
)
@pytest.mark.spec("RFC 9126 §2.1, §2.3")
async def test_request_is_checked_when_it_is_pushed(
    provider: RunningProvider, changes: dict[str, Any], error: str, status: int
) -> None:
    """RFC 9126 §2.3: A request is checked when it is pushed, and its errors are JSON, not redirects."""
    await assert_refused(await push(provider, **changes), error, status)


@pytest.mark.spec("RFC 9126 §2.2, §4")
async def test_request_uri_can_be_used_once(provider: RunningProvider) -> None:
    """RFC 9126 §4: A request_uri is accepted once, even by parallel requests."""
    await provider.login()
    request_uri = await pushed(provider)
    responses = await asyncio.gather(*(go(provider, request_uri) for _ in range(10)))
    assert sorted(response.status_code for response in responses) == [303] + [400] * 9


@pytest.mark.spec("RFC 9126 §2.2, §4")
async def test_request_uri_expires(provider: RunningProvider) -> None:
    request_uri = await pushed(provider)
    redis = provider.redis
    keys = [key async for key in redis.scan_iter(match="op:par:*")]
    assert len(keys) == 1
    assert request_uri.rpartition(":")[2] not in keys[0]
    assert 0 < await redis.ttl(keys[0]) <= 90
    provider.clock.pass_seconds(90)
    assert (await go(provider, request_uri)).status_code == 400


@pytest.mark.spec("RFC 9126 §2.2, §4")
async def test_request_uri_of_another_client_is_rejected(provider: RunningProvider) -> None:
    await provider.register("es256")
    for response in (
        await go(provider, await pushed(provider), "es256"),
        await go(provider, "urn:ietf:params:oauth:request_uri:made-up"),
        await go(provider, "urn:ietf:params:oauth:request_uri:"),
    ):
        assert (response.status_code, response.location) == (400, None)
        assert "invalid_request_uri" in await response.get_data(as_text=True)


@pytest.mark.spec("RFC 9126 §5, §6")
async def test_unpushed_request_is_rejected_if_client_must_push(provider: RunningProvider) -> None:
    """RFC 9126 §6."""
    await provider.register("must-push")
    result = query_of((await provider.authorize(client_id="must-push")).location)
    assert (
        result["error_description"]
        == "This client must push its authorization requests. Send the parameters to /par, then use the request_uri."
    )
    await provider.login()
    response = await go(provider, await pushed(provider, client_id="must-push"), "must-push")
    assert "code" in query_of(response.location)


@pytest.mark.spec("RFC 9126 §5, §6")
async def test_provider_can_require_pushed_requests(provider_with: ProviderFactory) -> None:
    """Pushing may be required of all clients, or of one."""
    provider = await provider_with(require_pushed_authorization_requests=True)
    metadata = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert metadata["require_pushed_authorization_requests"] is True
    assert metadata["pushed_authorization_request_endpoint"] == f"{ISSUER}/par"
    assert query_of((await provider.authorize()).location)["error"] == "invalid_request"
    assert (await go(provider, await pushed(provider))).location.startswith(f"{ISSUER}/login?")


@pytest.mark.spec("RFC 9126 §2.1, §2.3")
async def test_public_client_may_push(provider: RunningProvider) -> None:
    """The client authenticates as at the token endpoint. The request is checked as at the authorization
    endpoint, its errors are JSON, and it must not have a request_uri.
    """
    await provider.register("spa")
    response = await provider.client.post("/par", form=provider.request | {"client_id": "spa"})
    assert response.status_code == 201


@pytest.mark.spec("RFC 9126 §3")
async def test_request_object_can_be_pushed(provider: RunningProvider) -> None:
    """A request object may be pushed."""
    await provider.register("signs-rs256", "must-sign")
    await provider.login()
    request_uri = await pushed(provider, client_id="signs-rs256", request=signed(INSIDE))
    assert query_of((await go(provider, request_uri, "signs-rs256")).location)["state"] == "from-inside"
    inside = {k: v for k, v in provider.request.items() if k != "client_id"}
    request_uri = await pushed(provider, client_id="must-sign", request=signed(inside, "ES256"))
    assert "code" in query_of((await go(provider, request_uri, "must-sign")).location)
    refused = await push(provider, client_id="signs-rs256", request=signed(INSIDE | {"iss": "x"}))
    await assert_refused(refused, "invalid_request_object")


async def test_form_of_another_site_does_not_use_up_the_request(provider: RunningProvider) -> None:
    """Its POST has no cookies and becomes a GET."""
    await provider.login()
    form = {"client_id": "web", "request_uri": await pushed(provider)}
    response = await provider.new_client().post("/authorize", form=form)
    assert response.location.startswith(f"{ISSUER}/authorize?")
    result = await provider.client.get(response.location.removeprefix(ISSUER))
    assert "code" in query_of(result.location)
