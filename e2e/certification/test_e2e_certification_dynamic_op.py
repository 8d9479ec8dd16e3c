"""The modules of the OpenID Foundation's Dynamic OP plan, one test each, named by the module.

`oidcc-dynamic-certification-test-plan` with response_type=code: each module registers its clients, which
authenticate with private_key_jwt.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from joserfc import jwt

from support.certification.browser import Browser, Page, images_of, links_of
from support.certification.checks import (
    check_error,
    check_error_page,
    check_only_requested_claims,
    check_token_error,
    check_token_response,
    signing_keys,
)
from support.certification.client import (
    AuthorizationRequest,
    CertificationClient,
    Op,
    Tokens,
    random_text,
    unsigned_jwt,
)
from support.certification.discovery import check_discovery
from support.certification.flows import refresh_token_flow
from support.certification.provider import CertifiedProvider
from support.certification.registration import (
    RegisteredClient,
    any_key,
    call_registration,
    metadata_of,
    new_key,
    public_keys,
    register,
    registered,
)
from support.certification.suite import SuiteServer
from waiting import wait_until

Register = Callable[..., RegisteredClient]
_ROTATION_SECONDS = 15.0
OFFLINE = "openid offline_access"


@pytest.fixture
def registering(certified_op: Op, scripted_browser: Browser, suite: SuiteServer) -> Iterator[Register]:
    """`registering(**metadata)`: a client for one test."""
    registered: list[RegisteredClient] = []

    def with_metadata(**changes: Any) -> RegisteredClient:
        registered.append(register(certified_op, scripted_browser, suite, **changes))
        return registered[-1]

    yield with_metadata
    for one in registered:
        one.unregister()


# --- id_token and UserInfo --------------------------------------------------------------------------------------------


def test_oidcc_idtoken_rs256(registering: Register) -> None:
    token = registering(id_token_signed_response_alg="RS256").sign_in().identity
    assert token.header["alg"] == "RS256"
    assert token.header["kid"]


def test_oidcc_idtoken_unsigned(certified_op: Op) -> None:
    """Skipped by the suite if discovery does not offer `none`, which it must not do."""
    assert "none" not in certified_op.metadata["id_token_signing_alg_values_supported"]


def test_oidcc_userinfo_rs256(registering: Register) -> None:
    client = registering(userinfo_signed_response_alg="RS256")
    assert "RS256" in client.op.metadata["userinfo_signing_alg_values_supported"]
    tokens = client.sign_in()
    response = client.call_userinfo(tokens)
    assert response.headers["Content-Type"].partition(";")[0] == "application/jwt"
    signed = client.verified(response.text)
    assert signed.header["alg"] == "RS256"
    assert signed.claims["iss"] == client.op.issuer
    assert signed.claims["aud"] == client.client_id
    assert "nonce" not in signed.claims


# --- Redirect URIs ----------------------------------------------------------------------------------------------------


def test_oidcc_ensure_redirect_uri_in_authorization_request(registering: Register, suite: SuiteServer) -> None:
    """There are two redirect URIs, so that there is no default."""
    client = registering(redirect_uris=[f"{suite.base_url}/callback", "https://example.org/redirect"])
    request = client.request(without=("redirect_uri",))
    check_error_page(client.browser.open(request.url), "The request has no redirect_uri.")


def test_oidcc_redirect_uri_query_ok(registering: Register, suite: SuiteServer) -> None:
    """oidcc-redirect-uri-query-OK: the registered query is returned."""
    client = registering(redirect_uris=[f"{suite.base_url}/callback?bar=foo"])
    client.sign_in()


def test_oidcc_redirect_uri_query_mismatch(registering: Register, suite: SuiteServer) -> None:
    client = registering(redirect_uris=[f"{suite.base_url}/callback?bar=foo"])
    request = client.request(redirect_uri=f"{suite.base_url}/callback?foo=bar")
    check_error_page(client.browser.open(request.url), "redirect_uri", "registered")


def test_oidcc_redirect_uri_query_added(registering: Register, suite: SuiteServer) -> None:
    client = registering()
    request = client.request(redirect_uri=f"{suite.base_url}/callback?foo=bar")
    check_error_page(client.browser.open(request.url), "redirect_uri", "registered")


def refused_registration(op: Op, metadata: dict[str, Any], *expected: str) -> None:
    """Dynamic Client Registration 1.0 §3.3."""
    response = call_registration(op, metadata)
    assert response.status_code == requests.codes.bad_request
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    check_error(response.json(), *expected)


def test_oidcc_redirect_uri_regfrag(certified_op: Op, suite: SuiteServer) -> None:
    metadata = metadata_of(suite, any_key(), redirect_uris=[f"{suite.base_url}/callback#foobar"])
    refused_registration(certified_op, metadata, "invalid_redirect_uri", "invalid_client_metadata")


# --- Discovery and registration ---------------------------------------------------------------------------------------


@pytest.mark.spec("OpenID Connect Core §15.2")
def test_oidcc_discovery_endpoint_verification(certified_op: Op) -> None:
    """Discovery offers what a provider with client_registration=dynamic_client must offer."""
    check_discovery(certified_op)
    offered = {frozenset(name.split()) for name in certified_op.metadata["response_types_supported"]}
    assert {frozenset({"code"}), frozenset({"id_token"}), frozenset({"id_token", "token"})} <= offered
    assert {"authorization_code", "implicit"} <= set(certified_op.metadata["grant_types_supported"])
    assert certified_op.metadata["registration_endpoint"]


def test_oidcc_server(registering: Register) -> None:
    client = registering()
    assert "private_key_jwt" in client.op.metadata["token_endpoint_auth_methods_supported"]
    check_only_requested_claims(client.sign_in().identity)


def login_page(client: CertificationClient) -> Page:
    page = client.browser.open(client.request().url, until="login")
    assert isinstance(page, Page)
    assert page.status == requests.codes.ok
    return page


def test_oidcc_registration_logo_uri(registering: Register, suite: SuiteServer) -> None:
    """The suite requires a screenshot of the login page, whose policy must allow the logo."""
    logo = f"{suite.origin}/images/openid.png"
    page = login_page(registering(logo_uri=logo))
    assert logo in images_of(page)
    assert f"img-src 'self' {suite.origin};" in page.headers["Content-Security-Policy"]


def test_oidcc_registration_policy_uri(registering: Register, suite: SuiteServer) -> None:
    policy = f"{suite.origin}/login.html"
    assert policy in links_of(login_page(registering(policy_uri=policy)))


def test_oidcc_registration_tos_uri(registering: Register) -> None:
    """On another host than the client's."""
    assert "https://openid.net" in links_of(login_page(registering(tos_uri="https://openid.net")))


