"""Logout requests (RP-Initiated Logout 1.0 §2, §3) and logout notifications (Back- and Front-Channel Logout 1.0)."""

import base64
import json
from typing import Any

import pytest
from protocol_testing import client, refused

from op.errors import InvalidRequest
from op.protocol.sessions.logout_request import audience_of_hint, check_hint_claims, check_post_logout_redirect_uri
from op.protocol.sessions.logout_token import LOGOUT_TOKEN_TYPE, frame_url, logout_token_claims, origin_of

ISSUER = "https://op.test"
BYE = "https://client.test/bye"
NO_ID_TOKEN = "The id_token_hint is not an ID token."


def segment(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def hint(payload: Any) -> str:
    return f"e30.{segment(json.dumps(payload).encode())}.AAAA"


@pytest.mark.parametrize("client_id", ["a", "ab", "abc", "app"], ids="padding {}".format)
def test_hint_names_its_client(client_id: str) -> None:
    assert audience_of_hint(hint({"aud": client_id})) == client_id


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nonsense",
        "a.b",
        "a.b.c",
        "e30.e30",
        hint({"aud": "app"}) + ".x",
        hint({}),
        hint([]),
        hint(None),
        hint("aud"),
        f"e30.{segment(b'[' * 100_000)}.x",
        f"e30.{segment(bytes([255]))}.x",
        "é.é.é",
    ],
    ids=lambda value: value[:40],
)
def test_malformed_hint_is_rejected(value: str) -> None:
    with refused(InvalidRequest, NO_ID_TOKEN):
        audience_of_hint(value)


@pytest.mark.parametrize("audience", [5, None, ["app"], "é", "\ud800"], ids=ascii)
def test_hint_with_an_invalid_audience_is_rejected(audience: Any) -> None:
    with refused(InvalidRequest, "The id_token_hint is not an ID token of this provider."):
        audience_of_hint(hint({"aud": audience}))


@pytest.mark.parametrize(("sid", "expected"), [("sid", "sid"), (None, None), (5, None)])
def test_hint_names_its_session(sid: Any, expected: str | None) -> None:
    assert check_hint_claims({"iss": ISSUER, "sub": "user0", "sid": sid}, ISSUER) == expected
    assert check_hint_claims({"iss": ISSUER, "sub": "user0"}, ISSUER) is None


@pytest.mark.parametrize("issuer", [None, "https://other.test", f"{ISSUER}/"])
def test_hint_of_another_issuer_is_rejected(issuer: str | None) -> None:
    with refused(InvalidRequest, "The id_token_hint was issued by another provider."):
        check_hint_claims({"iss": issuer, "sub": "user0", "sid": "sid"}, ISSUER)


def test_hint_without_sub_is_rejected() -> None:
    """A signed authorization response does not have a `sub`."""
    with refused(InvalidRequest, NO_ID_TOKEN):
        check_hint_claims({"iss": ISSUER, "sid": "sid"}, ISSUER)


@pytest.mark.spec("OpenID Connect RP-Initiated Logout §3")
def test_registered_post_logout_redirect_uri_is_accepted() -> None:
    registered = client(post_logout_redirect_uris=["https://client.test/", BYE])
    assert check_post_logout_redirect_uri(BYE, registered) == BYE
    assert check_post_logout_redirect_uri(None, registered) is None
    assert check_post_logout_redirect_uri(None, None) is None


@pytest.mark.parametrize("uri", [f"{BYE}/", BYE[:-1], BYE.upper(), "https://client.test/callback", ""])
def test_unregistered_post_logout_redirect_uri_is_rejected(uri: str) -> None:
    with refused(
        InvalidRequest, "The post_logout_redirect_uri must exactly match one of the client's registered URIs."
    ):
        check_post_logout_redirect_uri(uri, client(post_logout_redirect_uris=[BYE]))


def test_post_logout_redirect_uri_without_client_is_rejected() -> None:
    with refused(InvalidRequest, "The post_logout_redirect_uri requires an id_token_hint or a client_id."):
        check_post_logout_redirect_uri(BYE, None)


# --- Logout notifications --------------------------------------------------------------------------------------------


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.4")
def test_logout_token_has_the_claims_of_section_2_4() -> None:
    """A logout token is valid for at most two minutes and never has a nonce."""
    assert LOGOUT_TOKEN_TYPE == "logout+jwt"
    assert logout_token_claims(issuer=ISSUER, client_id="app", sub="user0", sid="sid", jti="jti", now=100) == {
        "iss": ISSUER,
        "sub": "user0",
        "aud": "app",
        "iat": 100,
        "exp": 220,
        "jti": "jti",
        "sid": "sid",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }


@pytest.mark.parametrize(("uri", "separator"), [("http://a/out", "?"), ("http://a/out?b=c", "&")])
@pytest.mark.spec("OpenID Connect Front-Channel Logout §2")
def test_frame_url_has_issuer_and_sid(uri: str, separator: str) -> None:
    """Front-Channel Logout §2."""
    assert frame_url(uri, ISSUER, "s d") == f"{uri}{separator}iss=https%3A%2F%2Fop.test&sid=s+d"


@pytest.mark.parametrize(
    ("uri", "origin"), [("https://a.test/out?b=c", "https://a.test"), ("http://a.test:8080/", "http://a.test:8080")]
)
def test_frame_source_is_an_origin(uri: str, origin: str) -> None:
    assert origin_of(uri) == origin
