"""The device grant (RFC 8628)."""

import asyncio
from typing import Any

import pytest
from jose import jwt
from op_testing import ISSUER, SECRET, RunningProvider, assert_refused, basic, hidden_fields

from op.protocol.clients.metadata import client_of
from op.records import Session

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
async def op(provider: RunningProvider) -> RunningProvider:
    for client_id, secret in (("tv", None), ("box", SECRET)):
        metadata = {"client_id": client_id, "grant_types": [GRANT, "refresh_token"], "client_secret": secret}
        method = "none" if secret is None else "client_secret_post"
        await provider.op.clients.save(client_of(metadata | {"token_endpoint_auth_method": method}))
    return provider


async def begin(op: RunningProvider, **form: Any) -> dict[str, Any]:
    response = await op.client.post("/device_authorization", form={"client_id": "tv", "scope": "openid email"} | form)
    assert response.status_code == 200, await response.get_data(as_text=True)
    assert response.headers["Cache-Control"] == "no-store"
    body: dict[str, Any] = await response.get_json()
    return body


async def poll(op: RunningProvider, device: dict[str, Any], **changes: Any) -> Any:
    """Poll like the device, after the interval."""
    op.clock.pass_seconds(device["interval"])
    form = {"grant_type": GRANT, "device_code": device["device_code"], "client_id": "tv"}
    return await op.token(**(form | changes))


async def page(op: RunningProvider, user_code: str) -> Any:
    return await op.client.get("/device", query_string={"user_code": user_code})


async def decide(op: RunningProvider, device: dict[str, Any], decision: str = "allow", **changes: Any) -> Any:
    """The actions of the user: enter the code, log in, and decide."""
    fields = hidden_fields(await (await page(op, device["user_code"])).get_data(as_text=True))
    credentials = {"username": "user0", "password": "password0"}
    return await op.client.post("/device", form=fields | credentials | {"answer": decision} | changes)


@pytest.mark.spec("RFC 8628 §3.1, §3.2, §3.3, §3.4, §3.5, §5.4")
async def test_device_is_connected(op: RunningProvider) -> None:
    """§3.2 to §3.5."""
    device = await begin(op)
    assert device.keys() == {
        "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"
    }  # fmt: skip
    assert device["verification_uri"] == f"{ISSUER}/device"
    assert device["verification_uri_complete"] == f"{ISSUER}/device?user_code={device['user_code']}"
    await assert_refused(await poll(op, device), "authorization_pending")
    shown = await (await page(op, device["user_code"])).get_data(as_text=True)
    assert "tv" in shown, "§5.4: the user sees the client"
    assert device["user_code"] in shown
    assert (await decide(op, device)).status_code == 200
    tokens = await (await poll(op, device)).get_json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert tokens["scope"] == "openid email"
    claims = jwt.get_unverified_claims(tokens["id_token"])
    assert (claims["sub"], claims["aud"]) == ("user0", "tv")
    assert "nonce" not in claims
    assert (await op.userinfo(tokens["access_token"])).status_code == 200
    again = await op.refresh(tokens["refresh_token"], client_id="tv")
    assert again.status_code == 200


async def test_session_of_the_device_page_has_its_browser(op: RunningProvider) -> None:
    await decide(op, await begin(op))
    (session,) = await op.op.sessions.all("user0")
    assert session.user_agent


async def test_typed_values_are_kept_after_a_fault(op: RunningProvider) -> None:
    html = await (await page(op, 'bcdf"<b>')).get_data(as_text=True)
    assert 'value="bcdf&#34;&lt;b&gt;"' in html
    html = await (await decide(op, await begin(op), password="wrong")).get_data(as_text=True)
    assert 'name="username" value="user0"' in html
    assert "wrong" not in html.replace("password is wrong", "")


@pytest.mark.spec("RFC 8628 §3.4")
async def test_device_gets_its_tokens_once(op: RunningProvider) -> None:
    """The device gets its tokens once, as the client that started the request. The user decides once."""
    device = await begin(op)
    await decide(op, device)
    await asyncio.gather(*(op.redis.ping() for _ in range(20)))
    taken = await asyncio.gather(*(op.op.devices.take(device["device_code"]) for _ in range(20)))
    assert sum(one is not None for one in taken) == 1
    await assert_refused(await poll(op, device), "invalid_grant")