def test_oidcc_registration_jwks_uri(registering: Register, suite: SuiteServer) -> None:
    named = new_key(named=True)
    suite.serve("client1_jwks", public_keys(named))
    registering(key=named, jwks=None, jwks_uri=f"{suite.base_url}/client1_jwks").sign_in()


def sector_of(suite: SuiteServer, *redirect_uris: str) -> dict[str, str]:
    """Pairwise, with a document that lists redirect URIs."""
    uri = suite.serve("redirect_uris.json", list(redirect_uris))
    return {"subject_type": "pairwise", "sector_identifier_uri": uri}


def test_oidcc_registration_sector_uri(certified_op: Op, suite: SuiteServer) -> None:
    assert "pairwise" in certified_op.metadata["subject_types_supported"]
    registered(certified_op, metadata_of(suite, any_key(), **sector_of(suite, f"{suite.base_url}/callback")))


def test_oidcc_registration_sector_bad(certified_op: Op, suite: SuiteServer) -> None:
    metadata = metadata_of(suite, any_key(), **sector_of(suite, "https://example.com/op"))
    refused_registration(certified_op, metadata, "invalid_client_metadata")


# --- Keys that change -------------------------------------------------------------------------------------------------


def test_oidcc_server_rotate_keys(certified_op: Op, certified_provider: CertifiedProvider) -> None:
    """By command, while the provider is running; earlier signatures can still be verified."""
    before = signing_keys(certified_op.keys())
    certified_provider.command("keys", "rotate")
    wait_until(lambda: len(certified_op.keys()["keys"]) > len(before), _ROTATION_SECONDS)
    after = signing_keys(certified_op.keys())
    assert before.items() <= after.items(), "the old keys are still published"
    new = {kid: material for kid, material in after.items() if kid not in before}
    assert new
    assert not set(new.values()) & set(before.values())


