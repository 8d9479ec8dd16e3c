"""GET and POST /authorize (RFC 6749 §4.1, OpenID Connect Core §3.1.2)."""

from typing import Any
from urllib.parse import urlencode

import pytest
from jose import jwt
from op_testing import ISSUER, REDIRECT_URI, SECRET, ProviderFactory, RunningProvider, query_of


async def test_request_without_session_leads_to_login(provider: RunningProvider) -> None:
    response = await provider.authorize()
    assert response.status_code == 303
    assert response.location.startswith(f"{ISSUER}/login?login=")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.spec("OpenID Connect Core §3.1.2.5", "RFC 6749 §4.1.2", "RFC 9207 §2")
async def test_code_response_has_state_and_iss(provider: RunningProvider) -> None:
    """RFC 6749 §4.1.2: The browser returns with the code and with the state that was sent.

    RFC 9207 §2: A code and an error are returned with `iss`.

    OpenID Connect Core §3.1.2.5: The response is in the query of the redirect URI.
    """
    response = await provider.login()
    assert response.status_code == 303
    assert response.location.startswith(f"{REDIRECT_URI}?")
    result = query_of(response.location)
    assert result.keys() == {"code", "state", "iss"}
    assert result["state"] == "state-of-the-test"
    assert result["iss"] == ISSUER


@pytest.mark.spec("OpenID Connect Core §3.1.2.3")
async def test_session_signs_in_to_another_client(provider: RunningProvider) -> None:
    """A user with a session does not enter the password again. With `prompt=none` and no session the response is
    `login_required`.
    """
    await provider.register("other")
    await provider.login()
    response = await provider.authorize(client_id="other", redirect_uri="http://other.test/callback")
    assert "code" in query_of(response.location)


@pytest.mark.spec("OpenID Connect Core §3.1.2, §3.1.2.1", "RFC 6749 §3.1")
async def test_post_request_is_accepted(provider: RunningProvider) -> None:
    """OpenID Connect Core §3.1.2.1: GET and POST."""
    await provider.login()
    response = await provider.client.post("/authorize", form=provider.request)
    assert response.status_code == 303
    assert "code" in query_of(response.location)


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_form_of_another_site_uses_the_session(provider: RunningProvider) -> None:
    """A POST from another site, which carries no cookie, becomes a GET that does, unless it is too long for a URL.

    Its POST carries no cookies (SameSite=Lax): it becomes a GET, which carries them and changes none of them.
    """
    await provider.login()
    response = await provider.new_client().post("/authorize", form=provider.request)
    assert response.status_code == 303
    assert response.location.startswith(f"{ISSUER}/authorize?")
    assert query_of(response.location) == provider.request
    assert "Set-Cookie" not in response.headers
    result = await provider.client.get(response.location.removeprefix(ISSUER))
    assert "code" in query_of(result.location)


async def test_form_of_a_browser_with_a_login_cookie_goes_to_login(provider: RunningProvider) -> None:
    await provider.authorize()
    response = await provider.client.post("/authorize", form=provider.request)
    assert response.location.startswith(f"{ISSUER}/login?login=")


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_long_form_is_processed_without_redirect(provider: RunningProvider) -> None:
    """A form that is too long for a URL is processed at once, which is what POST is for."""
    response = await provider.client.post("/authorize", form=provider.request | {"unknown": "x" * 9000})
    assert response.location.startswith(f"{ISSUER}/login?login=")


@pytest.mark.spec("RFC 6749 §3.1")
async def test_form_is_checked_before_the_redirect(provider: RunningProvider) -> None:
    """A duplicate parameter must be rejected before the form becomes a GET, which would have it once."""
    body = urlencode([*provider.request.items(), ("nonce", "another")])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await provider.client.post("/authorize", data=body.encode(), headers=headers)
    assert query_of(response.location)["error"] == "invalid_request"


@pytest.mark.spec("RFC 6749 §3.1.2")
async def test_query_of_the_redirect_uri_is_kept(provider: RunningProvider) -> None:
    """RFC 6749 §3.1.2."""
    client = await provider.op.clients.read("web")
    assert client is not None
    uri = f"{REDIRECT_URI}?tenant=a%20b"
    await provider.op.clients.save(
        type(client)(client_id="query", client_secret="s", redirect_uris=(uri,), first_party=True)
    )
    response = await provider.login(client_id="query", redirect_uri=uri)
    assert response.location.startswith(f"{uri}&code=")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"client_id": None}, id="missing client_id"),
        pytest.param({"client_id": "nobody"}, id="unknown client"),
        pytest.param({"redirect_uri": None}, id="missing redirect_uri"),
        pytest.param({"redirect_uri": f"{REDIRECT_URI}/"}, id="off by a slash"),
        pytest.param({"redirect_uri": "http://other.test/callback"}, id="of another client"),
    ],
)
@pytest.mark.spec("RFC 6749 §3.1.2.3, §3.1.2.4, §4.1.2.1", "RFC 9700 §4.1.3")
async def test_unknown_client_or_redirect_uri_is_not_redirected(
    provider: RunningProvider, changes: dict[str, Any]
) -> None:
    """RFC 9700 §4.1.3: Redirect URIs are compared as exact strings."""
    await provider.register("other")
    response = await provider.authorize(**changes)
    assert response.status_code == 400
    assert response.location is None
    assert "text/html" in response.headers["Content-Type"]


