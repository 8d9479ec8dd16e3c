"""Claims by scope (Core §5.4), and individually requested ones (Core §5.5)."""

import json
from typing import Any

import pytest
from jose import jwt
from op_testing import ADA, ISSUER, SECRET, RunningProvider, query_of

PROTOCOL = {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid"}
FULL = "openid email profile address phone"


async def surfaces(provider: RunningProvider, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The claims of Ada's ID token and UserInfo response, by default for the client `plain`."""
    client_id = changes.setdefault("client_id", "plain")
    await provider.register(client_id)
    code = await provider.code(username="ada", password="password-of-ada", **changes)
    tokens = await (await provider.redeem(code, client_id=client_id, client_secret=SECRET)).get_json()
    claims = jwt.get_unverified_claims(tokens["id_token"])
    userinfo = await (await provider.userinfo(tokens["access_token"])).get_json()
    return {name: value for name, value in claims.items() if name not in PROTOCOL}, userinfo


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("openid", set()),
        (FULL, set(ADA)),
    ],
)
@pytest.mark.spec("OpenID Connect Core §5.1, §5.4")
async def test_scope_claims_are_returned_only_by_userinfo(
    provider: RunningProvider, scope: str, names: set[str]
) -> None:
    """With an access token the claims are returned by UserInfo, each with the type of §5.1."""
    id_token, userinfo = await surfaces(provider, scope=scope)
    assert id_token == {}
    assert userinfo == {"sub": "ada"} | {name: ADA[name] for name in names}


@pytest.mark.spec("OpenID Connect Core §5.4")
async def test_scope_claims_can_be_in_the_id_token(provider: RunningProvider) -> None:
    """The claims of a scope are returned by UserInfo. They are in the id_token too only if the client is
    registered for it.
    """
    id_token, _ = await surfaces(provider, client_id="web", scope="openid email")
    assert id_token == {"email": "ada@example.com", "email_verified": False}


@pytest.mark.parametrize(
    ("claims", "id_token", "userinfo"),
    [
        pytest.param({"id_token": {"email": None}}, {"email"}, set(), id="§5.5 id_token"),
        pytest.param({"userinfo": {"email": None}}, set(), {"email"}, id="§5.5 userinfo"),
        pytest.param({"id_token": {"name": {"essential": True}}}, {"name"}, set(), id="§5.5.1 essential"),
        pytest.param({"userinfo": {"locale": {"value": "de"}}}, set(), set(), id="§5.5.1 another value"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §5.5, §5.5.1")
async def test_individually_requested_claims_are_returned(
    provider: RunningProvider, claims: dict[str, Any], id_token: set[str], userinfo: set[str]
) -> None:
    got = await surfaces(provider, scope="openid", claims=json.dumps(claims))
    assert got[0] == {name: ADA[name] for name in id_token}
    assert got[1] == {"sub": "ada"} | {name: ADA[name] for name in userinfo}


@pytest.mark.spec("OpenID Connect Core §5.5")
async def test_requested_claims_are_stored_with_the_grant(provider: RunningProvider) -> None:
    """The requested claims apply to the access token of a refresh as well."""
    claims = json.dumps({"userinfo": {"email": None}})
    tokens = await provider.tokens(scope="openid", claims=claims)
    refreshed = await (await provider.refresh(tokens["refresh_token"])).get_json()
    userinfo = await (await provider.userinfo(refreshed["access_token"])).get_json()
    assert userinfo == {"sub": "user0", "email": "user0@example.com"}


@pytest.mark.parametrize(
    "claims",
    [
        "{",
    ],
    ids=lambda text: text[:40],
)
@pytest.mark.spec("OpenID Connect Core §5.5")
async def test_malformed_claims_parameter_is_rejected(provider: RunningProvider, claims: str) -> None:
    """The `claims` parameter requests claims of the id_token and of UserInfo, and is stored with the grant.
    Unknown claims are omitted.
    """
    result = query_of((await provider.authorize(claims=claims)).location)
    assert result["error"] == "invalid_request"
    assert "claims" in result["error_description"]


# --- Requests for one user -------------------------------------------------------------------------------------------


def about(sub: str) -> str:
    return json.dumps({"id_token": {"sub": {"value": sub}}})


@pytest.mark.spec("OpenID Connect Core §5.5.1")
async def test_request_for_the_logged_in_user_gets_a_code(provider: RunningProvider) -> None:
    """A claim that is requested with `value` or `values` is returned with one of these or not at all. `sub` with
    a value names the only user who may sign in.
    """
    await provider.login()
    assert "code" in query_of((await provider.authorize(claims=about("user0"), prompt="none")).location)


@pytest.mark.spec("OpenID Connect Core §3.1.2.2")
async def test_request_for_another_user_requires_login(provider: RunningProvider) -> None:
    """No response is about another user than the requested one: the result is `login_required` or a login."""
    await provider.login()
    silent = await provider.authorize(claims=about("ada"), prompt="none")
    assert query_of(silent.location)["error"] == "login_required"
    login_page = await provider.authorize(claims=about("ada"))
    assert login_page.location.startswith(f"{ISSUER}/login?")
    assert "code" in query_of((await provider.submit_login(login_page.location, "ada", "password-of-ada")).location)


@pytest.mark.spec("OpenID Connect Core §3.1.2.2, §5.5.1")
async def test_login_of_another_user_is_rejected(provider: RunningProvider) -> None:
    """OpenID Connect Core §3.1.2.2: The login of another user never leads to an id_token, and the request cannot
    be repeated.
    """
    login_page = await provider.authorize(claims=about("ada"))
    response = await provider.submit_login(login_page.location)
    assert query_of(response.location).keys() == {"error", "error_description", "state", "iss"}
    assert query_of(response.location)["error"] == "login_required"
    again = await provider.client.get(login_page.location.removeprefix(ISSUER))
    assert again.status_code == 400


@pytest.mark.parametrize(
    "depth",
    [
        25,
        1990,
    ],
)
@pytest.mark.spec("RFC 8259")
async def test_too_deeply_nested_claims_are_rejected(provider: RunningProvider, depth: int) -> None:
    """Deep nesting is rejected even if the JSON parser could read it, since the result could not be written again."""
    claims = f'{{"userinfo":{{"email":{{"value":{"[" * depth}{"]" * depth}}}}}}}'
    assert query_of((await provider.authorize(claims=claims)).location)["error"] == "invalid_request"