@pytest.mark.spec("RFC 8628 §3.5")
async def test_early_polls_get_slow_down(op: RunningProvider) -> None:
    """Polling returns authorization_pending, slow_down (which adds five seconds each time), access_denied or
    expired_token.
    """
    device = await begin(op)
    form = {"grant_type": GRANT, "device_code": device["device_code"], "client_id": "tv"}
    for wait, error in (
        (0, "authorization_pending"),
        (4, "slow_down"),
        (9, "slow_down"),
        (14, "slow_down"),
        (20, "authorization_pending"),
        (20, "authorization_pending"),
    ):
        op.clock.pass_seconds(wait)
        await assert_refused(await op.token(**form), error)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"device_code": ""}, "invalid_request", id="§3.4 no device_code"),
        pytest.param({"device_code": "unknown"}, "invalid_grant", id="an unknown one"),
        pytest.param({"client_id": "box", "client_secret": SECRET}, "invalid_grant", id="another client's"),
        pytest.param({"client_id": "spa"}, "unauthorized_client", id="a client without the grant"),
    ],
)
@pytest.mark.spec("RFC 8628 §3.4")
async def test_invalid_poll_is_rejected(op: RunningProvider, changes: dict[str, Any], error: str) -> None:
    await op.register("spa")
    device = await begin(op)
    await decide(op, device)
    await assert_refused(await poll(op, device, **changes), error)
    assert (await poll(op, device)).status_code == 200, "and it does not use up the code"


@pytest.mark.spec("RFC 8628 §3.5")
async def test_late_poll_gets_expired_token(op: RunningProvider) -> None:
    """After the code has expired, neither the device nor the user can continue."""
    device = await begin(op)
    op.clock.pass_seconds(600)
    assert (await page(op, device["user_code"])).status_code == 404
    await assert_refused(await poll(op, device), "expired_token")


@pytest.mark.spec("RFC 8628 §3.5")
async def test_denied_device_gets_access_denied(op: RunningProvider) -> None:
    """The user can deny the request without a login."""
    device = await begin(op)
    assert (await decide(op, device, "refuse", password="")).status_code == 200
    await assert_refused(await poll(op, device), "access_denied")
    assert (await page(op, device["user_code"])).status_code == 404


@pytest.mark.spec("RFC 8628 §3.3, §5.4")
async def test_wrong_password_does_not_connect_a_device(op: RunningProvider) -> None:
    device = await begin(op)
    response = await decide(op, device, password="wrong")
    assert response.status_code == 403
    await assert_refused(await poll(op, device), "authorization_pending")
    assert (await decide(op, device)).status_code == 200


@pytest.mark.spec("RFC 8628 §3.3, §5.4")
async def test_signed_in_user_does_not_need_a_password(op: RunningProvider) -> None:
    """A page asks for the user code, says which client requests what, and accepts a decision after a login, from
    its own form in the same browser.
    """
    await op.tokens()
    device = await begin(op)
    assert 'name="password"' not in await (await page(op, device["user_code"])).get_data(as_text=True)
    assert (await decide(op, device, username="", password="")).status_code == 200
    assert (await poll(op, device)).status_code == 200


async def test_device_access_ends_with_its_session(op: RunningProvider) -> None:
    device = await begin(op)
    await decide(op, device)
    tokens = await (await poll(op, device)).get_json()
    await op.client.get("/logout", query_string={"id_token_hint": tokens["id_token"]})
    assert (await op.userinfo(tokens["access_token"])).status_code == 401


@pytest.mark.spec("RFC 8628 §3.4")
async def test_one_of_parallel_decisions_counts(op: RunningProvider) -> None:
    device = await begin(op)
    waiting = await op.op.devices.find_by_user_code(device["user_code"])
    assert waiting is not None
    session = Session(sid="sid", sub="user0", auth_time=0)
    devices, user_code = op.op.devices, device["user_code"]
    allowed = [devices.allow(user_code, waiting, session) for _ in range(10)]
    decided = await asyncio.gather(*allowed, *(devices.deny(user_code, waiting) for _ in range(10)))
    assert sum(decided) == 1