def test_oidcc_refresh_token_rp_key_rotation(registering: Register, suite: SuiteServer) -> None:
    """The client publishes a key other than the one that the provider has just used."""
    first, second = new_key(named=True), new_key(named=True)
    jwks_uri = suite.serve("client1_jwks", public_keys(first))
    grant_types = ["authorization_code", "refresh_token"]
    client = registering(key=first, jwks=None, jwks_uri=jwks_uri, grant_types=grant_types)
    tokens = client.sign_in(scope=OFFLINE, prompt="consent")
    assert tokens.refresh_token
    suite.serve("client1_jwks", public_keys(second))
    client.key = second
    body = check_token_response(client.refresh(tokens.refresh_token, scope=OFFLINE))
    client.userinfo(Tokens(body["access_token"], None, None, OFFLINE))


# --- Request objects --------------------------------------------------------------------------------------------------


def by_reference(client: CertificationClient, request_uri: str) -> tuple[AuthorizationRequest, AuthorizationRequest]:
    """A request with its request object at a URL, and the parameters that must also be outside."""
    request = client.request()
    beside = {name: request.intended[name] for name in ("response_type", "client_id", "scope", "redirect_uri")}
    return request, dataclasses.replace(request, parameters={**beside, "request_uri": request_uri})


def a_request_uri(suite: SuiteServer) -> tuple[str, str]:
    """An unguessable URL, with a fragment that identifies its contents (OpenID Connect Core §6.2)."""
    path = f"requesturi/{random_text(64)}"
    return path, f"{suite.base_url}/{path}#{random_text(43)}"


def test_oidcc_request_uri_unsigned(registering: Register, suite: SuiteServer) -> None:
    path, request_uri = a_request_uri(suite)
    client = registering(request_uris=[request_uri])
    assert client.op.metadata["request_uri_parameter_supported"] is True
    assert "none" in client.op.metadata["request_object_signing_alg_values_supported"]
    request, sent = by_reference(client, request_uri)
    suite.serve(path, unsigned_jwt(request.intended), "application/jwt")
    client.complete(client.authorize(sent), request)


def test_oidcc_request_uri_signed_rs256(registering: Register, suite: SuiteServer) -> None:
    path, request_uri = a_request_uri(suite)
    client = registering(request_uris=[request_uri], request_object_signing_alg="RS256")
    assert "RS256" in client.op.metadata["request_object_signing_alg_values_supported"]
    request, sent = by_reference(client, request_uri)
    claims = {**request.intended, "aud": client.op.issuer, "iss": client.client_id}
    suite.serve(path, jwt.encode({"alg": "RS256"}, claims, any_key()), "application/jwt")
    client.complete(client.authorize(sent), request)


@pytest.mark.spec("OpenID Connect Core §6.1")
def test_oidcc_ensure_request_object_with_redirect_uri(registering: Register) -> None:
    """The redirect_uri inside the object is used, and the wrong one outside is not."""
    client = registering()
    request = client.request()
    sent = client.with_request_object(request, redirect_uri=f"{client.redirect_uri}_invalid")
    client.complete(client.authorize(sent), request)


# --- Tokens -----------------------------------------------------------------------------------------------------------


def test_oidcc_refresh_token(registering: Register) -> None:
    grant_types = ["authorization_code", "refresh_token"]
    first, second = registering(grant_types=grant_types), registering(key=new_key(), grant_types=grant_types)
    refresh_token_flow(first, again_with_scope=True)
    refresh_token = refresh_token_flow(second, again_with_scope=False)
    check_token_error(first.refresh(refresh_token, scope=OFFLINE), "invalid_grant")


def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(registering: Register) -> None:
    """The audience of the assertion is the issuer instead of the token endpoint."""
    client = registering()
    request = client.request()
    code = client.code(client.authorize(request), request)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
    client.userinfo(client.tokens(client.token_request(form, aud=client.op.issuer), request, code))
