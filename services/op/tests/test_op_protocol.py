"""The pure checks, by table."""

import pytest
from op_testing import CHALLENGE, VERIFIER

from op.errors import InvalidGrant, InvalidScope, InvalidToken, OAuthError
from op.handle import Handle, new_grant_id, new_handle
from op.protocol.authorization.pkce import check_challenge, check_verifier, s256
from op.protocol.authorization.request import is_logged_in_since
from op.protocol.authorization.response import with_query
from op.protocol.authorization.scope import claims_of, granted_scope, narrowed_scope
from op.protocol.clients.metadata import InvalidMetadata, client_of
from op.records import AuthorizationRequest, LoginRequest, Session
from op.tokens.presented import handle_of
from servicekit.parameters import Parameters


def test_s256_of_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert s256(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_matching_verifier_passes() -> None:
    assert check_challenge(CHALLENGE, "S256", required=True) == CHALLENGE
    check_verifier(CHALLENGE, VERIFIER)


@pytest.mark.parametrize("verifier", [None, "", "x" * 42, "x" * 129, "x" * 43, "!" * 43], ids=repr)
def test_any_other_verifier_fails(verifier: str | None) -> None:
    with pytest.raises(InvalidGrant):
        check_verifier(CHALLENGE, verifier)


@pytest.mark.parametrize(
    ("requested", "registered", "granted"),
    [
        ("openid email", "openid email profile", "openid email"),
        ("email openid", "openid email", "email openid"),
        ("openid openid", "openid", "openid"),
        ("openid api", "openid", "openid"),
        (None, "openid email profile", "email profile"),
    ],
)
def test_granted_scope(requested: str | None, registered: str, granted: str) -> None:
    """RFC 6749 §3.3."""
    assert granted_scope(requested, registered) == granted


def test_nothing_is_no_scope() -> None:
    """RFC 6749 §3.3: at least one name."""
    with pytest.raises(InvalidScope):
        granted_scope(None, "openid")
    with pytest.raises(InvalidScope):
        narrowed_scope(" ", "openid email")


@pytest.mark.parametrize("requested", ["api", " openid", "openid  email", "öpenid", 'a"b', "a\\b"])
def test_a_scope_that_cannot_be_granted(requested: str) -> None:
    with pytest.raises(InvalidScope):
        granted_scope(requested, "openid email")


def test_a_scope_is_never_widened() -> None:
    """RFC 6749 §6."""
    assert narrowed_scope(None, "openid email") == "openid email"
    assert narrowed_scope("email", "openid email") == "email"
    with pytest.raises(InvalidScope):
        narrowed_scope("openid profile", "openid email")


def test_claims_that_are_not_known_are_left_out() -> None:
    """OpenID Connect Core §5.3.2."""
    assert claims_of({"email": "a@b.c", "name": None, "phone_number": "1"}, "openid email profile") == {
        "email": "a@b.c"
    }


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://a/b", "http://a/b?x=1"),
        ("http://a/b?y=%20", "http://a/b?y=%20&x=1"),
        ("app:/callback", "app:/callback?x=1"),
        ("myapp:///callback", "myapp:///callback?x=1"),
        ("HTTPS://A/b?", "HTTPS://A/b?x=1"),
    ],
)
def test_a_response_is_added_to_the_query(uri: str, expected: str) -> None:
    """RFC 6749 §3.1.2."""
    assert with_query(uri, {"x": "1", "state": None}) == expected


