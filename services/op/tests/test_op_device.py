"""The device grant, from the device to the person and back (RFC 8628)."""

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
    """Ask as the device does, once it may."""
    op.clock.pass_seconds(device["interval"])
    form = {"grant_type": GRANT, "device_code": device["device_code"], "client_id": "tv"}
    return await op.token(**(form | changes))


async def page(op: RunningProvider, user_code: str) -> Any:
    return await op.client.get("/device", query_string={"user_code": user_code})


async def answer(op: RunningProvider, device: dict[str, Any], answer: str = "allow", **changes: Any) -> Any:
    """What the person does: type the code, look, answer, and log in by the way."""
    fields = hidden_fields(await (await page(op, device["user_code"])).get_data(as_text=True))
    person = {"username": "user0", "password": "password0"}
    return await op.client.post("/device", form=fields | person | {"answer": answer} | changes)


async def test_the_whole_way(op: RunningProvider) -> None:
    """§3.2 to §3.5."""
    device = await begin(op)
    assert device.keys() == {
        "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"
    }  # fmt: skip
    assert device["verification_uri"] == f"{ISSUER}/device"
    assert device["verification_uri_complete"] == f"{ISSUER}/device?user_code={device['user_code']}"
    await assert_refused(await poll(op, device), "authorization_pending")
    shown = await (await page(op, device["user_code"])).get_data(as_text=True)
    assert "tv" in shown, "§5.4: the person sees who asks"
    assert device["user_code"] in shown
    assert (await answer(op, device)).status_code == 200
    tokens = await (await poll(op, device)).get_json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert tokens["scope"] == "openid email"
    claims = jwt.get_unverified_claims(tokens["id_token"])
    assert (claims["sub"], claims["aud"]) == ("user0", "tv")
    assert "nonce" not in claims
    assert (await op.userinfo(tokens["access_token"])).status_code == 200
    again = await op.refresh(tokens["refresh_token"], client_id="tv")
    assert again.status_code == 200


async def test_the_session_of_a_device_page_names_its_browser(op: RunningProvider) -> None:
    await answer(op, await begin(op))
    (session,) = await op.op.sessions.all("user0")
    assert session.user_agent


async def test_what_was_typed_is_there_again_after_a_fault(op: RunningProvider) -> None:
    html = await (await page(op, 'bcdf"<b>')).get_data(as_text=True)
    assert 'value="bcdf&#34;&lt;b&gt;"' in html
    html = await (await answer(op, await begin(op), password="wrong")).get_data(as_text=True)
    assert 'name="username" value="user0"' in html
    assert "wrong" not in html.replace("password is wrong", "")


async def test_a_device_takes_its_tokens_once(op: RunningProvider) -> None:
    device = await begin(op)
    await answer(op, device)
    await asyncio.gather(*(op.redis.ping() for _ in range(20)))
    taken = await asyncio.gather(*(op.op.devices.take(device["device_code"]) for _ in range(20)))
    assert sum(one is not None for one in taken) == 1
    await assert_refused(await poll(op, device), "invalid_grant")


async def test_whoever_asks_too_often_must_slow_down(op: RunningProvider) -> None:
    """§3.5: five seconds more, from then on."""
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
async def test_a_poll_that_is_refused(op: RunningProvider, changes: dict[str, Any], error: str) -> None:
    await op.register("spa")
    device = await begin(op)
    await answer(op, device)
    await assert_refused(await poll(op, device, **changes), error)
    assert (await poll(op, device)).status_code == 200, "and uses nothing up"


async def test_nobody_answered_in_time(op: RunningProvider) -> None:
    """§3.5: neither side can go on."""
    device = await begin(op)
    op.clock.pass_seconds(600)
    assert (await page(op, device["user_code"])).status_code == 404
    await assert_refused(await poll(op, device), "expired_token")


