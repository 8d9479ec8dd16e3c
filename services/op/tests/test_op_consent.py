"""GET and POST /consent (OpenID Connect Core §3.1.2.4), and offline_access (§11)."""

import asyncio
import re
from typing import Any

import pytest
from op_testing import ISSUER, SECRET, ProviderFactory, RunningProvider, hidden_fields, query_of

THIRD: dict[str, Any] = {"client_id": "third", "scope": "openid email"}


async def to_consent(provider: RunningProvider, **changes: Any) -> str:
    """Sign in to the third-party client; the address of the consent page."""
    await provider.register("third")
    response = await provider.authorize(**(THIRD | changes))
    if response.location.startswith(f"{ISSUER}/login?"):
        response = await provider.submit_login(response.location)
    assert response.location.startswith(f"{ISSUER}/consent?login="), response.location
    location: str = response.location
    return location.removeprefix(ISSUER)


async def decide(provider: RunningProvider, location: str, value: str = "allow", **changes: Any) -> Any:
    html = await (await provider.client.get(location)).get_data(as_text=True)
    return await provider.client.post("/consent", form=hidden_fields(html) | {"answer": value} | changes)


async def allow(provider: RunningProvider, **changes: Any) -> dict[str, str]:
    """Sign in and allow; the response to the client."""
    return query_of((await decide(provider, await to_consent(provider, **changes))).location)


@pytest.mark.spec("OpenID Connect Core §3.1.2.4")
async def test_page_shows_client_scopes_and_lifetime(provider: RunningProvider) -> None:
    """The consent page names the client, describes what it requests and for how long, and lets the user allow or
    deny it.
    """
    claims = '{"userinfo": {"nickname": null, "email": null}}'
    location = await to_consent(provider, scope="openid email api:read", claims=claims)
    html = await (await provider.client.get(location)).get_data(as_text=True)
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html))
    for expected in (
        "A third party requests access to your account",
        "Signed in as user0",
        "know who you are",
        "see your email address",
        "use its permission “api:read”",
        "see from your profile: nickname",
        "Access ends after 5 minutes.",
        "remembered for 365 days",
    ):
        assert expected in text
    assert "see your postal address" not in text


async def test_another_user_can_log_in_instead(provider: RunningProvider) -> None:
    """The pending authorization continues with the new user; the session of the first one ends."""
    location = await to_consent(provider)
    html = await (await provider.client.get(location)).get_data(as_text=True)
    [link] = re.findall(r'<a href="([^"]+)">Not you\?</a>', html)
    link = link.replace("&amp;", "&")
    login_page = await provider.client.get(link)
    assert login_page.status_code == 200
    assert 'name="username" value=""' in await login_page.get_data(as_text=True)
    assert len(await provider.op.sessions.all("user0")) == 1
    response = await provider.submit_login(ISSUER + link, "ada", "password-of-ada")
    assert response.location == ISSUER + location
    html = await (await provider.client.get(location)).get_data(as_text=True)
    assert "Signed in as <strong>ada</strong>" in html
    assert await provider.op.sessions.all("user0") == []
    tokens = await tokens_of(provider, query_of((await decide(provider, location)).location)["code"])
    assert (await (await provider.userinfo(tokens["access_token"])).get_json())["sub"] == "ada"


async def test_user_can_stay_after_a_failed_switch(provider: RunningProvider) -> None:
    location = await to_consent(provider)
    switch = location.replace("/consent?", "/login?switch_user=true&")
    assert (await provider.submit_login(ISSUER + switch, "ada", "wrong")).status_code == 403
    assert query_of((await decide(provider, location)).location)["code"]


@pytest.mark.spec("OpenID Connect Core §3.1.2.4")
async def test_page_says_that_use_renews_access(provider: RunningProvider) -> None:
    location = await to_consent(provider, scope="openid offline_access", prompt="consent")
    html = await (await provider.client.get(location)).get_data(as_text=True)
    assert "keep its access while you are not signed in" in html
    assert "Access is renewed with each use and otherwise ends after 14 days." in html


@pytest.mark.spec("OpenID Connect Core §3.1.2.4")
async def test_stored_consent_is_not_requested_again(provider: RunningProvider) -> None:
    """A consent is remembered per user and client. It is requested again if the client requests more, with
    `prompt=consent`, and when it has expired; first-party clients are registered to skip it.
    """
    assert allowed_keys(await allow(provider))
    again = await provider.authorize(**THIRD)
    assert "code" in query_of(again.location)
    less = await provider.authorize(**(THIRD | {"scope": "openid"}), prompt="none")
    assert "code" in query_of(less.location)


