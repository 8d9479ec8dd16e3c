"""Subject identifiers, public and pairwise (OpenID Connect Core §8)."""

import json
from typing import Any

import pytest
from jose import jwt
from op_testing import ISSUER, SECRET, RunningProvider, query_of


async def tokens_of(provider: RunningProvider, client_id: str, **changes: Any) -> dict[str, Any]:
    await provider.register(client_id)
    code = await provider.code(client_id=client_id, **changes)
    body: dict[str, Any] = await (await provider.redeem(code, client_id=client_id, client_secret=SECRET)).get_json()
    return body


@pytest.mark.parametrize("client_id", ["pair", "pair-jwt", "pair-of-sector"])
@pytest.mark.spec("OpenID Connect Core §5.3.2, §8, §8.1")
async def test_pairwise_sub_is_the_same_everywhere(provider: RunningProvider, client_id: str) -> None:
    """OpenID Connect Core §5.3.2: A pairwise `sub` is the same in every response, including after a refresh."""
    await provider.register("resource-server")
    tokens = await tokens_of(provider, client_id)
    sub = jwt.get_unverified_claims(tokens["id_token"])["sub"]
    assert len(sub) == 43
    assert sub != "user0"
    refreshed = await provider.refresh(tokens["refresh_token"], client_id=client_id, client_secret=SECRET)
    tokens = await refreshed.get_json()
    userinfo = await (await provider.userinfo(tokens["access_token"])).get_json()
    assert userinfo["sub"] == sub
    assert userinfo["name"] == "User Zero"
    assert (await provider.introspect(tokens["access_token"], "resource-server", SECRET + "3"))["sub"] == sub
    assert (await provider.introspect(tokens["refresh_token"], client_id, SECRET))["sub"] == sub
    if client_id == "pair-jwt":
        assert jwt.get_unverified_claims(tokens["access_token"])["sub"] == sub


@pytest.mark.spec("OpenID Connect Core §8, §8.1")
async def test_sub_depends_on_sector_and_user(provider: RunningProvider) -> None:
    """A pairwise client gets a `sub` that is unique to its sector, and the same everywhere. The sector is the
    host of its sector_identifier_uri, or the only host of its redirect URIs.
    """
    subs = {}
    for client_id in ("pair", "pair-jwt", "pair-of-sector", "web"):
        subs[client_id] = jwt.get_unverified_claims((await tokens_of(provider, client_id))["id_token"])["sub"]
    assert subs["pair"] == subs["pair-jwt"], "one host"
    assert len(set(subs.values())) == 3
    assert subs["web"] == "user0"


@pytest.mark.spec("OpenID Connect Core §3.1.2.1, §5.5.1, §8.1")
async def test_client_names_a_user_by_its_pairwise_sub(provider: RunningProvider) -> None:
    """OpenID Connect Core §3.1.2.1, §5.5.1: A client names a user by its pairwise `sub` in id_token_hint and claims."""
    tokens = await tokens_of(provider, "pair")
    sub = jwt.get_unverified_claims(tokens["id_token"])["sub"]
    by_claims: dict[str, Any] = {"claims": json.dumps({"id_token": {"sub": {"value": sub}}})}
    for named in ({"id_token_hint": tokens["id_token"]}, by_claims):
        response = await provider.authorize(client_id="pair", prompt="none", **named)
        assert "code" in query_of(response.location)
        again = await provider.authorize(client_id="pair", prompt="login", **named)
        assert "code" in query_of((await provider.submit_login(again.location)).location)
    ours: dict[str, Any] = {"claims": json.dumps({"id_token": {"sub": {"value": "user0"}}})}
    refused = await provider.authorize(client_id="pair", prompt="none", **ours)
    assert query_of(refused.location)["error"] == "login_required"


@pytest.mark.spec("OpenID Connect Core §8.1")
async def test_pending_tab_continues_for_the_named_user(provider: RunningProvider) -> None:
    """A hint and the `claims` parameter name a user by the `sub` that the client knows."""
    hint = (await tokens_of(provider, "pair"))["id_token"]
    provider.client = provider.new_client()
    waiting = (await provider.authorize(client_id="pair", id_token_hint=hint)).location
    await provider.login()
    response = await provider.client.get(waiting.removeprefix(ISSUER))
    assert "code" in query_of(response.location)


async def test_both_subject_types_are_advertised(provider: RunningProvider) -> None:
    metadata = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert metadata["subject_types_supported"] == ["public", "pairwise"]


@pytest.mark.spec("OpenID Connect Core §8, §8.1")
async def test_sid_differs_between_sectors(provider: RunningProvider) -> None:
    """OpenID Connect Core §8: No claim tells two sectors that they know the same user."""
    sids = {}
    for client_id in ("pair", "pair-jwt", "pair-of-sector", "web", "jwt"):
        sids[client_id] = jwt.get_unverified_claims((await tokens_of(provider, client_id))["id_token"])["sid"]
    assert sids["pair"] == sids["pair-jwt"], "one host"
    assert sids["web"] == sids["jwt"], "public"
    assert len(set(sids.values())) == 3


@pytest.mark.spec("OpenID Connect Core §8, §8.1", "OpenID Connect RP-Initiated Logout §2")
async def test_session_is_ended_by_the_sid_of_the_client(provider: RunningProvider) -> None:
    """OpenID Connect Core §8, §8.1: The `sid` of a session differs for each sector too. A client that registered
    itself keeps its subject_type and its sector. A pairwise one cannot use the device grant, which would not prove its
    sector.
    """
    tokens = await tokens_of(provider, "pair")
    response = await provider.client.get("/logout", query_string={"id_token_hint": tokens["id_token"]})
    assert "signed out" in await response.get_data(as_text=True)
    assert await provider.op.sessions.all("user0") == []