async def test_the_person_refuses(op: RunningProvider) -> None:
    """§3.5: no login is needed for it."""
    device = await begin(op)
    assert (await answer(op, device, "refuse", password="")).status_code == 200
    await assert_refused(await poll(op, device), "access_denied")
    assert (await page(op, device["user_code"])).status_code == 404


async def test_a_wrong_password_lets_no_device_in(op: RunningProvider) -> None:
    device = await begin(op)
    response = await answer(op, device, password="wrong")
    assert response.status_code == 403
    await assert_refused(await poll(op, device), "authorization_pending")
    assert (await answer(op, device)).status_code == 200


async def test_who_is_signed_in_needs_no_password(op: RunningProvider) -> None:
    await op.tokens()
    device = await begin(op)
    assert 'name="password"' not in await (await page(op, device["user_code"])).get_data(as_text=True)
    assert (await answer(op, device, username="", password="")).status_code == 200
    assert (await poll(op, device)).status_code == 200


async def test_the_login_opens_a_session_and_its_end_ends_the_device(op: RunningProvider) -> None:
    device = await begin(op)
    await answer(op, device)
    tokens = await (await poll(op, device)).get_json()
    await op.client.get("/logout", query_string={"id_token_hint": tokens["id_token"]})
    assert (await op.userinfo(tokens["access_token"])).status_code == 401


async def test_of_parallel_answers_one_counts(op: RunningProvider) -> None:
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
        pytest.param({"answer": "perhaps"}, {}, id="no answer"),
    ],
)
async def test_a_form_that_is_not_ours_decides_nothing(
    op: RunningProvider, changes: dict[str, Any], headers: dict[str, str]
) -> None:
    """§5.4: nobody lets somebody else's device in by a link or a form."""
    await op.tokens()
    device = await begin(op)
    fields = hidden_fields(await (await page(op, device["user_code"])).get_data(as_text=True))
    response = await op.client.post("/device", form=fields | {"answer": "allow"} | changes, headers=headers)
    assert response.status_code == 400
    await assert_refused(await poll(op, device), "authorization_pending")


async def test_a_form_of_another_browser_or_code_decides_nothing(op: RunningProvider) -> None:
    device, other = await begin(op), await begin(op)
    fields = hidden_fields(await (await page(op, device["user_code"])).get_data(as_text=True))
    person = {"username": "user0", "password": "password0", "answer": "allow"}
    assert (await op.new_client().post("/device", form=fields | person)).status_code == 400
    moved = fields | {"user_code": other["user_code"]}
    assert (await op.client.post("/device", form=moved | person)).status_code == 400


async def test_codes_cannot_be_guessed_for_long(op: RunningProvider) -> None:
    """§5.1."""
    device = await begin(op)
    statuses = [(await page(op, "BCDF-GHJK")).status_code for _ in range(6)]
    assert statuses == [404] * 5 + [429]
    assert (await page(op, device["user_code"])).status_code == 429


async def test_codes_guessed_in_parallel_do_not_slip_through(op: RunningProvider) -> None:
    """§5.1: five are looked at, however many come at once."""
    pages = await asyncio.gather(*(page(op, "BCDF-GHJK") for _ in range(30)))
    assert sorted(response.status_code for response in pages) == [404] * 5 + [429] * 25


async def test_a_device_of_ones_own_makes_up_for_no_wrong_code(op: RunningProvider) -> None:
    """A public client gives whoever guesses as many right codes as they want."""
    device = await begin(op)
    for _ in range(4):
        await page(op, "BCDF-GHJK")
    for _ in range(3):
        assert (await page(op, device["user_code"])).status_code == 200
    assert [(await page(op, "BCDF-GHJK")).status_code for _ in range(2)] == [404, 429]


