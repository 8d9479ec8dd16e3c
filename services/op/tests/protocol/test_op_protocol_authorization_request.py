"""The authorization request: its redirect URI and its validated form (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2)."""

import dataclasses
import json
from typing import Any

import pytest
from protocol_testing import (
    CHALLENGE,
    IMPLICIT,
    IMPLICIT_CLIENT,
    LAX,
    NO_PKCE,
    NOW,
    REDIRECT_URI,
    authorization_request,
    client,
    parameters,
    refused,
)

from op.errors import (
    InvalidRequest,
    UnknownRedirect,
)
from op.protocol.authorization.authentication_context import ACR
from op.protocol.authorization.request import (
    DISPLAYS,
    PROMPTS,
    grant_of,
    recognise_client_id,
    recognise_redirect,
    with_subject,
)
from op.records import AuthorizationRequest, Grant, Session
from servicekit.web.parameters import Parameters

# --- Where to respond ------------------------------------------------------------------------------------------------


def test_client_id_is_recognised() -> None:
    assert recognise_client_id(parameters("state")) == "app"


@pytest.mark.parametrize(
    ("given", "explanation"),
    [
        pytest.param(
            parameters("client_id"), "The request contains client_id or redirect_uri more than once.", id="client_id"
        ),
        pytest.param(
            parameters("redirect_uri"), "The request contains client_id or redirect_uri more than once.", id="redirect"
        ),
        pytest.param(parameters(client_id=None), "The request has no client_id.", id="no client_id"),
    ],
)
@pytest.mark.spec("RFC 6749 §4.1.2.1")
def test_unknown_client_is_not_redirected(given: Parameters, explanation: str) -> None:
    """RFC 6749 §4.1.2.1."""
    with pytest.raises(UnknownRedirect) as caught:
        recognise_client_id(given)
    assert (caught.value.title, caught.value.explanation) == ("The request does not name an application", explanation)
    assert caught.value.received is None


def test_registered_redirect_uri_is_recognised() -> None:
    second = "https://client.test/second"
    registered = client(redirect_uris=[REDIRECT_URI, second])
    assert recognise_redirect(parameters(redirect_uri=second), registered) == second


def test_missing_redirect_uri_is_not_redirected() -> None:
    with pytest.raises(UnknownRedirect) as caught:
        recognise_redirect(parameters(redirect_uri=None), client())
    assert caught.value.title == "The request does not name a redirect URI"
    assert caught.value.explanation == "The request has no redirect_uri."
    assert caught.value.received is None


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param(f"{REDIRECT_URI}/", id="a slash more"),
        pytest.param(REDIRECT_URI[:-1], id="a character less"),
        pytest.param(f"{REDIRECT_URI}?a=b", id="a query more"),
        pytest.param(f"{REDIRECT_URI}#fragment", id="a fragment more"),
        pytest.param(REDIRECT_URI.replace("callback", "Callback"), id="another case"),
        pytest.param(REDIRECT_URI.replace("client.test", "CLIENT.test"), id="another case of the host"),
        pytest.param("https://client.test:443/callback", id="a default port"),
        pytest.param("http://client.test/callback", id="another scheme"),
        pytest.param("https://client.test/callback/../callback", id="dots"),
        pytest.param("https://other.test/callback", id="another host"),
        pytest.param("//client.test/callback", id="no scheme"),
        pytest.param("javascript:alert(1)", id="a script"),
    ],
)
@pytest.mark.spec("RFC 6749 §3.1.2.3", "RFC 9700 §4.1.3")
def test_unregistered_redirect_uri_is_not_redirected(uri: str) -> None:
    """RFC 6749 §3.1.2.3: redirect_uri must equal a registered one, compared as an exact string."""
    with pytest.raises(UnknownRedirect) as caught:
        recognise_redirect(parameters(redirect_uri=uri), client())
    assert caught.value.title == "The redirect URI is not registered"
    assert (
        caught.value.explanation
        == "The redirect_uri must exactly match one of the redirect URIs that are registered for this application."
    )
    assert caught.value.received == uri


# --- The validated request -------------------------------------------------------------------------------------------


@pytest.mark.spec("OpenID Connect Core §3.1.2.2")
def test_validated_request_has_what_was_sent() -> None:
    """An AuthorizationRequest can only be made by the checks."""
    claims = {"id_token": {"sub": {"value": "user0"}}}
    sent: dict[str, Any] = {
        "prompt": "login",
        "max_age": "60",
        "login_hint": "ada",
        "ui_locales": "de en",
        "response_mode": "form_post",
        "claims": json.dumps(claims),
        "acr_values": "urn:a urn:b",
    }
    assert authorization_request(**sent) == AuthorizationRequest(
        client_id="app",
        redirect_uri=REDIRECT_URI,
        scope="openid email",
        state="state",
        nonce="nonce",
        code_challenge=CHALLENGE,
        prompt="login",
        max_age=60,
        login_hint="ada",
        claims={"id_token": {"sub": {"value": "user0"}, "acr": {"values": ["urn:a", "urn:b"]}, "amr": {}}},
        sub="user0",
        ui_locales="de en",
        response_type="code",
        response_mode="form_post",
    )


