"""The response modes: Multiple Response Types §2.1, Form Post Response Mode, JARM."""

import base64
import hashlib
import html
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from jose import jwt
from op_testing import ISSUER, REDIRECT_URI, SECRET, RunningProvider, hidden_fields, query_of, verification_key
from test_op_consent import decide, to_consent

CODE_RESPONSE = {"code", "state", "iss"}


async def received(response: Any) -> dict[str, str]:
    """The parameters that the client receives in any mode, after checking that they are sent to the client."""
    if response.status_code == 200:
        text = await response.get_data(as_text=True)
        assert re.findall(r'<form method="post" action="([^"]*)">', text) == [REDIRECT_URI]
        return {name: html.unescape(value) for name, value in hidden_fields(text).items()}
    assert response.status_code == 303
    parts = urlsplit(response.location)
    assert response.location.startswith((REDIRECT_URI + "?", REDIRECT_URI + "#"))
    assert not (parts.query and parts.fragment)
    return dict(parse_qsl(parts.query or parts.fragment))


async def opened(provider: RunningProvider, response: Any, client_id: str = "web", alg: str = "RS256") -> Any:
    """The claims of a signed response, checked like a client does it (JARM §2.4)."""
    parameters = await received(response)
    assert parameters.keys() == {"response"}
    key = await verification_key(provider, parameters["response"], alg)
    options = {"verify_exp": False}
    return jwt.decode(parameters["response"], key, [alg], options=options, audience=client_id, issuer=ISSUER)


@pytest.mark.spec("OAuth 2.0 Multiple Response Types §2.1")
async def test_fragment_mode_is_supported(provider: RunningProvider) -> None:
    """response_mode is `query`, the default of `code`, or `fragment`. Errors use the same mode, and an unknown
    mode is rejected.
    """
    response = await provider.login(response_mode="fragment")
    assert urlsplit(response.location).query == ""
    assert (await received(response)).keys() == CODE_RESPONSE


async def test_query_mode_can_be_requested(provider: RunningProvider) -> None:
    assert query_of((await provider.login(response_mode="query")).location).keys() == CODE_RESPONSE


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2", "Content Security Policy Level 3 §2.3.1")
async def test_form_post_is_submitted_automatically(provider: RunningProvider) -> None:
    """OAuth 2.0 Form Post Response Mode §2: The form of `form_post` submits itself, and can be submitted by hand
    if scripts are disabled.
    """
    state = 'a"><script>alert(1)</script>&amp;'
    response = await provider.login(response_mode="form_post", state=state)
    got = await received(response)
    assert got.keys() == CODE_RESPONSE
    assert got["state"] == state
    assert response.headers["Cache-Control"] == "no-store"
    text = await response.get_data(as_text=True)
    assert "<button" in text
    assert "alert(1)</script>" not in text
    script = re.findall(r"<script>(.*?)</script>", text)
    assert len(script) == 1
    allowed = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    policy = response.headers["Content-Security-Policy"]
    assert f"script-src 'sha256-{allowed}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_form_post_sends_the_origin_of_the_provider(provider: RunningProvider) -> None:
    """With a Referrer-Policy that hides the page from other sites, browsers would send `Origin: null` with the form."""
    response = await provider.login(response_mode="form_post")
    assert response.headers["Referrer-Policy"] == "origin"


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_form_posted_code_can_be_redeemed(provider: RunningProvider) -> None:
    """`form_post` is a page with a form that submits itself, by the only script that its policy allows, or by a
    click. It is not cached.
    """
    code = (await received(await provider.login(response_mode="form_post")))["code"]
    assert (await provider.redeem(code)).status_code == 200


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
@pytest.mark.spec("OAuth 2.0 Multiple Response Types §2.1")
async def test_error_uses_the_response_mode(provider: RunningProvider, mode: str) -> None:
    response = await provider.authorize(response_mode=mode, prompt="none")
    got = await received(response)
    assert (got["error"], got["state"], got["iss"]) == ("login_required", "state-of-the-test", ISSUER)
    assert (response.status_code == 200) is (mode == "form_post")
    assert bool(urlsplit(response.location or "").fragment) is (mode == "fragment")


@pytest.mark.spec("OAuth 2.0 Form Post Response Mode §2")
async def test_denied_consent_uses_the_response_mode(provider: RunningProvider) -> None:
    response = await decide(provider, await to_consent(provider, response_mode="form_post"), "refuse")
    assert (await received(response))["error"] == "access_denied"


@pytest.mark.parametrize(
    ("client_id", "alg"), [("web", "RS256"), ("jarm-es256", "ES256"), ("jarm-hs256", "HS256")], ids=lambda v: v
)
@pytest.mark.parametrize("mode", ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"])
@pytest.mark.spec("JARM §2.1, §2.2, §2.3, §3")
async def test_response_is_signed(provider: RunningProvider, client_id: str, alg: str, mode: str) -> None:
    """JARM §2.1, §2.3: The JWT is for this client and expires soon; `jwt` means `query.jwt` for a code."""
    await provider.register(client_id)
    response = await provider.login(client_id=client_id, response_mode=mode)
    claims = await opened(provider, response, client_id, alg)
    assert claims.keys() == CODE_RESPONSE | {"aud", "exp"}
    assert claims["exp"] == int(provider.clock()) + 60
    assert (response.status_code == 200) is (mode == "form_post.jwt")
    assert bool(urlsplit(response.location or "").fragment) is (mode == "fragment.jwt")
    redeemed = await provider.redeem(claims["code"], client_id=client_id, client_secret=SECRET)
    assert redeemed.status_code == 200


@pytest.mark.spec("JARM §2.1, §2.3")
async def test_error_is_signed(provider: RunningProvider) -> None:
    """With `query.jwt`, `fragment.jwt`, `form_post.jwt` and `jwt`, the response or the error is one JWT for this
    client that expires soon.
    """
    claims = await opened(provider, await provider.authorize(response_mode="jwt", prompt="none"))
    assert claims["error"] == "login_required"
    assert claims["state"] == "state-of-the-test"


@pytest.mark.spec("JARM §2.2, §3", "RFC 8725 §3.11, §3.12")
async def test_signed_response_is_not_an_id_token(provider: RunningProvider) -> None:
    """RFC 8725 §3.11, §3.12: A signed response is not accepted as an id_token: the same keys sign both, but a
    response names no user.
    """
    token = (await received(await provider.login(response_mode="jwt")))["response"]
    assert jwt.get_unverified_header(token)["typ"] == "JWT"
    assert "sub" not in jwt.get_unverified_claims(token)
    assert (await provider.client.get("/logout", query_string={"id_token_hint": token})).status_code == 400
    again = await provider.authorize(id_token_hint=token)
    assert query_of(again.location)["error"] == "invalid_request"


@pytest.mark.spec("JARM §2.1, §2.3")
async def test_every_advertised_mode_works(provider: RunningProvider) -> None:
    metadata = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert len(metadata["response_modes_supported"]) == 7
    await provider.login()
    for mode in metadata["response_modes_supported"]:
        got = await received(await provider.authorize(response_mode=mode))
        assert got.keys() in (CODE_RESPONSE, {"response"}), mode
