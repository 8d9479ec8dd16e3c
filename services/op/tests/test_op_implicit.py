"""The implicit flow: response types `id_token` and `id_token token` (OpenID Connect Core §3.2)."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from jose import jwt
from op_testing import (
    ADA,
    ISSUER,
    REDIRECT_URI,
    SECRET,
    ProviderFactory,
    RunningProvider,
    assert_refused,
    hidden_fields,
    query_of,
    verification_key,
)
from test_op_register import registered

from op.protocol.clients.metadata import client_of
from op.protocol.tokens.claims import at_hash

CALLBACK = "https://client.test/callback"
IMPLICIT = {
    "client_id": "implicit",
    "client_secret": SECRET,
    "first_party": True,
    "scope": "openid email profile offline_access",
    "redirect_uris": [CALLBACK],
    "grant_types": ["implicit", "refresh_token"],
    "response_types": ["id_token", "id_token token"],
}
PARAMETERS: dict[str, Any] = {
    "client_id": "implicit",
    "redirect_uri": CALLBACK,
    "code_challenge": None,
    "code_challenge_method": None,
}


@pytest.fixture
async def op(provider_with: ProviderFactory) -> RunningProvider:
    provider = await provider_with(implicit_flow=True)
    await provider.op.clients.save(client_of(IMPLICIT))
    return provider


def fragment_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).fragment))


async def verified(op: RunningProvider, result: dict[str, str]) -> dict[str, Any]:
    id_token = result["id_token"]
    key = await verification_key(op, id_token, "RS256")
    options = {"verify_exp": False, "verify_at_hash": False}
    return jwt.decode(id_token, key, ["RS256"], audience="implicit", issuer=ISSUER, options=options)


@pytest.mark.parametrize("response_type", ["id_token token", "token id_token"])
@pytest.mark.spec(
    "OpenID Connect Core §3.2.2.5, §5.4", "OAuth 2.0 Multiple Response Types §3, §5", "RFC 6749 §3.1.1, §4.2.2"
)
async def test_tokens_are_sent_in_the_fragment(op: RunningProvider, response_type: str) -> None:
    """OpenID Connect Core §3.2.2.5; RFC 6749 §3.1.1, §4.2.2: Tokens are returned in the fragment; the order of
    the values of response_type does not matter.
    """
    response = await op.login(**PARAMETERS, response_type=response_type)
    assert response.location.startswith(f"{CALLBACK}#")
    result = fragment_of(response.location)
    assert result.keys() == {"access_token", "token_type", "expires_in", "scope", "id_token", "state", "iss"}
    assert (result["token_type"], result["expires_in"], result["state"]) == ("Bearer", "300", "state-of-the-test")
    claims = await verified(op, result)
    assert claims["nonce"] == "nonce-of-the-test"
    assert claims["at_hash"] == at_hash(result["access_token"]), "§3.2.2.10"
    assert "email" not in claims, "§5.4: UserInfo returns them"
    userinfo = await (await op.userinfo(result["access_token"])).get_json()
    assert userinfo["email"] == "user0@example.com"


@pytest.mark.spec("OpenID Connect Core §3.2.2.5, §5.4")
async def test_id_token_without_access_token_has_all_claims(op: RunningProvider) -> None:
    """The implicit flow gives an id_token, and with `token` an access token too, but never a refresh token. An id_token
    on its own has all claims that were granted.

    There is no access token for UserInfo, and so no at_hash either.
    """
    response = await op.login(username="ada", password="password-of-ada", **PARAMETERS, response_type="id_token")
    result = fragment_of(response.location)
    assert result.keys() == {"id_token", "state", "iss"}
    claims = await verified(op, result)
    assert (claims["email"], claims["name"]) == (ADA["email"], ADA["name"])
    assert "at_hash" not in claims


@pytest.mark.spec("OAuth 2.0 Multiple Response Types §3, §5", "OAuth 2.0 Form Post Response Mode §2")
async def test_tokens_are_sent_by_form_post(op: RunningProvider) -> None:
    """OAuth 2.0 Multiple Response Types §3, §5: Tokens are sent in the fragment, a form or a signed response,
    never in a query, and so are the errors of such a request.
    """
    response = await op.login(**PARAMETERS, response_type="id_token", response_mode="form_post")
    fields = hidden_fields(await response.get_data(as_text=True))
    assert fields.keys() == {"id_token", "state", "iss"}


@pytest.mark.spec("OAuth 2.0 Multiple Response Types §3, §5", "JARM §2.3.4")
async def test_tokens_are_sent_in_a_signed_response(op: RunningProvider) -> None:
    """JARM §2.3.4: `jwt` means fragment.jwt here."""
    response = await op.login(**PARAMETERS, response_type="id_token", response_mode="jwt")
    result = jwt.get_unverified_claims(fragment_of(response.location)["response"])
    assert {"id_token", "state", "iss", "aud", "exp"} == result.keys()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"response_mode": "query"}, "invalid_request", id="Multiple Response Types §5 query"),
        pytest.param({"response_mode": "query.jwt"}, "invalid_request", id="JARM §2.3.1 query.jwt"),
        pytest.param({"response_type": "token"}, "unsupported_response_type", id="no id_token"),
        pytest.param({"prompt": "none"}, "login_required", id="§3.1.2.6 not logged in"),
    ],
)
@pytest.mark.spec(
    "OpenID Connect Core §3.2.2.1, §3.2.2.6", "OAuth 2.0 Multiple Response Types §3, §5", "RFC 6749 §4.2.2.1"
)
async def test_errors_are_sent_in_the_fragment(op: RunningProvider, changes: dict[str, Any], error: str) -> None:
    """Core §3.2.2.6, RFC 6749 §4.2.2.1."""
    response = await op.authorize(**(PARAMETERS | {"response_type": "id_token token"} | changes))
    assert urlsplit(response.location).query == ""
    result: dict[str, Any] = fragment_of(response.location)
    if "response" in result:
        result = jwt.get_unverified_claims(result["response"])
    assert result["error"] == error
    assert result["state"] == "state-of-the-test"


@pytest.mark.parametrize("response_type", ["id_token", "id_token token"])
@pytest.mark.spec("OpenID Connect Core §3.2.2.1, §3.2.2.6")
@pytest.mark.spec("OpenID Connect Core §3.2.2.1")
async def test_missing_nonce_is_an_error_for_the_client(provider_with: ProviderFactory, response_type: str) -> None:
    """Core §3.2.2.1, §3.2.2.6: whatever is configured for codes."""
    op = await provider_with(implicit_flow=True, require_nonce=False)
    await op.op.clients.save(client_of(IMPLICIT | {"require_nonce": False}))
    response = await op.authorize(**PARAMETERS, response_type=response_type, nonce=None)
    assert urlsplit(response.location).query == ""
    assert fragment_of(response.location) == {
        "error": "invalid_request",
        "error_description": "A request with this response_type must have a nonce. Add `nonce`.",
        "state": "state-of-the-test",
        "iss": ISSUER,
    }


@pytest.mark.spec("OpenID Connect Core §3.2.2.5, §5.4, §11")
async def test_refresh_token_and_offline_access_are_not_issued(op: RunningProvider) -> None:
    """OpenID Connect Core §11: offline_access is ignored without a code."""
    response = await op.login(**PARAMETERS, response_type="id_token token", scope="openid offline_access")
    result = fragment_of(response.location)
    assert result["scope"] == "openid"
    assert "refresh_token" not in result


async def test_access_token_ends_with_its_session(op: RunningProvider) -> None:
    response = await op.login(**PARAMETERS, response_type="id_token token")
    result = fragment_of(response.location)
    hint = {"id_token_hint": result["id_token"], "client_id": "implicit"}
    assert (await op.client.get("/logout", query_string=hint)).status_code == 200
    assert (await op.userinfo(result["access_token"])).status_code == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"response_type": "id_token", "client_id": "web"}, "unauthorized_client", id="a client for codes"),
        pytest.param({"response_type": "code"}, "unauthorized_client", id="a client without codes"),
    ],
)
@pytest.mark.spec("RFC 6749 §4.2.2.1")
async def test_response_type_must_be_registered(op: RunningProvider, changes: dict[str, Any], error: str) -> None:
    """RFC 6749 §4.2.2.1."""
    redirect_uri = REDIRECT_URI if changes.get("client_id") == "web" else CALLBACK
    response = await op.authorize(**(PARAMETERS | {"redirect_uri": redirect_uri} | changes))
    assert (fragment_of(response.location) or query_of(response.location))["error"] == error


@pytest.mark.spec("OpenID Connect Core §15.2", "RFC 9700 §2.1.2")
async def test_implicit_flow_is_off_by_default(provider: RunningProvider) -> None:
    """RFC 9700 §2.1.2: Discovery does not list the implicit flow while it is disabled."""
    await provider.op.clients.save(client_of(IMPLICIT))
    response = await provider.authorize(**PARAMETERS, response_type="id_token")
    assert fragment_of(response.location)["error"] == "unsupported_response_type"
    document = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert document["response_types_supported"] == ["code"]
    assert "implicit" not in document["grant_types_supported"]


@pytest.mark.spec("OpenID Connect Core §15.2", "OpenID Connect Discovery §3", "RFC 9700 §2.1.2")
async def test_discovery_advertises_the_implicit_flow_when_enabled(op: RunningProvider) -> None:
    """OpenID Connect Core §15.2; RFC 9700 §2.1.2: The implicit flow is disabled unless IMPLICIT_FLOW is set, and
    discovery says which.
    """
    document = await (await op.client.get("/.well-known/openid-configuration")).get_json()
    assert document["response_types_supported"] == ["code", "id_token", "id_token token"]
    assert "implicit" in document["grant_types_supported"]


async def test_token_endpoint_rejects_the_implicit_grant(op: RunningProvider) -> None:
    await assert_refused(await op.token(grant_type="implicit"), "unsupported_grant_type")


@pytest.mark.spec("OpenID Connect Core §3.2.2.4")
async def test_tokens_are_issued_after_consent(op: RunningProvider) -> None:
    """The consent page of the implicit flow says how long the access lasts, and that nothing renews it."""
    await op.op.clients.save(client_of(IMPLICIT | {"first_party": False}))
    response = await op.login(**PARAMETERS, response_type="id_token token")
    page = await op.client.get(response.location.removeprefix(ISSUER))
    text = await page.get_data(as_text=True)
    assert "Access ends after 5 minutes." in text
    result = await op.client.post("/consent", form=hidden_fields(text) | {"answer": "allow"})
    assert "access_token" in fragment_of(result.location)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        pytest.param({"response_types": ["id_token"]}, ["implicit"], id="grant types follow"),
        pytest.param({"response_types": ["token id_token", "code"]}, ["implicit", "authorization_code"], id="both"),
    ],
)
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2")
async def test_client_registers_for_the_implicit_flow(
    provider_with: ProviderFactory, metadata: dict[str, Any], expected: list[str]
) -> None:
    """response_types and grant_types must match, and redirect URIs must suit the application_type: a web
    application of the implicit flow uses only https, a native application uses http only on its own host.
    """
    op = await provider_with(implicit_flow=True, registration="open")
    client = await registered(op, redirect_uris=[CALLBACK], **metadata)
    assert client["grant_types"] == expected
    assert set(client["response_types"]) <= {"code", "id_token", "id_token token"}
    assert client["application_type"] == "web"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"response_types": ["id_token"], "grant_types": ["authorization_code"]}, id="no grant type"),
        pytest.param({"redirect_uris": ["http://client.test/cb"], "response_types": ["id_token"]}, id="without TLS"),
    ],
)
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2", "RFC 7591 §2.1")
async def test_inconsistent_registration_is_rejected(provider_with: ProviderFactory, changes: dict[str, Any]) -> None:
    """Dynamic Client Registration 1.0 §2, RFC 7591 §2.1."""
    op = await provider_with(implicit_flow=True, registration="open")
    response = await op.client.post("/register", json={"redirect_uris": [CALLBACK]} | changes)
    await assert_refused(response, "invalid_client_metadata")


async def test_registration_is_rejected_when_disabled(provider_with: ProviderFactory) -> None:
    op = await provider_with(registration="open")
    response = await op.client.post("/register", json={"redirect_uris": [CALLBACK], "response_types": ["id_token"]})
    await assert_refused(response, "invalid_client_metadata")


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:8400/cb",
    ],
)
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2", "RFC 8252 §7")
async def test_native_application_may_use_loopback(provider_with: ProviderFactory, uri: str) -> None:
    """Dynamic Client Registration 1.0 §2, RFC 8252 §7."""
    op = await provider_with(registration="open")
    client = await registered(op, redirect_uris=[uri], application_type="native")
    assert client["application_type"] == "native"