def test_a_handle_leads_to_its_grant_and_hides_its_secret() -> None:
    gid = new_grant_id()
    token = new_handle(gid)
    handle = Handle.parse(token)
    assert handle is not None
    assert handle.gid == gid
    assert token.split(".")[1] not in handle.digest


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "x" * 100_000,
        "{gid}." + "x" * 43,
        "e30.e30.e30",
        "e30.W10.e30",
        "e30.eyJqdGkiOjF9.e30",
        "e30.eyJqdGkiOiJ4In0.e30",
        "e30." + "W1" * 3000 + ".e30",
        "é.é.é",
    ],
)
def test_what_is_no_token_has_no_handle(token: str) -> None:
    assert handle_of(token) is None


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        pytest.param({"client_id": None}, "client_id is required", id="no client_id"),
        pytest.param({"client_id": "a\nb"}, "visible ASCII", id="control character"),
        pytest.param({"redirect_uris": []}, "needs redirect_uris", id="no redirect_uris"),
        pytest.param({"redirect_uris": "http://a/b"}, "list of strings", id="a string for a list"),
        pytest.param({"redirect_uris": ["/callback"]}, "absolute", id="RFC 6749 §3.1.2 relative"),
        pytest.param({"redirect_uris": ["http://a/b#c"]}, "no fragment", id="RFC 6749 §3.1.2 fragment"),
        pytest.param({"redirect_uris": ["javascript:alert(1)"]}, "not a scheme", id="a script"),
        pytest.param(
            {"redirect_uris": ["http://a/" + "b" * 2040]}, "up to 2048", id="a redirect URI of 2049 characters"
        ),
        pytest.param({"client_id": "a" * 256}, "255 visible ASCII", id="a client_id of 256 characters"),
        pytest.param({"client_secret": None}, "client_secret is required", id="no secret"),
        pytest.param({"token_endpoint_auth_method": "none"}, "has no secret", id="a public client with a secret"),
        pytest.param({"token_endpoint_auth_method": "magic"}, "must be one of", id="unknown method"),
        pytest.param({"grant_types": ["password"]}, "must be one of", id="unknown grant"),
        pytest.param(
            {"id_token_signed_response_alg": "none"}, "must be one of", id="Core §3.1.3.7 an unsigned id_token"
        ),
        pytest.param(
            {"id_token_signed_response_alg": "HS256", "client_secret": "short"},
            "32 octets",
            id="Core §16.19 a weak key",
        ),
        pytest.param(
            {"authorization_signed_response_alg": "HS256"}, "32 octets or more", id="Core §16.19 a weak key for JARM"
        ),
        pytest.param({"userinfo_signed_response_alg": "HS256"}, "32 octets or more", id="Core §16.19 for UserInfo"),
        pytest.param({"authorization_signed_response_alg": "none"}, "must be one of", id="JARM §2.2 unsigned"),
        pytest.param({"first_party": "yes"}, "must be true or false", id="a text for a flag"),
        pytest.param({"request_object_signing_alg": "RS256"}, "need jwks", id="RFC 9101 §4 signed without keys"),
        pytest.param({"request_object_signing_alg": "HS256"}, "must be one of", id="RFC 9101 §4 a shared key"),
        pytest.param({"require_signed_request_object": True}, "need jwks", id="RFC 9101 §10.5 without keys"),
        pytest.param({"jwks": "x"}, "must be an object", id="jwks a text"),
        pytest.param({"jwks": {}}, "set of public", id="jwks without keys"),
        pytest.param(
            {"subject_type": "pairwise", "redirect_uris": ["http://a/b", "http://c/d"]},
            "one host",
            id="Core §8.1 two sectors",
        ),
        pytest.param({"subject_type": "pairwise", "redirect_uris": ["app:/x"]}, "one host", id="Core §8.1 no host"),
        pytest.param({"subject_type": "secret"}, "must be one of", id="Core §8 unknown type"),
        pytest.param({"sector_identifier_uri": "http://a/b"}, "https URL", id="Core §8.1 a sector without TLS"),
        pytest.param({"nonsense": "x"}, "unknown: nonsense", id="unknown name"),
        pytest.param({"scope": 5}, "must be a string", id="a number for a string"),
        pytest.param({"scope": ""}, "scope must be names", id="RFC 6749 §3.3 no scope"),
        pytest.param({"scope": "openid  email"}, "scope must be names", id="RFC 6749 §3.3 two spaces"),
        pytest.param({"scope": "openid,email\\"}, "scope must be names", id="RFC 6749 §3.3 a backslash"),
        pytest.param({"scope": "openid\n"}, "scope must be names", id="RFC 6749 §3.3 a line feed"),
    ],
)
def test_metadata_that_makes_no_client(changes: dict[str, object], fault: str) -> None:
    metadata: dict[str, object] = {"client_id": "a", "client_secret": "s", "redirect_uris": ["http://a/b"]}
    with pytest.raises(InvalidMetadata, match=fault):
        client_of({k: v for k, v in (metadata | changes).items() if v is not None})


@pytest.mark.parametrize(
    ("sid", "auth_time", "answered"),
    [
        pytest.param("another", 100, True, id="a login at the same second"),
        pytest.param("another", 101, True, id="a later login"),
        pytest.param("another", 99, False, id="an earlier login, whose cookie came late"),
        pytest.param("before", 101, False, id="the session that it had when it asked"),
    ],
)
def test_a_demand_to_log_in_is_answered_by_a_new_login_alone(sid: str, auth_time: int, answered: bool) -> None:
    """OpenID Connect Core §3.1.2.1: prompt=login."""
    request = AuthorizationRequest(client_id="a", redirect_uri="http://a/b", scope="openid", prompt="login")
    login = LoginRequest(id="x", browser="y", created_at=100, request=request, sid="before")
    session = Session(sid=sid, sub="user0", auth_time=auth_time)
    assert is_logged_in_since(login, session, 200) is answered


def test_a_redirect_uri_may_be_as_long_as_any_other() -> None:
    longest = "http://a/" + "b" * 2039
    assert client_of({"client_id": "a", "client_secret": "s", "redirect_uris": [longest]}).redirect_uris == (longest,)


def test_all_faults_are_said_at_once() -> None:
    with pytest.raises(InvalidMetadata) as caught:
        client_of({"client_id": "a", "grant_types": ["x"], "redirect_uris": ["b"]})
    assert len(caught.value.faults) == 3


def test_repeated_parameters_are_remembered() -> None:
    parameters = Parameters.parse(b"a=1&a=2&b=")
    assert parameters.repeated == {"a"}
    assert "b" not in parameters, "RFC 6749 §3.1: without a value it counts as absent"


def test_an_error_has_a_public_description_and_a_private_detail() -> None:
    error = OAuthError("public", "private")
    assert error.description == "public"
    assert str(error) == "private"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('a "quoted" text', "a ?quoted? text", id="quotes, which would end a quoted string"),
        pytest.param("a\\b", "a?b", id="a backslash"),
        pytest.param("https://ä.example/\u202e", "https://?.example/?", id="no ASCII"),
        pytest.param("a\r\nb\x7f", "a??b?", id="control characters"),
        pytest.param("it's ~ [all] (right): 100%!", "it's ~ [all] (right): 100%!", id="what is allowed"),
    ],
)
def test_a_description_is_printable_ascii_without_quotes(text: str, said: str) -> None:
    """RFC 6749 §5.2, RFC 6750 §3, RFC 7591 §3.2.2: whatever of a client's text is in it."""
    assert OAuthError(text).description == said
    assert InvalidToken(text).headers[0][1].endswith(f'error_description="{said}"')