@pytest.mark.parametrize(
    ("changes", "headers"),
    [
        pytest.param({"csrf_token": "0" * 64}, {}, id="a made-up token"),
        pytest.param({}, {"Origin": "https://elsewhere.test"}, id="a form from elsewhere"),
        pytest.param({"answer": "perhaps"}, {}, id="unknown decision"),
    ],
)
@pytest.mark.spec("RFC 8628 §3.3, §5.4")
async def test_forged_form_is_rejected(op: RunningProvider, changes: dict[str, Any], headers: dict[str, str]) -> None:
    """RFC 8628 §5.4: Nobody can connect a device to another user's account by a link or a form."""
    await op.tokens()
    device = await begin(op)
    fields = hidden_fields(await (await page(op, device["user_code"])).get_data(as_text=True))
    response = await op.client.post("/device", form=fields | {"answer": "allow"} | changes, headers=headers)
    assert response.status_code == 400
    await assert_refused(await poll(op, device), "authorization_pending")


@pytest.mark.spec("RFC 8628 §3.3, §5.4")
async def test_form_of_another_browser_or_code_is_rejected(op: RunningProvider) -> None:
    device, other = await begin(op), await begin(op)
    fields = hidden_fields(await (await page(op, device["user_code"])).get_data(as_text=True))
    credentials = {"username": "user0", "password": "password0", "answer": "allow"}
    assert (await op.new_client().post("/device", form=fields | credentials)).status_code == 400
    moved = fields | {"user_code": other["user_code"]}
    assert (await op.client.post("/device", form=moved | credentials)).status_code == 400


@pytest.mark.spec("RFC 8628 §5.1")
async def test_guesses_of_user_codes_are_limited(op: RunningProvider) -> None:
    """Wrong user codes are counted before they are looked up: for each signed-in user, else for each address."""
    device = await begin(op)
    statuses = [(await page(op, "BCDF-GHJK")).status_code for _ in range(6)]
    assert statuses == [404] * 5 + [429]
    assert (await page(op, device["user_code"])).status_code == 429


@pytest.mark.spec("RFC 8628 §5.1")
async def test_parallel_guesses_of_user_codes_are_limited(op: RunningProvider) -> None:
    """Five codes are looked up, however many are tried in parallel."""
    pages = await asyncio.gather(*(page(op, "BCDF-GHJK") for _ in range(30)))
    assert sorted(response.status_code for response in pages) == [404] * 5 + [429] * 25


@pytest.mark.spec("RFC 8628 §5.1")
async def test_correct_code_does_not_reset_wrong_guesses(op: RunningProvider) -> None:
    """Right codes do not make up for wrong ones: a public client can create as many of them as it wants."""
    device = await begin(op)
    for _ in range(4):
        await page(op, "BCDF-GHJK")
    for _ in range(3):
        assert (await page(op, device["user_code"])).status_code == 200
    assert [(await page(op, "BCDF-GHJK")).status_code for _ in range(2)] == [404, 429]


@pytest.mark.spec("RFC 8628 §5.1")
async def test_signed_in_user_is_not_locked_out_by_others(op: RunningProvider) -> None:
    await op.tokens()
    device = await begin(op)
    stranger = op.new_client()
    for _ in range(6):
        await stranger.get("/device", query_string={"user_code": "BCDF-GHJK"})
    assert (await stranger.get("/device", query_string={"user_code": device["user_code"]})).status_code == 429
    assert (await decide(op, device)).status_code == 200
    assert [(await page(op, "BCDF-GHJK")).status_code for _ in range(6)] == [404] * 5 + [429]