@pytest.mark.spec("RFC 6749 §3.1.2.4")
async def test_error_page_escapes_received_values(provider: RunningProvider) -> None:
    """If the client or the redirect_uri is unknown, the error is shown to the user and the browser is not
    redirected.
    """
    response = await provider.authorize(redirect_uri="http://x/<script>alert(1)</script>")
    html = await response.get_data(as_text=True)
    assert "http://x/&lt;script&gt;" in html
    assert "<script>" not in html


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
@pytest.mark.spec("RFC 6749 §3.1")
async def test_duplicate_client_id_or_redirect_uri_is_not_redirected(provider: RunningProvider, name: str) -> None:
    """No parameter of an authorization request appears more than once."""
    pairs = [*provider.request.items(), (name, provider.request[name])]
    query = "&".join(f"{key}={value}" for key, value in pairs).replace(" ", "+")
    response = await provider.client.get(f"/authorize?{query}")
    assert response.status_code == 400
    assert response.location is None


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_missing_nonce_gets_400(provider: RunningProvider) -> None:
    """With `openid`, this provider requires a nonce unless it is configured not to."""
    response = await provider.authorize(nonce=None)
    assert response.status_code == 400
    assert response.location is None
    assert "must send a nonce" in (await response.get_data(as_text=True)).lower()


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_missing_nonce_is_allowed_by_require_nonce_false(provider_with: ProviderFactory) -> None:
    provider = await provider_with(require_nonce=False)
    response = await provider.login(nonce=None)
    assert "code" in query_of(response.location)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"response_type": None}, "invalid_request", id="RFC 6749 §3.1.1 missing response_type"),
        pytest.param({"response_type": "none"}, "unsupported_response_type", id="RFC 6749 §3.1.1 another one"),
        pytest.param({"scope": "unknown"}, "invalid_scope", id="RFC 6749 §3.3 only an unknown scope"),
        pytest.param({"code_challenge": None, "code_challenge_method": None}, "invalid_request", id="missing PKCE"),
        pytest.param({"prompt": "none"}, "login_required", id="Core §3.1.2.6 prompt none without a session"),
        pytest.param({"request": "a.b.c"}, "request_not_supported", id="Core §6.1 request object"),
        pytest.param({"request_uri": "urn:x"}, "request_uri_not_supported", id="Core §6.2 request_uri"),
        pytest.param({"registration": "{}"}, "registration_not_supported", id="Core §7.2.1 registration"),
    ],
)
@pytest.mark.spec(
    "OpenID Connect Core §3.1.2, §3.1.2.1, §3.1.2.2, §3.1.2.3, §3.1.2.6, §7.2.1",
    "OAuth 2.0 Multiple Response Types §2.1",
    "RFC 6749 §3.1.1, §4.1.2.1",
    "RFC 7636 §4.4.1",
    "RFC 9207 §2",
)
async def test_other_errors_are_redirected_to_the_client(
    provider: RunningProvider, changes: dict[str, Any], error: str
) -> None:
    """RFC 6749 §4.1.2.1; RFC 9207 §2: An error returns to the client with error, error_description, state and iss."""
    response = await provider.authorize(**changes)
    assert response.status_code == 303
    assert response.location.startswith(f"{REDIRECT_URI}?")
    result = query_of(response.location)
    assert result["error"] == error
    assert result["error_description"]
    assert result["state"] == "state-of-the-test"
    assert result["iss"] == ISSUER
    assert "code" not in result


@pytest.mark.spec("RFC 6749 §3.1, §4.1.2.1")
async def test_duplicate_parameter_is_rejected(provider: RunningProvider) -> None:
    """RFC 6749 §3.1: A state that was sent twice is not returned."""
    query = "&".join(f"{k}={v}" for k, v in [*provider.request.items(), ("state", "another")]).replace(" ", "+")
    result = query_of((await provider.client.get(f"/authorize?{query}")).location)
    assert result["error"] == "invalid_request"
    assert "state" not in result


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_unknown_parameter_names_are_not_echoed(provider: RunningProvider) -> None:
    """error_description does not repeat text that the sender of a request made up."""
    query = "&".join(f"{k}={v}" for k, v in provider.request.items()).replace(" ", "+")
    location = (await provider.client.get(f"/authorize?{query}&%C3%A9%22=1&%C3%A9%22=2")).location
    assert query_of(location)["error_description"] == "Duplicate parameter."


async def test_assets_with_invalid_names_are_not_found(provider: RunningProvider) -> None:
    assert (await provider.client.get("/assets/trefoil.css")).status_code == 200
    assert (await provider.client.get("/assets/" + "a" * 5000)).status_code == 404
    assert (await provider.client.get("/assets/..%2fpages.py")).status_code == 404


