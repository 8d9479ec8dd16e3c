"""The authorization request (OpenID Connect Core §3.1.2.1) and PKCE (RFC 7636)."""

from urllib.parse import parse_qs, urlsplit

import pytest

from rp.protocol.authorization import pkce
from rp.protocol.authorization.authorization_request import authorization_request

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def request(**changes: str | None) -> str:
    values: dict[str, str | None] = {
        "client_id": "a&b",
        "redirect_uri": "http://rp/callback",
        "scope": "openid email",
        "state": "s",
        "nonce": "n",
        "code_verifier": VERIFIER,
        "response_mode": "query",
    }
    return authorization_request("http://op/authorize?tenant=7#x", **(values | changes))  # type: ignore[arg-type]


@pytest.mark.spec("OpenID Connect Core §3.1.3.7 (12), (13)")
@pytest.mark.spec("RFC 6749 §3.1")
def test_authorization_request_keeps_the_query_of_the_endpoint() -> None:
    """OpenID Connect Core §3.1.3.7 (12): `acr` was not requested, so it is not compared.

    OpenID Connect Core §3.1.3.7 (13): max_age was not sent, so `auth_time` is shown and not checked.
    """
    assert request() == (
        "http://op/authorize?tenant=7&response_type=code&client_id=a%26b&redirect_uri=http%3A%2F%2Frp%2Fcallback"
        f"&scope=openid+email&state=s&nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256"
    )


@pytest.mark.parametrize(
    ("changes", "name", "sent"),
    [
        pytest.param({}, "response_mode", [], id="query is the default mode of a code"),
        pytest.param({"response_mode": "form_post"}, "response_mode", ["form_post"], id="another response_mode"),
        pytest.param({}, "login_hint", [], id="no login_hint"),
        pytest.param({"login_hint": "user0@example.com"}, "login_hint", ["user0@example.com"], id="login_hint"),
        pytest.param({}, "ui_locales", [], id="no ui_locales"),
        pytest.param({"ui_locales": "de fr"}, "ui_locales", ["de fr"], id="ui_locales"),
        pytest.param({"scope": "openid offline_access"}, "prompt", ["consent"], id="Core §11 offline access"),
        pytest.param({}, "prompt", [], id="Core §11 no offline access"),
        pytest.param({"scope": "openid offline_access_not"}, "prompt", [], id="Core §11 another scope"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §11")
def test_optional_parameter_is_sent_where_it_is_needed(changes: dict[str, str], name: str, sent: list[str]) -> None:
    """The relying party sends `prompt=consent` if its scope has offline_access."""
    assert parse_qs(urlsplit(request(**changes)).query).get(name, []) == sent


@pytest.mark.spec("RFC 7636 §4.2")
def test_s256_matches_the_rfc_example_in_the_relying_party() -> None:
    """The challenge is that of the example in appendix B."""
    assert (pkce.METHOD, pkce.challenge_of(VERIFIER)) == ("S256", CHALLENGE)


@pytest.mark.spec("RFC 7636 §4.1")
def test_code_verifiers_differ_and_are_long_enough() -> None:
    """A verifier has 43 to 128 characters."""
    verifiers = {pkce.make_verifier() for _ in range(100)}
    assert len(verifiers) == 100
    assert {len(verifier) for verifier in verifiers} == {43}