@pytest.mark.parametrize(
    ("typed", "headers", "status"),
    [
        pytest.param("BCDF-GHJ", {}, 404, id="not a code"),
        pytest.param("BCDF-GHJK", {"Sec-Fetch-Dest": "image"}, 200, id="a picture on another site's page"),
        pytest.param("BCDF-GHJK", {"Sec-Fetch-Dest": "iframe"}, 200, id="a frame"),
    ],
)
@pytest.mark.spec("RFC 8628 §5.1", "Fetch Metadata §2.1")
async def test_empty_code_does_not_count_as_a_guess(
    op: RunningProvider, typed: str, headers: dict[str, str], status: int
) -> None:
    device = await begin(op)
    for _ in range(6):
        response = await op.client.get("/device", query_string={"user_code": typed}, headers=headers)
        assert response.status_code == status
    unseen = await op.client.get("/device", query_string={"user_code": device["user_code"]}, headers=headers)
    assert ("tv" in await unseen.get_data(as_text=True)) == (not headers)
    assert (await page(op, device["user_code"])).status_code == 200


async def test_page_has_a_field_for_the_user_code(op: RunningProvider) -> None:
    response = await op.client.get("/device")
    assert response.status_code == 200
    assert 'name="user_code"' in await response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("form", "headers", "error", "status"),
    [
        pytest.param({}, {}, "invalid_client", 401, id="§3.1 no client_id"),
        pytest.param({"client_id": "box"}, {}, "invalid_client", 401, id="without its secret"),
        pytest.param({}, basic("web", SECRET), "unauthorized_client", 400, id="a client without the grant"),
        pytest.param({"client_id": "tv", "scope": "unknown"}, {}, "invalid_scope", 400, id="unregistered scope"),
    ],
)
@pytest.mark.spec("RFC 8628 §3.1, §3.2")
async def test_invalid_device_request_is_rejected(
    op: RunningProvider, form: dict[str, str], headers: dict[str, str], error: str, status: int
) -> None:
    """A client that is registered for it gets a device code, a user code, and the address where the user enters it."""
    response = await op.client.post("/device_authorization", form=form, headers=headers)
    await assert_refused(response, error, status)


@pytest.mark.spec("RFC 8628 §3.1, §3.2")
async def test_confidential_device_must_authenticate(op: RunningProvider) -> None:
    device = await begin(op, client_id="box", client_secret=SECRET)
    await decide(op, device)
    assert (await poll(op, device, client_id="box", client_secret=SECRET)).status_code == 200


async def test_device_records_have_a_ttl_and_hashed_codes(op: RunningProvider) -> None:
    device = await begin(op)
    await poll(op, device)
    redis = op.redis
    kinds = ("op:device:", "op:user-code:", "op:device-poll:")
    keys = [key async for key in redis.scan_iter() if key.startswith(kinds)]
    assert len(keys) == 3
    for key in keys:
        assert 0 < await redis.ttl(key) <= 660
        stored = key + await redis.get(key)
        assert device["device_code"] not in stored
        assert device["user_code"] not in stored


@pytest.mark.spec("RFC 8628 §4")
async def test_discovery_advertises_the_device_grant(provider: RunningProvider) -> None:
    """Discovery names the endpoint and the grant."""
    document = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert document["device_authorization_endpoint"] == f"{ISSUER}/device_authorization"
    assert GRANT in document["grant_types_supported"]


async def remove_access(op: RunningProvider, client_id: str) -> str:
    """The account page while the access exists."""
    html = await (await op.client.get("/account")).get_data(as_text=True)
    form = {"client_id": client_id, "csrf_token": html.split('name="csrf_token" value="')[1].split('"')[0]}
    assert (await op.client.post("/account", form=form)).status_code == 303
    return html


@pytest.mark.spec("OpenID Connect Core §17.2")
async def test_device_access_can_be_removed_on_the_account_page(op: RunningProvider) -> None:
    device = await begin(op)
    await decide(op, device)
    tokens = await (await poll(op, device)).get_json()
    assert "see your email address" in await remove_access(op, "tv")
    assert (await op.userinfo(tokens["access_token"])).status_code == 401
    assert (await op.refresh(tokens["refresh_token"], client_id="tv")).status_code == 400


async def test_withdrawn_consent_denies_a_slow_device(op: RunningProvider) -> None:
    device = await begin(op)
    await decide(op, device)
    await remove_access(op, "tv")
    await assert_refused(await poll(op, device), "access_denied")