@pytest.mark.spec("RFC 7636 §4.4.1", "RFC 9700 §2.1.1")
async def test_pkce_can_be_optional_for_confidential_clients(provider_with: ProviderFactory) -> None:
    """RFC 9700 §2.1.1: PKCE is required of every public client, whatever the settings, and of all clients by
    default.
    """
    provider = await provider_with(require_pkce=False)
    await provider.register("spa")
    without: dict[str, Any] = {"code_challenge": None, "code_challenge_method": None}
    assert "code" in query_of((await provider.login(**without)).location)
    public = await provider.authorize(client_id="spa", **without)
    assert query_of(public.location)["error"] == "invalid_request"


NO_PKCE: dict[str, Any] = {"code_challenge": None, "code_challenge_method": None}


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_id_token_without_a_requested_nonce_has_none(provider: RunningProvider) -> None:
    await provider.register("easy")
    code = await provider.code(client_id="easy", nonce=None, **NO_PKCE)
    response = await provider.redeem(code, client_id="easy", client_secret=SECRET, code_verifier=None)
    tokens = await response.get_json()
    assert "nonce" not in jwt.get_unverified_claims(tokens["id_token"])


@pytest.mark.parametrize("verifier", [None, "x" * 43], ids=["none", "another"])
@pytest.mark.spec("OpenID Connect Core §3.1.2.1", "RFC 7636 §4.6")
async def test_optional_challenge_is_enforced(provider: RunningProvider, verifier: str | None) -> None:
    """RFC 7636 §4.6: A challenge that was sent is enforced, even for a client that does not need one."""
    await provider.register("easy")
    code = await provider.code(client_id="easy")
    response = await provider.redeem(code, client_id="easy", client_secret=SECRET, code_verifier=verifier)
    assert (await response.get_json())["error"] == "invalid_grant"


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_prompt_login_requires_a_new_login(provider: RunningProvider) -> None:
    """OpenID Connect Core §3.1.2.1."""
    await provider.login()
    response = await provider.authorize(prompt="login")
    assert response.location.startswith(f"{ISSUER}/login")
    assert (await provider.client.get(response.location.removeprefix(ISSUER))).status_code == 200
    assert "code" in query_of((await provider.submit_login(response.location)).location)


@pytest.mark.parametrize(("age", "login_is_required"), [(59, False), (61, True)], ids=["younger", "older"])
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_max_age_limits_the_age_of_the_login(
    provider: RunningProvider, age: int, login_is_required: bool
) -> None:
    """max_age is a number of seconds. If the last login is older, the user must log in again."""
    await provider.login()
    provider.clock.pass_seconds(age)
    response = await provider.authorize(max_age="60")
    assert response.location.startswith(f"{ISSUER}/login") is login_is_required


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
async def test_prompt_none_with_a_session_returns_a_code(provider: RunningProvider) -> None:
    await provider.login()
    assert "code" in query_of((await provider.authorize(prompt="none")).location)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(b"client_id=%00", id="NUL"),
        pytest.param(b"client_id=%ff", id="invalid UTF-8"),
        pytest.param(b"&".join(b"a%d=1" % i for i in range(100)), id="too many parameters"),
        pytest.param(b"client_id=" + b"x" * 17_000, id="a long parameter"),
    ],
)
async def test_malformed_parameters_get_400(provider: RunningProvider, query: bytes) -> None:
    response = await provider.client.get("/authorize?" + query.decode())
    assert response.status_code == 400
    posted = await provider.client.post(
        "/authorize", data=query, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert posted.status_code == 400


@pytest.mark.spec("RFC 6749 §3.1")
async def test_form_with_another_content_type_gets_400(provider: RunningProvider) -> None:
    """The authorization endpoint accepts GET and POST."""
    response = await provider.client.post("/authorize", data=b"{}", headers={"Content-Type": "application/json"})
    assert response.status_code == 400


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_too_long_state_is_not_sent_back(provider: RunningProvider) -> None:
    """A state that is too long or was sent twice is not repeated in the error response."""
    result = query_of((await provider.authorize(state="x" * 3000)).location)
    assert result["error"] == "invalid_request"
    assert "state" not in result


@pytest.mark.spec("RFC 6749 §10.13")
async def test_pages_have_strict_headers(provider: RunningProvider) -> None:
    """No page may be framed."""
    response = await provider.authorize(client_id="nobody")
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/authorize", "/login", "/consent", "/device", "/account", "/logout"])
@pytest.mark.spec("RFC 9110 §9.2.1, §9.3.2")
async def test_pages_reject_head(provider: RunningProvider, path: str) -> None:
    """HEAD changes nothing: no page of the provider supports it, since GET issues codes, ends sessions and uses up
    pushed requests.

    A link preview gets no code and ends no session.
    """
    tokens = await provider.tokens()
    query = {**provider.request, "id_token_hint": tokens["id_token"]}
    response = await provider.client.head(path, query_string=query)
    assert response.status_code == 405
    assert response.location is None
    for result in (response, await provider.client.options(path)):
        assert set(result.headers["Allow"].split(", ")) == {"GET", "POST", "OPTIONS"}
    assert "code" in query_of((await provider.authorize(prompt="none")).location), "the session continues"
