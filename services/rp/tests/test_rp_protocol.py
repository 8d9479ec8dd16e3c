"""The other pure checks, by the rule that each keeps."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from rp.errors import (
    AuthorizationRefused,
    BadRequest,
    ResourceRefused,
    ResponseRefused,
    TokenRequestRefused,
    TokenResponseRefused,
    UserInfoRefused,
)
from rp.protocol import json_object
from rp.protocol.authorization import pkce
from rp.protocol.authorization.authorization_request import authorization_request
from rp.protocol.authorization.authorization_response import AuthorizationResponse, validate
from rp.protocol.authorization.return_path import DEFAULT, local_path
from rp.protocol.logout.logout_request import logout_request
from rp.protocol.resources import protected_resource, userinfo
from rp.protocol.tokens import token_response
from rp.records import NonceBinding
from servicekit.web.parameters import MalformedParameters, Parameters

ISSUER = "http://localhost:25000"
BINDING = NonceBinding("the-state-of-this-sign-in", "nonce", "verifier", "/profile", ISSUER)


def test_pkce_s256_of_the_rfcs_own_example():
    """RFC 7636 appendix B."""
    challenge = pkce.challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_pkce_verifiers_are_long_enough_and_never_the_same():
    """RFC 7636 §4.1: 43 to 128 characters."""
    verifiers = {pkce.make_verifier() for _ in range(100)}
    assert len(verifiers) == 100
    assert {len(verifier) for verifier in verifiers} == {43}


def validated(query, *, iss_required=True, issuer=ISSUER):
    return validate(
        AuthorizationResponse.of(Parameters.parse(query)), BINDING, issuer=issuer, iss_required=iss_required
    )


STATE = b"state=the-state-of-this-sign-in"
ISS = b"&iss=http%3A%2F%2Flocalhost%3A25000"


@pytest.mark.parametrize("iss_required", [True, False])
def test_a_response_with_code_state_and_iss(iss_required):
    response = validated(STATE + ISS + b"&code=abc", iss_required=iss_required)
    assert (response.code, response.binding) == ("abc", BINDING)


def test_without_iss_where_the_provider_does_not_promise_it():
    assert validated(STATE + b"&code=abc", iss_required=False).code == "abc"


@pytest.mark.parametrize(
    ("query", "error", "about"),
    [
        pytest.param(b"", BadRequest, "state", id="state missing"),
        pytest.param(b"state=&code=abc", BadRequest, "state", id="state empty"),
        pytest.param(STATE + ISS + b"&state=x&code=abc", BadRequest, "state", id="state twice"),
        pytest.param(STATE + ISS + b"&code=abc&code=abc", BadRequest, "code", id="code twice, even the same"),
        pytest.param(STATE + ISS, ResponseRefused, "code", id="neither code nor error"),
        pytest.param(b"state=another" + ISS + b"&code=abc", ResponseRefused, "state", id="another state"),
        pytest.param(STATE + b"&code=abc", ResponseRefused, "iss", id="iss missing where it is promised"),
        pytest.param(STATE + ISS + b"%2F&code=abc", ResponseRefused, "iss", id="iss with a slash more"),
        pytest.param(STATE + b"&iss=http%3A%2F%2Fevil&code=abc", ResponseRefused, "iss", id="another iss"),
        pytest.param(STATE + b"&iss=http%3A%2F%2Fevil&error=x", ResponseRefused, "iss", id="another iss's error"),
        pytest.param(STATE + ISS + b"&error=access_denied", AuthorizationRefused, "", id="the provider's error"),
        pytest.param(STATE + ISS + b"&error=x&code=abc", AuthorizationRefused, "", id="an error beats a code"),
        pytest.param(STATE + b"&code=%ff", MalformedParameters, "UTF-8", id="invalid UTF-8"),
        pytest.param(STATE + b"&code=\xff", MalformedParameters, "UTF-8", id="raw octets"),
        pytest.param(STATE + b"&code=%00", MalformedParameters, "control", id="NUL"),
        pytest.param(STATE + b"&code=" + b"x" * 50_000, MalformedParameters, "longer", id="50 KB"),
    ],
)
def test_a_response_that_must_be_refused(query, error, about):
    with pytest.raises(error) as refused:
        validated(query)
    assert about in str(refused.value)


def test_a_binding_of_another_issuer_is_refused():
    with pytest.raises(ResponseRefused):
        validated(STATE + b"&code=abc", issuer="http://other", iss_required=False)


def tokens(**changes):
    answer = {"access_token": "at", "token_type": "Bearer", "expires_in": 300, **changes}
    return token_response.process(200, json.dumps({n: v for n, v in answer.items() if v is not ...}).encode())


def test_what_some_providers_write():
    """Of whom any is welcome: null where there is nothing, and a number in quotes."""
    assert tokens(refresh_token=None).refresh_token is None
    assert tokens(expires_in="3600").expires_in == 3600


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER"])
def test_the_case_of_token_type_does_not_matter(kind):
    assert tokens(token_type=kind).access_token == "at"


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        pytest.param("token_type", {"token_type": "DPoP"}, id="another token_type"),
        pytest.param("token_type", {"token_type": ...}, id="no token_type"),
        pytest.param("access_token", {"access_token": ...}, id="no access_token"),
        pytest.param("access_token", {"access_token": ""}, id="an empty access_token"),
        pytest.param("access_token", {"access_token": "a\r\nb"}, id="an access_token that splits a header"),
        pytest.param("refresh_token", {"refresh_token": 7}, id="a refresh_token that is a number"),
        pytest.param("id_token", {"id_token": None}, id="an id_token that is null"),
        pytest.param("scope", {"scope": ["openid"]}, id="a scope that is a list"),
        pytest.param("expires_in", {"expires_in": "soon"}, id="expires_in that is no number"),
        pytest.param("expires_in", {"expires_in": True}, id="expires_in that is a boolean"),
        pytest.param("expires_in", {"expires_in": -1}, id="expires_in below zero"),
        pytest.param("expires_in", {"expires_in": 10**20}, id="expires_in beyond all time"),
    ],
)
def test_a_token_response_that_must_be_refused(check, changes):
    with pytest.raises(TokenResponseRefused) as refused:
        tokens(**changes)
    assert refused.value.check.name == check


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>", id="HTML"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param(b"{" * 70_000, id="70 KB"),
    ],
)
def test_a_token_response_that_is_no_json_object(body):
    with pytest.raises(TokenResponseRefused):
        token_response.process(200, body)


@pytest.mark.parametrize(
    ("status", "body", "code", "page"),
    [
        (400, '{"error":"invalid_grant"}', "invalid_grant", 400),
        (401, '{"error":"invalid_client"}', "invalid_client", 502),
        (404, "not found", "HTTP 404", 502),
        (400, '{"error":7,"error_description":8}', "HTTP 400", 502),
        (302, "", "HTTP 302", 502),
    ],
)
def test_the_token_endpoints_refusals(status, body, code, page):
    with pytest.raises(TokenRequestRefused) as refused:
        token_response.process(status, body.encode())
    assert (refused.value.code, refused.value.status) == (code, page)


@pytest.mark.parametrize(
    "claims", [{}, {"sub": "user1"}, {"sub": "USER0"}, {"sub": None}, {"sub": ["user0"]}, {"sub": "user0 "}]
)
def test_userinfo_of_anybody_else_is_refused(claims):
    """OpenID Connect Core §5.3.2."""
    with pytest.raises(UserInfoRefused):
        userinfo.verify(claims, "user0")


def test_userinfo_of_the_same_sub():
    assert userinfo.verify({"sub": "user0", "name": "Zero"}, "user0").check.found == "user0"


@pytest.mark.parametrize(
    ("status", "headers", "says"),
    [
        (401, {"WWW-Authenticate": 'Bearer realm="x", error="invalid_token"'}, "invalid_token"),
        (403, {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}, "insufficient_scope"),
        (404, {}, "404"),
        (503, {}, "right now"),
        (429, {}, "right now"),
        (302, {}, "unexpected"),
        (200, {}, "JSON"),
    ],
)
def test_a_protected_resources_refusal_says_who_and_why(status, headers, says):
    with pytest.raises(ResourceRefused) as refused:
        protected_resource.process("The resource server", status, headers, b"<html>")
    assert refused.value.explanation.startswith("The resource server ")
    assert says in refused.value.explanation


@pytest.mark.parametrize(
    "path", ["/profile", "/", "/a/b?c=d#e", "/a?next=//x", "/login-help", "/~user", "/a%20b", "/logout/callback/x"]
)
def test_a_return_path_of_this_site(path):
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        *(None, "", "profile", "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example"),
        *("\\\\evil.example", "/a\\b", "/\tevil", "/a\nb", "/a b", "/ä", "javascript:alert(1)", "/" + "x" * 2001),
        *("/%2fevil.example", "/%5cevil.example", "/./x", "/a/../login", "/..", "/%2e%2e/login", "/\x00", "/\x7f"),
        *(
            "/login",
            "/login?x=y",
            "/%6cogin",
            "/callback",
            "/callback?code=x",
            "/logout",
            "/logout/callback",
            "/login#x",
        ),
    ],
)
def test_any_other_return_path_is_ignored(path):
    assert local_path(path) == DEFAULT


def test_the_authorization_request_keeps_the_endpoints_own_query():
    """RFC 6749 §3.1."""
    address = authorization_request(
        "http://op/authorize?tenant=7#x",
        client_id="a&b",
        redirect_uri="http://rp/callback",
        scope="openid email",
        state="s",
        nonce="n",
        code_verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        response_mode="query",
    )
    assert address == (
        "http://op/authorize?tenant=7&response_type=code&client_id=a%26b&redirect_uri=http%3A%2F%2Frp%2Fcallback"
        "&scope=openid+email&state=s&nonce=n&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        "&code_challenge_method=S256"
    )


@pytest.mark.parametrize(
    ("scope", "prompt"),
    [
        pytest.param("openid offline_access", ["consent"], id="offline access"),
        pytest.param("openid email", [], id="none"),
        pytest.param("openid offline_access_not", [], id="another scope"),
    ],
)
def test_offline_access_asks_for_the_persons_consent(scope, prompt):
    """OpenID Connect Core §11: a provider leaves it out without."""
    address = authorization_request(
        "http://op/authorize",
        client_id="c",
        redirect_uri="http://rp/callback",
        scope=scope,
        state="s",
        nonce="n",
        code_verifier="v",
        response_mode="query",
    )
    assert parse_qs(urlsplit(address).query).get("prompt", []) == prompt


def test_the_logout_request():
    address = logout_request("http://op/logout", id_token="t", client_id="c", post_logout_redirect_uri="u", state="s")
    assert address == "http://op/logout?id_token_hint=t&client_id=c&post_logout_redirect_uri=u&state=s"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(b"7", "not a JSON object", id="not a JSON object"),
        pytest.param(b'{"a":1,"a":1}', "a name that stands twice", id="a name that stands twice"),
        pytest.param(b'{"a":-Infinity}', "a number that is none", id="a number that is none"),
        pytest.param(b'{"a":"\\udc00"}', "text that is not Unicode", id="text that is not Unicode"),
        pytest.param(b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "nested deeper than 16", id="nested too deep"),
        pytest.param(b"[" * 60_000, "nested deeper than 16", id="nested until the parser gives up"),
        pytest.param(b" " * 70_000, "more than 65536 bytes", id="more than 65536 bytes"),
        pytest.param(b"{", "not valid JSON", id="not valid JSON"),
    ],
)
def test_json_that_is_refused(raw, reason):
    with pytest.raises(ValueError, match=reason):
        json_object.parse(raw)
