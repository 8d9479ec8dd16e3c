"""The modules of the OpenID Foundation's Basic OP and Form Post OP plans, one test each, named by the module.

`oidcc-basic-certification-test-plan` with server_metadata=discovery and client_registration=static_client; the three
modules for dynamic clients register one. `oidcc-formpost-basic-certification-test-plan` has the same
modules with response_mode=form_post. docs/certification.md has the table.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from redis import Redis

from support.certification.browser import Arrival, Browser
from support.certification.checks import (
    INTERACTION_REQUIRED_ERRORS,
    check_error_page,
    check_only_requested_claims,
    check_token_error,
)
from support.certification.client import ALL_SCOPES, CertificationClient, Op, Tokens, random_text, unsigned_jwt
from support.certification.flows import refresh_token_flow, seconds_pass
from support.certification.registration import RegisteredClient, register
from support.certification.suite import SuiteServer

ClientNamed = Callable[[str], CertificationClient]


# The modules whose authorization response depends on the response mode also run in that of the Form Post OP plan.
IN_BOTH_MODES = pytest.mark.parametrize("response_mode", [None, "form_post"], ids=["query", "form_post"])


@pytest.fixture
def response_mode() -> str | None:
    """The default of the Basic OP plan, which is `query` for a code; IN_BOTH_MODES overrides it."""
    return None


@pytest.fixture
def client(client_named: ClientNamed, response_mode: str | None) -> CertificationClient:
    """`client` of the suite's configuration."""
    client = client_named("certification-basic")
    client.response_mode = response_mode
    return client


@pytest.fixture
def registering(
    certified_op: Op, scripted_browser: Browser, suite: SuiteServer, response_mode: str | None
) -> Iterator[Callable[..., RegisteredClient]]:
    """`registering(**metadata)`: a client of client_registration=dynamic_client, with client_secret_basic."""
    registered: list[RegisteredClient] = []

    def with_metadata(**changes: Any) -> RegisteredClient:
        changes = {"token_endpoint_auth_method": "client_secret_basic", **changes}
        registered.append(register(certified_op, scripted_browser, suite, **changes))
        registered[-1].response_mode = response_mode
        return registered[-1]

    yield with_metadata
    for one in registered:
        one.unregister()


def same_login(first: Tokens, second: Tokens) -> None:
    assert second.identity.claims["sub"] == first.identity.claims["sub"]
    assert second.identity.claims["auth_time"] == first.identity.claims["auth_time"]


