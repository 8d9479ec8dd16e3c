"""GET and POST /account/password: a user changes the password."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from logout_testing import Clients, delivered, register, sign_in
from op_testing import ISSUER, RunningProvider, hidden_fields

from op.cli.directory import load, read_directory

NEW = "a new password"


async def form_of(provider: RunningProvider, query: str = "") -> dict[str, str]:
    response = await provider.client.get(f"/account/password{query}")
    assert response.status_code == 200
    return hidden_fields(await response.get_data(as_text=True))


async def change(provider: RunningProvider, **changes: str) -> Any:
    form = {"password": "password0", "new_password": NEW, "repeated_password": NEW}
    return await provider.client.post("/account/password", form=await form_of(provider) | form | changes)


async def can_sign_in(provider: RunningProvider, password: str) -> bool:
    provider.client = provider.new_client()
    return bool((await provider.login(password=password)).status_code == 303)


async def test_changed_password_replaces_the_old_one(provider: RunningProvider) -> None:
    await provider.login()
    response = await change(provider)
    assert (response.status_code, response.location) == (303, f"{ISSUER}/account?notice=password-changed")
    html = await (await provider.client.get("/account?notice=password-changed")).get_data(as_text=True)
    assert "Your password was changed" in html
    assert not await can_sign_in(provider, "password0")
    assert await can_sign_in(provider, NEW)


async def test_other_sessions_end_and_their_clients_are_told(provider: RunningProvider, clients: Clients) -> None:
    await register(provider, "first", backchannel_logout_uri=f"{clients.url}/first")
    await register(provider, "mine", backchannel_logout_uri=f"{clients.url}/mine")
    tokens = await sign_in(provider, "first")
    elsewhere, provider.client = provider.client, provider.new_client()
    mine = await sign_in(provider, "mine")
    assert (await change(provider)).status_code == 303
    await delivered(provider.op.back_channel)
    assert [name for name, _ in clients.received] == ["first"]
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401
    assert (await provider.userinfo(mine["access_token"])).status_code == 200
    assert (await elsewhere.get("/account")).status_code == 401
    assert (await provider.client.get("/account")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"password": "wrong"}, 403, "The current password is incorrect."),
        ({"password": ""}, 403, "The current password is incorrect."),
        ({"new_password": "short67", "repeated_password": "short67"}, 400, "must have 8 to 1024 characters"),
        ({"new_password": "x" * 1025, "repeated_password": "x" * 1025}, 400, "must have 8 to 1024 characters"),
        ({"new_password": "", "repeated_password": ""}, 400, "must have 8 to 1024 characters"),
        ({"repeated_password": "another password"}, 400, "The new passwords do not match."),
        ({"new_password": "password0", "repeated_password": "password0"}, 400, "must differ from the current one"),
    ],
    ids=["wrong", "none", "short", "long", "no new one", "different", "the same"],
)
async def test_unacceptable_change_is_rejected(
    provider: RunningProvider, changes: dict[str, str], status: int, text: str
) -> None:
    await provider.login()
    elsewhere, provider.client = provider.client, provider.new_client()
    await provider.login()
    response = await change(provider, **changes)
    assert response.status_code == status
    html = await response.get_data(as_text=True)
    assert text in html
    assert NEW not in html
    assert (await elsewhere.get("/account")).status_code == 200
    assert await can_sign_in(provider, "password0")


async def test_wrong_passwords_count_as_at_the_login(provider: RunningProvider) -> None:
    await provider.login()
    for _ in range(provider.op.settings.login_attempts):
        assert (await change(provider, password="wrong")).status_code == 403
    response = await change(provider)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "300")
    assert not await can_sign_in(provider, "password0")


async def test_form_of_another_site_changes_nothing(provider: RunningProvider) -> None:
    await provider.login()
    assert (await change(provider, csrf_token="0" * 64)).status_code == 400
    headers = {"Origin": "https://other.test"}
    form = await form_of(provider) | {"password": "password0", "new_password": NEW, "repeated_password": NEW}
    assert (await provider.client.post("/account/password", form=form, headers=headers)).status_code == 400
    assert await can_sign_in(provider, "password0")


async def test_without_a_session_it_leads_to_the_account_page(provider: RunningProvider) -> None:
    for response in (
        await provider.client.get("/account/password?ui_locales=de"),
        await provider.client.post("/account/password", form={"ui_locales": "de"}),
    ):
        assert (response.status_code, response.location) == (303, f"{ISSUER}/account?ui_locales=de")


async def test_one_of_several_parallel_changes_is_made(provider: RunningProvider) -> None:
    """Each compares the old password with the record that it replaces."""
    user = await provider.op.users.find("user0")
    assert user is not None
    hashes = [f"hash {n}" for n in range(50)]
    changed = await asyncio.gather(*(provider.op.users.replace_password(user, one) for one in hashes))
    assert changed.count(True) == 1
    after = await provider.op.users.find("user0")
    assert after is not None
    assert after.password_hash == hashes[changed.index(True)]


async def test_removed_user_does_not_come_back(provider: RunningProvider) -> None:
    user = await provider.op.users.find("user0")
    assert user is not None
    await provider.op.users.remove(user)
    assert not await provider.op.users.replace_password(user, "a hash")
    assert await provider.op.users.find("user0") is None


async def test_changed_password_survives_a_restart(provider: RunningProvider, tmp_path: Path) -> None:
    """The directory file writes a user again only when the entry in the file has changed."""
    op = provider.op
    path = tmp_path / "directory.yaml"

    async def start(password: str) -> None:
        path.write_text(f"users:\n  - username: grace\n    password: {password}\n")
        await load(read_directory(path, {}), op.users, op.clients, op.passwords, op.settings.op_secret_key)

    await start("of the file")
    await provider.login("grace", "of the file")
    assert (await change(provider, password="of the file")).status_code == 303
    await start("of the file")
    assert await op.logins.authenticate("grace", NEW, "192.0.2.1")
    await start("another one of the file")
    assert await op.logins.authenticate("grace", "another one of the file", "192.0.2.1")
    assert not await op.logins.authenticate("grace", NEW, "192.0.2.1")
