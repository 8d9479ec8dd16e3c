"""GET and POST /logout (OpenID Connect RP-Initiated Logout 1.0)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from jose import jwt
from op_testing import ISSUER, SECRET, RunningProvider, hidden_fields, query_of

BYE = "http://client.test/bye"


async def logout(provider: RunningProvider, **parameters: Any) -> Any:
    return await provider.client.get("/logout", query_string=parameters)


async def signed_in(provider: RunningProvider) -> bool:
    return "code" in query_of((await provider.authorize(prompt="none")).location)


@pytest.mark.parametrize("client_id", ["web", "es256", "hs256"])
@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
async def test_hint_ends_the_session_at_once(provider: RunningProvider, client_id: str) -> None:
    """A hint of the current session ends it at once, even if the hint has expired."""
    await provider.register(client_id)
    code = await provider.code(client_id=client_id)
    tokens = await (await provider.redeem(code, client_id=client_id, client_secret=SECRET)).get_json()
    provider.clock.pass_seconds(3600)
    response = await logout(provider, id_token_hint=tokens["id_token"])
    assert response.status_code == 200
    assert not await signed_in(provider)


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2, §3")
async def test_logout_returns_to_a_registered_uri_with_state(provider: RunningProvider) -> None:
    """OpenID Connect RP-Initiated Logout §3: The browser is redirected only to a registered URI, with the state
    that was sent.
    """
    tokens = await provider.tokens()
    response = await logout(
        provider, id_token_hint=tokens["id_token"], post_logout_redirect_uri=BYE, state="a b", client_id="web"
    )
    assert response.status_code == 303
    assert response.location == f"{BYE}?state=a+b"


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
async def test_logout_without_hint_needs_confirmation(provider: RunningProvider) -> None:
    """Without a valid hint of the current session, the user is asked to confirm.

    The form is protected against CSRF.
    """
    await provider.tokens()
    page = await logout(provider, client_id="web", post_logout_redirect_uri=BYE, state="s")
    assert page.status_code == 200
    assert await signed_in(provider)
    fields = hidden_fields(await page.get_data(as_text=True))
    refused = await provider.client.post("/logout", form=fields | {"csrf_token": "0" * 64})
    assert refused.status_code == 400
    assert await signed_in(provider)
    response = await provider.client.post("/logout", form=fields)
    assert response.location == f"{BYE}?state=s"
    assert not await signed_in(provider)


async def confirmation(provider: RunningProvider) -> dict[str, str]:
    """The fields of the form of the confirmation page."""
    page = await logout(provider, client_id="web", post_logout_redirect_uri=BYE, state="s")
    return hidden_fields(await page.get_data(as_text=True))


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
async def test_confirmed_logout_of_an_ended_session_succeeds(provider: RunningProvider) -> None:
    """A confirmed logout succeeds even if the session has already ended, by its lifetime or in another tab.

    The session may expire while the user reads the page; the cookie is still there.
    """
    await provider.tokens()
    fields = await confirmation(provider)
    for session in await provider.op.sessions.all("user0"):
        await provider.op.sessions.end_by_sid("user0", session.sid)
    response = await provider.client.post("/logout", form=fields)
    assert (response.status_code, response.location) == (303, f"{BYE}?state=s")


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
async def test_logout_can_be_confirmed_twice(provider: RunningProvider) -> None:
    """A logout that is confirmed in two tabs succeeds in both; the first one removed the cookie."""
    await provider.tokens()
    fields = await confirmation(provider)
    assert (await provider.client.post("/logout", form=fields)).location == f"{BYE}?state=s"
    response = await provider.client.post("/logout", form=fields)
    assert response.status_code == 303
    assert response.location.startswith(f"{ISSUER}/logout?client_id=web&")
    assert "csrf_token" not in response.location
    again = await provider.client.get(response.location.removeprefix(ISSUER))
    assert again.location == f"{BYE}?state=s"


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2", "OpenID Connect Front-Channel Logout §3")
async def test_hint_of_another_session_needs_confirmation(provider: RunningProvider) -> None:
    """OpenID Connect Front-Channel Logout §3: `sid` identifies the session to clients, and the logout recognizes it.

    An old id_token of the same user must not end another session.
    """
    old = await provider.tokens()
    await provider.tokens(prompt="login")
    page = await logout(provider, id_token_hint=old["id_token"])
    assert "Sign out?" in await page.get_data(as_text=True)
    assert await signed_in(provider)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        pytest.param(
            {"client_id": "web", "post_logout_redirect_uri": BYE + "/"},
            "The post_logout_redirect_uri must exactly match one of",
            id="off by a slash",
        ),
        pytest.param(
            {"client_id": "other", "post_logout_redirect_uri": BYE},
            "The post_logout_redirect_uri must exactly match one of",
            id="of another client",
        ),
        pytest.param(
            {"post_logout_redirect_uri": BYE},
            "The post_logout_redirect_uri requires an id_token_hint or a client_id.",
            id="without a client",
        ),
        pytest.param(
            {"client_id": "nobody", "post_logout_redirect_uri": BYE},
            "The post_logout_redirect_uri requires an id_token_hint or a client_id.",
            id="of an unknown client",
        ),
        pytest.param(
            {"id_token_hint": "nonsense"}, "The id_token_hint is not an ID token.", id="a hint that is not a JWT"
        ),
        pytest.param(
            {"id_token_hint": jwt.encode({"iss": ISSUER, "aud": "web", "sub": "user0"}, "x" * 32)},
            "The id_token_hint was not issued by this provider.",
            id="a hint signed with another key",
        ),
        pytest.param(
            {"id_token_hint": jwt.encode({"iss": ISSUER, "aud": "nobody", "sub": "user0"}, "x" * 32)},
            "id_token_hint was issued to a client that is not registered.",
            id="a hint for an unknown client",
        ),
    ],
)
@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2, §3")
async def test_invalid_request_does_not_end_or_redirect(
    provider: RunningProvider, parameters: dict[str, Any], sentence: str
) -> None:
    """An invalid logout request ends nothing and redirects nowhere; the page names the faulty parameter as it is
    written in the request.
    """
    await provider.register("other")
    await provider.tokens()
    response = await logout(provider, **parameters)
    assert response.status_code == 400
    assert response.location is None
    assert sentence in await response.get_data(as_text=True)
    assert await signed_in(provider)


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
async def test_client_id_must_match_the_hint(provider: RunningProvider) -> None:
    """A hint of another issuer or of another client ends nothing."""
    await provider.register("other")
    tokens = await provider.tokens()
    assert (await logout(provider, id_token_hint=tokens["id_token"], client_id="other")).status_code == 400


@pytest.mark.parametrize(
    ("form", "location"),
    [
        pytest.param(
            {"client_id": "web", "state": "s"}, f"{ISSUER}/logout?client_id=web&state=s", id="a client's request"
        ),
        pytest.param({"csrf_token": "0" * 64}, f"{ISSUER}/logout", id="a confirmation"),
    ],
)
@pytest.mark.spec("OpenID Connect RP-Initiated Logout §2")
async def test_cross_site_form_does_not_end_the_session(
    provider: RunningProvider, form: dict[str, str], location: str
) -> None:
    """A logout by POST from another site, which carries no cookie, becomes a GET that does; nothing is ended before
    that.

    Its POST carries no cookie (SameSite=Lax): it becomes a GET, which has the cookie and asks the user.
    """
    await provider.tokens()
    response = await provider.new_client().post("/logout", form=form)
    assert (response.status_code, response.location) == (303, location)
    assert "Set-Cookie" not in response.headers
    page = await provider.client.get(location.removeprefix(ISSUER))
    assert "Sign out?" in await page.get_data(as_text=True)
    assert await signed_in(provider)


async def with_foreign_issuer(provider: RunningProvider, claims: dict[str, Any]) -> str:
    return await provider.op.keys.sign(claims | {"iss": "http://other.test"}, "RS256", typ="JWT")


async def with_client_secret(provider: RunningProvider, claims: dict[str, Any]) -> str:
    return await provider.op.keys.sign(claims, "HS256", typ="JWT", secret=SECRET)


async def with_public_key_as_secret(provider: RunningProvider, claims: dict[str, Any]) -> str:
    key = next(key for key in (await provider.op.keys.jwks())["keys"] if key["alg"] == "RS256")
    return jwt.encode(claims, key["n"], "HS256", {"kid": key["kid"]})


@pytest.mark.parametrize("forged", [with_foreign_issuer, with_client_secret, with_public_key_as_secret])
@pytest.mark.spec("RFC 8725 §3.1")
async def test_hint_of_another_issuer_or_algorithm_is_rejected(
    provider: RunningProvider, forged: Callable[[RunningProvider, dict[str, Any]], Awaitable[str]]
) -> None:
    """At the provider the algorithm of a hint is configured, and its header never chooses it.

    The algorithm is the client's registered one, never that of the token.
    """
    claims = jwt.get_unverified_claims((await provider.tokens())["id_token"])
    assert (await logout(provider, id_token_hint=await forged(provider, claims))).status_code == 400
    assert await signed_in(provider)


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "jwt"])
@pytest.mark.spec("RFC 8725 §3.11")
async def test_token_of_another_type_is_not_a_hint(provider: RunningProvider, typ: str) -> None:
    """At the provider, a token of another type is not an id_token_hint.

    The same key signs both, and their claims could match.
    """
    id_token = (await provider.tokens())["id_token"]
    another = await provider.op.keys.sign(jwt.get_unverified_claims(id_token), "RS256", typ=typ)
    assert (await logout(provider, id_token_hint=another)).status_code == 400
    assert await signed_in(provider)


async def test_logout_without_session_shows_a_page(provider: RunningProvider) -> None:
    response = await logout(provider)
    assert response.status_code == 200
    assert "signed out" in await response.get_data(as_text=True)