def s256(verifier: str) -> str:
    """RFC 7636 §4.2."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


# --- The flow ---------------------------------------------------------------------------------------------------------


@IN_BOTH_MODES
def test_oidcc_server(client: CertificationClient) -> None:
    tokens = client.sign_in()
    check_only_requested_claims(tokens.identity)
    assert tokens.identity.claims["at_hash"]


def test_form_post_is_offered(certified_op: Op) -> None:
    assert "form_post" in certified_op.metadata["response_modes_supported"]


def test_oidcc_server_client_secret_post(client_named: ClientNamed, response_mode: str | None) -> None:
    client = client_named("certification-post")
    client.response_mode = response_mode
    client.auth_method = "client_secret_post"
    assert "client_secret_post" in client.op.metadata["token_endpoint_auth_methods_supported"]
    client.sign_in()


@IN_BOTH_MODES
def test_oidcc_response_type_missing(client: CertificationClient) -> None:
    request = client.request(without=("response_type",))
    client.refused(client.authorize(request), request, "invalid_request", "unsupported_response_type")


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(client: CertificationClient) -> None:
    request = client.request(without=("nonce",))
    assert client.code(client.authorize(request), request)


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(client: CertificationClient) -> None:
    client.sign_in(extra="foobar")


@pytest.mark.spec("RFC 7636 §4.1")
def test_oidcc_ensure_request_with_valid_pkce_succeeds(client: CertificationClient) -> None:
    """The verifier has 128 characters and all kinds that are allowed."""
    verifier = random_text(128)
    request = client.request(code_challenge=s256(verifier), code_challenge_method="S256")
    client.complete(client.authorize(request), request, code_verifier=verifier)


@IN_BOTH_MODES
def test_oidcc_ensure_post_request_succeeds(client: CertificationClient, suite: SuiteServer) -> None:
    request = client.request()
    arrival = client.browser.post_from_another_site(request.endpoint, request.parameters, suite.origin)
    client.complete(client.receive(arrival, request), request)


# --- id_token ---------------------------------------------------------------------------------------------------------


def test_oidcc_idtoken_signature(registering: Callable[..., RegisteredClient]) -> None:
    """For dynamic clients: RS256 by default, with the key that the token names."""
    token = registering().sign_in().identity
    assert token.header["alg"] == "RS256"
    assert token.header["kid"]


def test_oidcc_idtoken_unsigned(certified_op: Op) -> None:
    """Skipped by the suite if discovery does not offer `none`, which it must not do."""
    assert "none" not in certified_op.metadata["id_token_signing_alg_values_supported"]


# --- UserInfo and claims ----------------------------------------------------------------------------------------------


def test_oidcc_userinfo_get(client: CertificationClient) -> None:
    response = client.call_userinfo(client.sign_in())
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"


def test_oidcc_userinfo_post_header(client: CertificationClient) -> None:
    tokens = client.sign_in()
    bearer = {"Authorization": f"Bearer {tokens.access_token}", "Content-Type": "application/x-www-form-urlencoded"}
    client.claims_of(client.op.post(client.op.metadata["userinfo_endpoint"], {}, **bearer), tokens)


def test_oidcc_userinfo_post_body(client: CertificationClient) -> None:
    tokens = client.sign_in()
    form = {"access_token": tokens.access_token}
    client.claims_of(client.op.post(client.op.metadata["userinfo_endpoint"], form), tokens)


def with_scope(client: CertificationClient, scope: str) -> tuple[Tokens, dict[str, Any]]:
    """Tokens and UserInfo of a scope, whose claims only UserInfo returns."""
    assert set(scope.split()) <= set(client.op.metadata["scopes_supported"])
    tokens = client.sign_in(scope=scope)
    check_only_requested_claims(tokens.identity)
    claims = client.userinfo(tokens)
    assert claims["sub"] == tokens.identity.claims["sub"]
    return tokens, claims


def test_oidcc_scope_profile(client: CertificationClient) -> None:
    with_scope(client, "openid profile")


def test_oidcc_scope_email(client: CertificationClient) -> None:
    _, claims = with_scope(client, "openid email")
    assert "name" not in claims


def test_oidcc_scope_address(client: CertificationClient) -> None:
    with_scope(client, "openid address")


def test_oidcc_scope_phone(client: CertificationClient) -> None:
    with_scope(client, "openid phone")


def test_oidcc_scope_all(client: CertificationClient) -> None:
    with_scope(client, ALL_SCOPES)


def test_oidcc_ensure_other_scope_order_succeeds(client: CertificationClient) -> None:
    """The module that preceded oidcc-alternate-happy-flow."""
    _, claims = with_scope(client, "email openid")
    assert "name" not in claims


def test_oidcc_alternate_happy_flow(client: CertificationClient) -> None:
    """The scope's values and the request's parameters in the opposite order."""
    request = client.request(scope="email openid")
    turned = dict(sorted(request.parameters.items(), reverse=True))
    tokens = client.complete(client.authorize(type(request)(request.endpoint, turned, request.intended)), request)
    check_only_requested_claims(tokens.identity)
    assert "name" not in client.userinfo(tokens)


def test_oidcc_claims_essential(client: CertificationClient) -> None:
    tokens = client.sign_in(claims=json.dumps({"userinfo": {"name": {"essential": True}}}))
    assert client.userinfo(tokens)["name"]
    assert "name" not in tokens.identity.claims


# --- Hints and wishes -------------------------------------------------------------------------------------------------


def test_oidcc_display_page(client: CertificationClient) -> None:
    client.sign_in(display="page")


def test_oidcc_display_popup(client: CertificationClient) -> None:
    client.sign_in(display="popup")


def test_oidcc_login_hint(client: CertificationClient) -> None:
    """For a user whom the provider does not know."""
    client.sign_in(login_hint="buffy@localhost")


def test_oidcc_ui_locales(client: CertificationClient) -> None:
    client.sign_in(ui_locales="se")


def test_oidcc_claims_locales(client: CertificationClient) -> None:
    client.sign_in(claims_locales="se")


def test_oidcc_ensure_request_with_acr_values_succeeds(client: CertificationClient) -> None:
    supported = client.op.metadata["acr_values_supported"]
    tokens = client.sign_in(acr_values=" ".join(supported))
    assert tokens.identity.claims["acr"] in supported


# --- Sessions ---------------------------------------------------------------------------------------------------------


@IN_BOTH_MODES
def test_oidcc_prompt_login(client: CertificationClient) -> None:
    first = client.sign_in()
    seconds_pass(first, 1)
    second = client.sign_in(prompt="login")
    assert client.browser.shown.count("login") == 2
    assert second.identity.claims["auth_time"] > first.identity.claims["auth_time"]
    assert second.identity.claims["sub"] == first.identity.claims["sub"]


@IN_BOTH_MODES
def test_oidcc_prompt_none_not_logged_in(client: CertificationClient) -> None:
    request = client.request(state_length=128, prompt="none")
    client.refused(client.authorize(request), request, *INTERACTION_REQUIRED_ERRORS)
    assert client.browser.shown == []


@IN_BOTH_MODES
def test_oidcc_prompt_none_logged_in(client: CertificationClient) -> None:
    first = client.sign_in()
    shown = list(client.browser.shown)
    same_login(first, client.sign_in(prompt="none"))
    assert client.browser.shown == shown


def test_oidcc_max_age_1(client: CertificationClient) -> None:
    first = client.sign_in()
    seconds_pass(first, 2)
    second = client.sign_in(max_age="1")
    assert client.browser.shown.count("login") == 2
    assert second.identity.claims["auth_time"] > first.identity.claims["auth_time"]


def test_oidcc_max_age_10000(client: CertificationClient) -> None:
    first = client.sign_in(max_age="15000")
    same_login(first, client.sign_in(max_age="10000"))
    assert client.browser.shown.count("login") == 1


def test_oidcc_id_token_hint(client: CertificationClient) -> None:
    first = client.sign_in()
    same_login(first, client.sign_in(prompt="none", id_token_hint=first.identity.value))


# --- Codes and refresh tokens -----------------------------------------------------------------------------------------


def test_oidcc_codereuse(client: CertificationClient) -> None:
    request = client.request()
    code = client.code(client.authorize(request), request)
    client.tokens(client.redeem(code), request, code)
    check_token_error(client.redeem(code), "invalid_grant")


def test_oidcc_codereuse_30seconds(client: CertificationClient, certified_redis: Redis) -> None:
    """The suite waits for half a minute; this test checks that the code would still be stored then."""
    request = client.request()
    code = client.code(client.authorize(request), request)
    tokens = client.tokens(client.redeem(code), request, code)
    (spent,) = certified_redis.scan_iter(match=f"op:{{{code.partition('.')[0]}}}:code:*")
    assert certified_redis.ttl(spent) > 45
    check_token_error(client.redeem(code), "invalid_grant")
    assert client.call_userinfo(tokens).status_code == requests.codes.unauthorized, "its tokens are revoked"


@IN_BOTH_MODES
def test_oidcc_refresh_token(client: CertificationClient, client_named: ClientNamed, response_mode: str | None) -> None:
    second = client_named("certification-second")
    second.response_mode = response_mode
    refresh_token_flow(client, again_with_scope=True)
    refresh_token = refresh_token_flow(second, again_with_scope=False)
    check_token_error(client.refresh(refresh_token, scope="openid offline_access"), "invalid_grant")


# --- Redirect URIs and request objects --------------------------------------------------------------------------------


@IN_BOTH_MODES
def test_oidcc_ensure_registered_redirect_uri(client: CertificationClient) -> None:
    request = client.request(redirect_uri=f"{client.redirect_uri}/{random_text()}")
    check_error_page(client.browser.open(request.url), "redirect_uri", "registered")


@IN_BOTH_MODES
def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    client: CertificationClient,
) -> None:
    """It is supported: state and nonce are only in the request object."""
    assert "none" in client.op.metadata["request_object_signing_alg_values_supported"]
    assert client.op.metadata["request_parameter_supported"] is True
    request = client.request()
    client.complete(client.authorize(client.with_request_object(request)), request)


@pytest.mark.spec("OpenID Connect Core §6.1")
def test_oidcc_ensure_request_object_with_redirect_uri(client: CertificationClient) -> None:
    """The redirect_uri inside the object is used, and the wrong one outside is not."""
    request = client.request()
    sent = client.with_request_object(request, redirect_uri=f"{client.redirect_uri}_invalid")
    client.complete(client.authorize(sent), request)


@IN_BOTH_MODES
def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(
    registering: Callable[..., RegisteredClient], suite: SuiteServer
) -> None:
    """For dynamic clients. One or the other, as discovery says."""
    path = f"requesturi/{random_text(64)}"
    request_uri = f"{suite.base_url}/{path}#{random_text(43)}"
    client = registering(request_uris=[request_uri])
    request = client.request()
    suite.serve(path, unsigned_jwt(request.intended), "application/jwt")
    outside = {name: request.intended[name] for name in ("response_type", "client_id", "scope", "redirect_uri")}
    sent = type(request)(request.endpoint, {**outside, "request_uri": request_uri}, request.intended)
    arrival = client.browser.open(sent.url)
    if client.op.metadata["request_uri_parameter_supported"]:
        client.complete(client.receive(arrival, request), request)
    else:
        assert isinstance(arrival, Arrival)
        assert dict(parse_qsl(urlsplit(arrival.url).query))["error"] == "request_uri_not_supported"