def allowed_keys(response: dict[str, str]) -> bool:
    return response.keys() == {"code", "state", "iss"}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"scope": "openid email profile"}, id="another scope"),
        pytest.param({"claims": '{"id_token": {"nickname": null}}'}, id="a claim beyond the scope"),
        pytest.param({"prompt": "consent"}, id="prompt=consent"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.4")
async def test_consent_is_requested_again_for_more_access(provider: RunningProvider, changes: dict[str, Any]) -> None:
    await allow(provider)
    assert allowed_keys(await allow(provider, **changes))
    assert "code" in query_of((await provider.authorize(**(THIRD | changes | {"prompt": None}))).location)


async def test_earlier_consent_is_kept(provider: RunningProvider) -> None:
    await allow(provider, scope="openid email")
    await allow(provider, scope="openid profile")
    both = await provider.authorize(client_id="third", scope="openid profile email")
    assert "code" in query_of(both.location)


@pytest.mark.spec("OpenID Connect Core §3.1.2.4")
async def test_consent_belongs_to_one_user_and_client(provider: RunningProvider) -> None:
    await allow(provider)
    provider.client = provider.new_client()
    response = await provider.login("ada", "password-of-ada", **THIRD)
    assert response.location.startswith(f"{ISSUER}/consent?")


@pytest.mark.spec("OpenID Connect Core §3.1.2.4")
async def test_consent_expires_after_consent_ttl(provider_with: ProviderFactory) -> None:
    provider = await provider_with(consent_ttl=3600)
    await allow(provider)
    redis = provider.redis
    assert 3590 < await redis.ttl("op:consent:user0") <= 3600
    provider.clock.pass_seconds(3599)
    assert "code" in query_of((await provider.authorize(**THIRD)).location)
    provider.clock.pass_seconds(1)
    await to_consent(provider)


@pytest.mark.spec("OpenID Connect Core §3.1.2.6")
async def test_prompt_none_without_consent_is_consent_required(provider: RunningProvider) -> None:
    """With `prompt=none`, missing consent is `consent_required`."""
    await provider.register("third")
    await provider.login()
    assert query_of((await provider.authorize(**THIRD, prompt="none")).location)["error"] == "consent_required"


@pytest.mark.spec("OpenID Connect Core §3.1.2.4")
async def test_denial_is_sent_to_the_client_and_not_stored(provider: RunningProvider) -> None:
    location = await to_consent(provider)
    response = await decide(provider, location, "refuse")
    assert query_of(response.location)["error"] == "access_denied"
    assert query_of(response.location)["state"] == "state-of-the-test"
    assert (await provider.client.get(location)).status_code == 400, "it has been decided"
    await to_consent(provider)


@pytest.mark.spec("OpenID Connect Core §3.1.2.4")
async def test_first_party_client_needs_consent_only_on_demand(provider: RunningProvider) -> None:
    assert "code" in query_of((await provider.login()).location)
    await to_consent(provider, client_id="web", prompt="consent")


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_login_and_consent_follow_each_other(provider: RunningProvider) -> None:
    """prompt is a list."""
    await allow(provider)
    response = await provider.authorize(**THIRD, prompt="consent login")
    assert response.location.startswith(f"{ISSUER}/login?")
    response = await provider.submit_login(response.location)
    assert response.location.startswith(f"{ISSUER}/consent?")
    assert allowed_keys(query_of((await decide(provider, response.location.removeprefix(ISSUER))).location))


# --- Who may decide --------------------------------------------------------------------------------------------------


@pytest.mark.spec("OpenID Connect Core §3.1.2.4")
async def test_form_of_another_browser_is_rejected(provider: RunningProvider) -> None:
    location = await to_consent(provider)
    html = await (await provider.client.get(location)).get_data(as_text=True)
    other = provider.new_client()
    assert (await other.get(location)).status_code == 400
    response = await other.post("/consent", form=hidden_fields(html) | {"answer": "allow"})
    assert response.status_code == 400


@pytest.mark.parametrize(
    "changes", [{"csrf_token": ""}, {"csrf_token": "0" * 64}, {"login": "A" * 22}, {"answer": "maybe"}], ids=str
)
async def test_forged_form_is_rejected(provider: RunningProvider, changes: dict[str, Any]) -> None:
    response = await decide(provider, await to_consent(provider), **changes)
    assert (response.status_code, response.location) == (400, None)


async def test_csrf_token_of_the_login_form_is_rejected(provider: RunningProvider) -> None:
    await provider.register("third")
    waiting = await provider.authorize(**THIRD)
    page = await (await provider.client.get(waiting.location.removeprefix(ISSUER))).get_data(as_text=True)
    await provider.submit_login(waiting.location)
    response = await provider.client.post("/consent", form=hidden_fields(page) | {"answer": "allow"})
    assert response.status_code == 400


async def test_consent_requires_the_demanded_login(provider: RunningProvider) -> None:
    """prompt=login cannot be circumvented by opening the consent page directly."""
    await provider.register("third")
    await provider.login()
    login = (await provider.authorize(**THIRD, prompt="login")).location
    response = await provider.client.get(login.removeprefix(ISSUER).replace("/login", "/consent"))
    assert response.location == login


@pytest.mark.spec("OpenID Connect Core §3.1.2.4")
async def test_one_of_parallel_decisions_gets_a_code(provider: RunningProvider) -> None:
    location = await to_consent(provider)
    html = await (await provider.client.get(location)).get_data(as_text=True)
    form = hidden_fields(html) | {"answer": "allow"}
    responses = await asyncio.gather(*(provider.client.post("/consent", form=form) for _ in range(5)))
    assert sorted(response.status_code for response in responses) == [303] + [400] * 4


async def test_user_removed_before_the_decision_must_log_in(provider: RunningProvider) -> None:
    location = await to_consent(provider)
    user = await provider.op.users.find("user0")
    assert user is not None
    await provider.op.users.remove(user)
    response = await provider.client.get(location)
    assert response.location == ISSUER + location.replace("/consent", "/login")
    assert (await provider.client.get(location.replace("/consent", "/login"))).status_code == 200


async def test_client_name_is_escaped(provider: RunningProvider) -> None:
    await provider.register("third")
    client = await provider.op.clients.read("third")
    assert client is not None
    named = type(client)(client_id="x", client_name="<b>x", client_secret="s", redirect_uris=client.redirect_uris)
    await provider.op.clients.save(named)
    html = await (await provider.client.get(await to_consent(provider, client_id="x"))).get_data(as_text=True)
    assert "&lt;b&gt;x" in html
    assert "<b>" not in html


# --- offline_access --------------------------------------------------------------------------------------------------


OFFLINE: dict[str, Any] = {"client_id": "third", "scope": "openid offline_access"}


async def tokens_of(provider: RunningProvider, code: str, client_id: str = "third") -> dict[str, Any]:
    body: dict[str, Any] = await (await provider.redeem(code, client_id=client_id, client_secret=SECRET)).get_json()
    return body


@pytest.mark.spec("OpenID Connect Core §11")
async def test_offline_access_with_consent_returns_a_refresh_token(provider: RunningProvider) -> None:
    """offline_access needs `prompt=consent` or a first-party client, and is ignored otherwise. A client that is
    registered for it gets a refresh token only with it.
    """
    response = await allow(provider, **OFFLINE, prompt="consent")
    tokens = await tokens_of(provider, response["code"])
    assert tokens["scope"] == "openid offline_access"
    refreshed = await provider.refresh(tokens["refresh_token"], client_id="third", client_secret=SECRET)
    assert "refresh_token" in await refreshed.get_json()


@pytest.mark.spec("OpenID Connect Core §11")
async def test_offline_access_without_prompt_consent_is_ignored(provider: RunningProvider) -> None:
    """OpenID Connect Core §11."""
    tokens = await tokens_of(provider, (await allow(provider, **OFFLINE))["code"])
    assert tokens["scope"] == "openid"
    assert "refresh_token" not in tokens


@pytest.mark.spec("OpenID Connect Core §11")
async def test_first_party_client_gets_offline_access(provider: RunningProvider) -> None:
    await provider.register("plain")
    tokens = await tokens_of(provider, await provider.code(**(OFFLINE | {"client_id": "plain"})), "plain")
    assert "refresh_token" in tokens
    without = await tokens_of(provider, await provider.code(client_id="plain", scope="openid"), "plain")
    assert "refresh_token" not in without


@pytest.mark.spec("OpenID Connect Core §11")
async def test_client_without_offline_access_gets_a_refresh_token(provider: RunningProvider) -> None:
    assert "refresh_token" in await provider.tokens(scope="openid")