async def test_signed_in_user_is_not_locked_out_by_a_stranger(op: RunningProvider) -> None:
    await op.tokens()
    device = await begin(op)
    stranger = op.new_client()
    for _ in range(6):
        await stranger.get("/device", query_string={"user_code": "BCDF-GHJK"})
    assert (await stranger.get("/device", query_string={"user_code": device["user_code"]})).status_code == 429
    assert (await answer(op, device)).status_code == 200
    assert [(await page(op, "BCDF-GHJK")).status_code for _ in range(6)] == [404] * 5 + [429]


@pytest.mark.parametrize(
    ("typed", "headers", "status"),
    [
        pytest.param("BCDF-GHJ", {}, 404, id="what can be no code"),
        pytest.param("BCDF-GHJK", {"Sec-Fetch-Dest": "image"}, 200, id="a picture on another site's page"),
        pytest.param("BCDF-GHJK", {"Sec-Fetch-Dest": "iframe"}, 200, id="a frame"),
    ],
)
async def test_what_nobody_typed_or_followed_is_no_guess(
    op: RunningProvider, typed: str, headers: dict[str, str], status: int
) -> None:
    device = await begin(op)
    for _ in range(6):
        response = await op.client.get("/device", query_string={"user_code": typed}, headers=headers)
        assert response.status_code == status
    unseen = await op.client.get("/device", query_string={"user_code": device["user_code"]}, headers=headers)
    assert ("tv" in await unseen.get_data(as_text=True)) == (not headers)
    assert (await page(op, device["user_code"])).status_code == 200


async def test_the_page_asks_for_the_code(op: RunningProvider) -> None:
    response = await op.client.get("/device")
    assert response.status_code == 200
    assert 'name="user_code"' in await response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("form", "headers", "error", "status"),
    [
        pytest.param({}, {}, "invalid_client", 401, id="§3.1 nobody"),
        pytest.param({"client_id": "box"}, {}, "invalid_client", 401, id="without its secret"),
        pytest.param({}, basic("web", SECRET), "unauthorized_client", 400, id="a client without the grant"),
        pytest.param({"client_id": "tv", "scope": "unknown"}, {}, "invalid_scope", 400, id="no scope of its own"),
    ],
)
async def test_a_device_that_gets_no_code(
    op: RunningProvider, form: dict[str, str], headers: dict[str, str], error: str, status: int
) -> None:
    response = await op.client.post("/device_authorization", form=form, headers=headers)
    await assert_refused(response, error, status)


async def test_a_confidential_device_proves_itself(op: RunningProvider) -> None:
    device = await begin(op, client_id="box", client_secret=SECRET)
    await answer(op, device)
    assert (await poll(op, device, client_id="box", client_secret=SECRET)).status_code == 200


async def test_all_of_it_has_a_ttl_and_no_code_in_the_clear(op: RunningProvider) -> None:
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


async def test_discovery_names_the_endpoint_and_the_grant(provider: RunningProvider) -> None:
    """§4."""
    document = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert document["device_authorization_endpoint"] == f"{ISSUER}/device_authorization"
    assert GRANT in document["grant_types_supported"]


async def remove_access(op: RunningProvider, client_id: str) -> str:
    """What the account page says before."""
    html = await (await op.client.get("/account")).get_data(as_text=True)
    form = {"client_id": client_id, "csrf_token": html.split('name="csrf_token" value="')[1].split('"')[0]}
    assert (await op.client.post("/account", form=form)).status_code == 303
    return html


async def test_device_access_is_on_the_account_page_and_revocable(op: RunningProvider) -> None:
    device = await begin(op)
    await answer(op, device)
    tokens = await (await poll(op, device)).get_json()
    assert "see your email address" in await remove_access(op, "tv")
    assert (await op.userinfo(tokens["access_token"])).status_code == 401
    assert (await op.refresh(tokens["refresh_token"], client_id="tv")).status_code == 400


async def test_slow_device_gets_nothing_after_access_was_removed(op: RunningProvider) -> None:
    device = await begin(op)
    await answer(op, device)
    await remove_access(op, "tv")
    await assert_refused(await poll(op, device), "access_denied")