def test_validated_request_has_defaults() -> None:
    request = authorization_request(policy=LAX, state=None, nonce=None, **NO_PKCE)
    assert request == AuthorizationRequest(client_id="app", redirect_uri=REDIRECT_URI, scope="openid email")
    assert (request.prompt, request.max_age, request.claims, request.response_mode) == ("", None, {}, "query")


@pytest.mark.parametrize("prompt", ["none", "none none", "login", "consent login", "select_account"])
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_prompt_is_split_at_spaces(prompt: str) -> None:
    """OpenID Connect Core §3.1.2.1."""
    assert authorization_request(prompt=prompt).prompts == set(prompt.split())


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_supported_prompts_and_displays_are_those_of_core() -> None:
    """Discovery publishes the values of prompt and display."""
    assert " ".join(PROMPTS) == "none login consent select_account"
    assert " ".join(DISPLAYS) == "page popup touch"


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_unknown_parameters_are_ignored() -> None:
    """display, claims_locales and unknown parameters have no effect."""
    assert (
        authorization_request(display="popup", claims_locales="se", foo="bar", request_uri="x", request="y")
        == authorization_request()
    )


@pytest.mark.parametrize("max_age", ["0", "0060", "9999999999"])
def test_max_age_has_up_to_ten_digits(max_age: str) -> None:
    assert authorization_request(max_age=max_age).max_age == int(max_age)


@pytest.mark.parametrize(("max_age", "expected"), [(None, 60), ("3600", 3600), ("0", 0)])
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2")
def test_max_age_of_the_request_overrides_the_default(max_age: str | None, expected: int) -> None:
    """Dynamic Client Registration 1.0 §2."""
    assert authorization_request(by=client(default_max_age=60), max_age=max_age).max_age == expected


@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2")
def test_acr_values_of_the_request_override_the_default() -> None:
    """Dynamic Client Registration 1.0 §2."""
    by = client(default_acr_values=["urn:a", ACR])
    assert authorization_request(by=by).claims == {"id_token": {"acr": {"values": ["urn:a", ACR]}, "amr": {}}}
    assert authorization_request(by=by, acr_values="urn:b").claims == {
        "id_token": {"acr": {"values": ["urn:b"]}, "amr": {}}
    }


@pytest.mark.parametrize(
    ("first_party", "prompt", "response_type", "kept"),
    [
        pytest.param(True, None, "code", True, id="an administrator allows it"),
        pytest.param(False, "consent", "code", True, id="the user allows it"),
        pytest.param(False, "login consent", "code", True, id="prompt has several values"),
        pytest.param(False, None, "code", False, id="not allowed"),
        pytest.param(False, "login", "code", False, id="another prompt"),
        pytest.param(True, "consent", "id_token", False, id="without a code"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §11")
def test_offline_access_requires_a_code_and_permission(
    first_party: bool, prompt: str | None, response_type: str, kept: bool
) -> None:
    by = client(**IMPLICIT_CLIENT, first_party=first_party, scope="openid offline_access")
    request = authorization_request(
        by=by, policy=IMPLICIT, scope="openid offline_access", prompt=prompt, response_type=response_type
    )
    assert request.scope == ("openid offline_access" if kept else "openid")


# --- The user and the grant ------------------------------------------------------------------------------------------


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_hint_limits_the_request_to_a_user() -> None:
    """OpenID Connect Core §3.1.2.1."""
    request = authorization_request()
    assert request.sub is None
    assert with_subject(request, "user0") == dataclasses.replace(request, sub="user0")
    assert with_subject(with_subject(request, "user0"), "user0").sub == "user0"
    with refused(InvalidRequest, "The parameters id_token_hint and claims name different users."):
        with_subject(with_subject(request, "user0"), "ada")


def test_grant_has_data_of_request_and_session() -> None:
    request = authorization_request(claims='{"userinfo": {"email": null}}')
    session = Session(sid="sid", sub="user0", auth_time=NOW)
    assert grant_of(request, session, "gid") == Grant(
        gid="gid",
        client_id="app",
        sub="user0",
        scope="openid email",
        auth_time=NOW,
        sid="sid",
        claims={"userinfo": {"email": {}}},
    )
