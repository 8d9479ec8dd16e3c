"""When users must log in, and how (OpenID Connect Core §3.1.2.1, §3.1.2.3, §5.5.1.1)."""

import json
from typing import Any

import pytest
from jose import jwt
from op_testing import ISSUER, SECRET, RunningProvider, query_of

from op.protocol.authorization.authentication_context import ACR


async def id_token_of(provider: RunningProvider, location: str, **form: Any) -> dict[str, Any]:
    tokens = await (await provider.redeem(query_of(location)["code"], **form)).get_json()
    return jwt.get_unverified_claims(tokens["id_token"])


# --- prompt and max_age ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"prompt": "login"}, id="prompt login"),
        pytest.param({"prompt": "select_account"}, id="prompt select_account"),
        pytest.param({"prompt": "login select_account"}, id="both"),
        pytest.param({"max_age": "0"}, id="max_age 0 is prompt login"),
        pytest.param({"max_age": "0", "prompt": "login"}, id="both again"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_demanded_login_has_a_later_auth_time(provider: RunningProvider, changes: dict[str, Any]) -> None:
    """`max_age=0` works like `prompt=login`, and `select_account` shows the login page; the id_token then has a
    later auth_time.
    """
    first = await id_token_of(provider, (await provider.login()).location)
    first_response = await provider.authorize(**changes)
    assert first_response.location.startswith(f"{ISSUER}/login?")
    provider.clock.pass_seconds(5)
    second = await id_token_of(provider, (await provider.login(**changes)).location)
    assert second["auth_time"] == first["auth_time"] + 5
    assert second["sid"] != first["sid"]


@pytest.mark.spec("OpenID Connect Core §2, §3.1.2.1")
async def test_auth_time_is_kept_within_max_age(provider: RunningProvider) -> None:
    """OpenID Connect Core §2: Within max_age, the id_token has the auth_time of the first login."""
    first = await id_token_of(provider, (await provider.login()).location)
    provider.clock.pass_seconds(50)
    second = await id_token_of(provider, (await provider.authorize(max_age="60")).location)
    assert second["auth_time"] == first["auth_time"] == second["iat"] - 50


@pytest.mark.parametrize("prompt", ["none login", "none select_account", "login none"])
async def test_prompt_none_must_be_the_only_value(provider: RunningProvider, prompt: str) -> None:
    assert query_of((await provider.authorize(prompt=prompt)).location)["error"] == "invalid_request"


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_prompt_none_with_max_age_0_is_login_required(provider: RunningProvider) -> None:
    await provider.login()
    result = query_of((await provider.authorize(prompt="none", max_age="0")).location)
    assert result["error"] == "login_required"


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_parameters_without_effect_are_accepted(provider: RunningProvider) -> None:
    """display and claims_locales are accepted and have no effect. Unknown parameters are ignored."""
    strange = {"display": "popup", "claims_locales": "se en", "foo": "bar", "resource_x": "y"}
    assert "code" in query_of((await provider.login(**strange)).location)


# --- id_token_hint ---------------------------------------------------------------------------------------------------


async def hint_of(provider: RunningProvider, client_id: str = "web") -> str:
    await provider.register(client_id)
    code = await provider.code(client_id=client_id)
    tokens = await (await provider.redeem(code, client_id=client_id, client_secret=SECRET)).get_json()
    return str(tokens["id_token"])


@pytest.mark.parametrize("client_id", ["web", "es256", "hs256"])
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_hint_of_the_logged_in_user_is_accepted(provider: RunningProvider, client_id: str) -> None:
    """An expired hint is accepted as well."""
    hint = await hint_of(provider, client_id)
    provider.clock.pass_seconds(3600)
    response = await provider.authorize(client_id=client_id, prompt="none", id_token_hint=hint)
    assert "code" in query_of(response.location)


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_hint_of_another_user_requires_login(provider: RunningProvider) -> None:
    """id_token_hint, expired or not, names the user who must be logged in. A hint of another issuer or client is
    rejected.
    """
    hint = await hint_of(provider)
    provider.client = provider.new_client()
    await provider.login("ada", "password-of-ada")
    silent = await provider.authorize(prompt="none", id_token_hint=hint)
    assert query_of(silent.location)["error"] == "login_required"
    login_page = await provider.authorize(id_token_hint=hint)
    assert login_page.location.startswith(f"{ISSUER}/login?")
    wrong = await provider.submit_login(login_page.location, "ada", "password-of-ada")
    assert query_of(wrong.location)["error"] == "login_required"
    assert "code" in query_of((await provider.login(id_token_hint=hint)).location)


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_invalid_hint_is_rejected(provider: RunningProvider) -> None:
    """A hint is rejected if it was changed, is of another issuer or client, is not an id_token, or contradicts
    the claims parameter.
    """
    hint = await hint_of(provider)
    header, payload, signature = hint.split(".")
    of_another = await hint_of(provider, "es256")
    access_token = (await provider.tokens(client_id="web"))["access_token"]
    hints = [of_another, access_token, "x", "a.b.c", f"{header}.{payload}.{signature[::-1]}", "é"]
    for wrong in hints:
        result = query_of((await provider.authorize(id_token_hint=wrong)).location)
        assert result["error"] == "invalid_request", wrong
    other = json.dumps({"id_token": {"sub": {"value": "ada"}}})
    result = query_of((await provider.authorize(id_token_hint=hint, claims=other)).location)
    assert result["error"] == "invalid_request"


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_hint_of_another_client_is_rejected(provider: RunningProvider) -> None:
    hint = await hint_of(provider, "plain")
    result = query_of((await provider.authorize(id_token_hint=hint)).location)
    assert result["error_description"] == "The id_token_hint was not issued to this client."


# --- acr and amr -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, {}, id="not requested"),
        pytest.param({"acr_values": ACR}, {"acr": ACR, "amr": ["pwd"]}, id="§3.1.2.1 acr_values"),
        pytest.param({"acr_values": "urn:gold 1"}, {"acr": ACR, "amr": ["pwd"]}, id="§3.1.2.1 voluntary"),
        pytest.param({"claims": '{"id_token": {"amr": null}}'}, {"amr": ["pwd"]}, id="amr"),
        pytest.param({"claims": '{"id_token": {"acr": {"essential": true}}}'}, {"acr": ACR}, id="essential acr"),
        pytest.param({"claims": '{"id_token": {"acr": {"value": "x"}}}'}, {"acr": ACR}, id="a voluntary acr"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_acr_and_amr_are_returned_on_request(
    provider: RunningProvider, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    """acr_values requests `acr` as a voluntary claim, with `amr`."""
    claims = await id_token_of(provider, (await provider.login(**changes)).location)
    assert {name: claims[name] for name in ("acr", "amr") if name in claims} == expected


@pytest.mark.spec("OpenID Connect Core §5.5.1.1")
async def test_unsupported_essential_acr_is_rejected(provider: RunningProvider) -> None:
    """An essential `acr` that no login here satisfies is a failed authentication."""
    claims = '{"id_token": {"acr": {"essential": true, "values": ["urn:gold"]}}}'
    result = query_of((await provider.authorize(claims=claims)).location)
    assert result["error"] == "unmet_authentication_requirements"
