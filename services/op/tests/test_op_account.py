"""GET and POST /account: what a person allowed, where they are signed in, and how both end."""

import json
import re
import time
from typing import Any

import pytest
from jose import jwt
from logout_testing import Clients, delivered, register, sign_in
from op_testing import ISSUER, SECRET, RunningProvider
from test_op_consent import THIRD, allow, tokens_of


async def page(provider: RunningProvider) -> str:
    return await page_of(provider.client)


async def page_of(client: Any) -> str:
    response = await client.get("/account")
    assert response.status_code == 200
    html: str = await response.get_data(as_text=True)
    return html


def csrf_of(html: str) -> str:
    return html.split('name="csrf_token" value="')[1].split('"', maxsplit=1)[0]


def sids_of(html: str) -> list[str]:
    return [part.split('"')[0] for part in html.split('name="sid" value="')[1:]]


def moment(seconds: int) -> str:
    return time.strftime('<time datetime="%Y-%m-%dT%H:%M:%SZ">', time.gmtime(seconds))


async def test_without_a_session_there_is_nothing_to_see(provider: RunningProvider) -> None:
    response = await provider.client.get("/account")
    assert response.status_code == 401
    assert "You are not signed in" in await response.get_data(as_text=True)


async def test_allowed_application_is_shown_and_removed(provider: RunningProvider) -> None:
    tokens = await tokens_of(provider, (await allow(provider))["code"])
    html = await page(provider)
    assert "A third party" in html
    assert "see your email address" in html
    response = await provider.client.post("/account", form={"client_id": "third", "csrf_token": csrf_of(html)})
    assert response.location == f"{ISSUER}/account"
    assert "No application has access." in await page(provider)
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401
    again = await provider.authorize(**THIRD)
    assert again.location.startswith(f"{ISSUER}/consent?")


async def test_removing_access_ends_the_tokens_of_that_client_only(provider: RunningProvider) -> None:
    """A refresh keeps the grant in the index, whenever its first tokens were issued."""
    mine = await provider.tokens()
    refresh = {"client_id": "third", "client_secret": SECRET}
    response = await allow(provider, scope="openid offline_access", prompt="consent")
    theirs = await tokens_of(provider, response["code"])
    provider.clock.pass_seconds(13 * 24 * 3600)
    theirs = await (await provider.refresh(theirs["refresh_token"], **refresh)).get_json()
    provider.clock.pass_seconds(2 * 24 * 3600)
    theirs = await (await provider.refresh(theirs["refresh_token"], **refresh)).get_json()
    mine = await (await provider.redeem(await provider.code(max_age="1"))).get_json()
    await provider.client.post("/account", form={"client_id": "third", "csrf_token": csrf_of(await page(provider))})
    assert (await provider.userinfo(theirs["access_token"])).status_code == 401
    assert (await provider.refresh(theirs["refresh_token"], **refresh)).status_code == 400
    assert (await provider.userinfo(mine["access_token"])).status_code == 200


async def test_a_session_elsewhere_is_shown_and_ended(provider: RunningProvider) -> None:
    tokens = await provider.tokens()
    elsewhere, provider.client = provider.client, provider.new_client()
    provider.clock.pass_seconds(1)
    mine = await provider.tokens()
    html = await page(provider)
    here, there = sids_of(html)
    assert html.count("this browser") == 1
    assert sids_of(await page_of(elsewhere)) == [there, here], "this browser comes first"
    await provider.client.post("/account", form={"sid": there, "csrf_token": csrf_of(html)})
    assert sids_of(await page(provider)) == [here]
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401
    assert (await provider.userinfo(mine["access_token"])).status_code == 200
    asked = await provider.authorize(client=elsewhere)
    assert asked.location.startswith(f"{ISSUER}/login?")


async def test_a_session_names_its_browser(provider: RunningProvider) -> None:
    location = (await provider.authorize()).location
    await provider.submit_login(location)
    session = (await provider.op.sessions.all("user0"))[0]
    assert session.user_agent
    assert session.user_agent in await page(provider)


async def test_session_shows_when_and_from_where_it_was_used(provider: RunningProvider) -> None:
    await provider.login()
    begin = int(provider.clock())
    provider.clock.pass_seconds(90)
    await provider.authorize()
    html = re.sub(r"\s+", " ", await page(provider))
    assert moment(begin) in html.split("Signed in on ")[1].split("<br>")[0]
    last_use = html.split("Last used on ")[1].split("</p>")[0]
    assert moment(begin + 90) in last_use
    assert last_use.strip().endswith(" from &lt;local&gt;")  # where the test client is


async def test_use_is_written_once_a_minute_and_prolongs_nothing(provider: RunningProvider) -> None:
    await provider.login()
    [key] = [key async for key in provider.redis.scan_iter(match="op:session:*")]
    await provider.redis.expire(key, 1000)
    begin = int(provider.clock())
    for passed, noted in ((59, begin), (1, begin + 60), (59, begin + 60)):
        provider.clock.pass_seconds(passed)
        await provider.authorize()
        assert (await provider.op.sessions.all("user0"))[0].used_at == noted
    assert 0 < await provider.redis.ttl(key) <= 1000


async def test_session_that_ended_is_not_written_again(provider: RunningProvider) -> None:
    await provider.login()
    [session] = await provider.op.sessions.all("user0")
    await provider.op.sessions.end("a cookie")
    await provider.op.sessions.note_use("a cookie", session, "192.0.2.1", session.used_at + 60)
    assert await provider.op.sessions.find("a cookie") is None


async def test_session_of_an_older_version_is_shown(provider: RunningProvider) -> None:
    await provider.login()
    [key] = [key async for key in provider.redis.scan_iter(match="op:session:*")]
    record = json.loads(await provider.redis.get(key))
    del record["address"], record["used_at"]
    await provider.redis.set(key, json.dumps(record), ex=1000)
    html = await page(provider)
    assert html.count(moment(record["auth_time"])) == 2
    assert " from " not in html.split("Last used on ")[1].split("</p>")[0]


async def test_sign_out_everywhere_ends_every_session(provider: RunningProvider, clients: Clients) -> None:
    await register(provider, "first", backchannel_logout_uri=f"{clients.url}/first")
    await register(provider, "second", backchannel_logout_uri=f"{clients.url}/second")
    tokens = [await sign_in(provider, "first")]
    assert "Sign out everywhere" not in await page(provider)
    elsewhere, provider.client = provider.client, provider.new_client()
    tokens.append(await sign_in(provider, "second"))
    form = {"everywhere": "true", "csrf_token": csrf_of(await page(provider))}
    response = await provider.client.post("/account", form=form)
    assert "You are signed out" in await response.get_data(as_text=True)
    await delivered(provider.op.back_channel)
    assert sorted(name for name, _ in clients.received) == ["first", "second"]
    for client in (elsewhere, provider.client):
        assert (await client.get("/account")).status_code == 401
    assert [(await provider.userinfo(one["access_token"])).status_code for one in tokens] == [401, 401]
    assert await provider.op.sessions.all("user0") == []


async def test_nobody_ends_anothers_session(provider: RunningProvider) -> None:
    """Nor what was given in it: a `sid` is no secret, every client of the session knows it."""
    tokens = await provider.tokens()
    victim = (await provider.op.sessions.all("user0"))[0]
    provider.client = provider.new_client()
    await provider.login("ada", "password-of-ada")
    await provider.client.post("/account", form={"sid": victim.sid, "csrf_token": csrf_of(await page(provider))})
    assert await provider.op.sessions.all("user0") == [victim]
    assert (await provider.userinfo(tokens["access_token"])).status_code == 200


@pytest.mark.parametrize("form", [{}, {"csrf_token": "0" * 64}, {"csrf_token": "é"}], ids=str)
async def test_another_sites_form_changes_nothing(provider: RunningProvider, form: dict[str, str]) -> None:
    await allow(provider)
    response = await provider.client.post("/account", form={"client_id": "third", **form})
    assert response.status_code == 400
    assert "A third party" in await page(provider)


async def test_a_form_that_names_nothing_is_refused(provider: RunningProvider) -> None:
    await provider.login()
    response = await provider.client.post("/account", form={"csrf_token": csrf_of(await page(provider))})
    assert response.status_code == 400


async def test_every_index_has_a_ttl(provider: RunningProvider) -> None:
    """Those of a user, and of a session."""
    sid = jwt.get_unverified_claims((await provider.tokens())["id_token"])["sid"]
    redis, settings = provider.redis, provider.op.settings
    longest = {
        "op:sessions:user0": settings.session_ttl,
        "op:grants:user0": settings.refresh_token_ttl,
        f"op:session-grants:{sid}": settings.session_ttl,
    }
    indexes = ("op:sessions:", "op:grants:", "op:session-grants:")
    keys = [key async for key in redis.scan_iter(match="op:*") if key.startswith(indexes)]
    assert sorted(keys) == sorted(longest)
    assert [key for key in keys if not 0 < await redis.ttl(key) <= longest[key]] == []


async def test_names_that_ended_are_dropped(provider: RunningProvider) -> None:
    await provider.tokens()
    provider.clock.pass_seconds(15 * 24 * 3600)
    await provider.redeem(await provider.code(prompt="login"))
    assert len(await provider.op.user_grants.all("user0")) == 1


async def test_code_is_revoked_with_its_consent(provider: RunningProvider) -> None:
    code = (await allow(provider))["code"]
    await provider.client.post("/account", form={"client_id": "third", "csrf_token": csrf_of(await page(provider))})
    response = await provider.redeem(code, client_id="third", client_secret=SECRET)
    assert (await response.get_json())["error"] == "invalid_grant"
