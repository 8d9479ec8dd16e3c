"""The ID token of a refresh response (OpenID Connect Core §12.2), which must belong to the same login."""

from typing import Any

import pytest
from rp_protocol_testing import ABSENT, ISSUER, NOW, NOW_SHOWN, changed, received, refused
from rp_testing import CLIENT_ID, Signer

from rp.check import Check
from rp.errors import IdTokenRefused
from rp.protocol.tokens import id_token, refreshed_id_token
from rp.protocol.tokens.received_token import ReceivedToken
from rp.protocol.tokens.refreshed_id_token import Expected

SECTION = "OIDC Core §12.2"
NONCE = "the-nonce-of-the-sign-in"
LOGIN = NOW - 3600
ORIGINAL = {
    "iss": ISSUER,
    "sub": "user0",
    "aud": CLIENT_ID,
    "exp": LOGIN + 60,
    "iat": LOGIN,
    "nonce": NONCE,
    "auth_time": LOGIN,
}
REFRESHED = changed(ORIGINAL, exp=NOW + 60, iat=NOW, nonce=ABSENT)
SEVERAL = {"aud": [CLIENT_ID, "friend"], "azp": CLIENT_ID}
UNSIGNED = {"alg": "none"}


def sign_in(**changes: Any) -> id_token.Expected:
    """The expectations of the sign-in."""
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "client_id": CLIENT_ID,
        "client_secret": "secret",
        "algorithm": "none",
        "keys": (),
        "now": float(NOW),
        "trusted_audiences": frozenset({"friend"}),
        "nonce": NONCE,
        "access_token": "the-new-access-token",
    }
    return id_token.Expected(**(values | changes))


def verified(claims: dict[str, Any], original: dict[str, Any] | None = None) -> None:
    """Verify an unsigned token, with changes of its claims and of those of the sign-in."""
    expected = Expected.of_refresh(sign_in(), changed(ORIGINAL, **(original or {})))
    refreshed_id_token.verify(received(UNSIGNED, changed(REFRESHED, **claims)), expected)


def row(name: str, expected: str, found: str, section: str = SECTION) -> Check:
    return Check(name, section, expected, found)


@pytest.mark.parametrize(
    ("claims", "original"),
    [
        pytest.param({}, {}, id="the same, without nonce"),
        pytest.param({"nonce": NONCE}, {}, id="the same nonce"),
        pytest.param({"auth_time": ABSENT}, {}, id="auth_time left out"),
        pytest.param({}, {"auth_time": ABSENT}, id="auth_time that was absent before"),
        pytest.param({"aud": [CLIENT_ID]}, {}, id="aud as a list"),
        pytest.param({"aud": [CLIENT_ID, "friend"]}, {}, id="one more trusted aud"),
        pytest.param(SEVERAL, SEVERAL, id="several audiences, as before"),
        pytest.param({"name": "Another Name"}, {}, id="a claim that changed"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §12.2")
def test_refreshed_id_token_of_the_same_login_is_accepted(claims: dict[str, Any], original: dict[str, Any]) -> None:
    verified(claims, original)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "HS256"])
def test_signed_refreshed_id_token_is_accepted(signer: Signer, algorithm: str) -> None:
    common = sign_in(algorithm=algorithm, keys=signer.jwks, client_secret=signer.secret)
    token = ReceivedToken.parse(signer.sign(REFRESHED, algorithm))
    refreshed_id_token.verify(token, Expected.of_refresh(common, ORIGINAL))


@pytest.mark.parametrize(
    ("claims", "original", "check"),
    [
        pytest.param({"iss": "x"}, {}, row("iss", ISSUER, "x", "OIDC Core §3.1.3.7 (2)"), id="(2) another iss"),
        pytest.param({}, {"iss": "x"}, row("iss", "x", ISSUER), id="another iss than at the sign-in"),
        pytest.param({"sub": "user1"}, {}, row("sub", "user0", "user1"), id="another sub"),
        pytest.param({"sub": ABSENT}, {}, row("sub", "user0", "absent"), id="no sub"),
        pytest.param({"aud": "x"}, {}, row("aud", CLIENT_ID, "x", "OIDC Core §3.1.3.7 (3)"), id="(3) another aud"),
        pytest.param({}, SEVERAL, row("aud", f'["{CLIENT_ID}", "friend"]', CLIENT_ID), id="one aud fewer"),
        pytest.param({"azp": CLIENT_ID}, {}, row("azp", "absent", CLIENT_ID), id="azp that was absent before"),
        pytest.param({}, {"azp": CLIENT_ID}, row("azp", CLIENT_ID, "absent"), id="no azp although there was one"),
        pytest.param(
            {"exp": NOW - 10},
            {},
            row("exp", f"after {NOW_SHOWN}", "1799999990 (2027-01-15 07:59:50 UTC)", "OIDC Core §3.1.3.7 (9)"),
            id="(9) expired",
        ),
        pytest.param(
            {"iat": ABSENT},
            {},
            row("iat", f"in the 600 seconds before {NOW_SHOWN}", "absent", "OIDC Core §3.1.3.7 (10)"),
            id="(10) no iat",
        ),
        pytest.param(
            {"auth_time": LOGIN + 20},
            {},
            row("auth_time", f"{LOGIN}, or absent", str(LOGIN + 20)),
            id="another auth_time",
        ),
        pytest.param(
            {"nonce": "another"}, {}, row("nonce", "the-no…, or absent", "a short string"), id="another nonce"
        ),
        pytest.param({"nonce": ["n"]}, {}, row("nonce", "the-no…, or absent", "not a string"), id="a list as nonce"),
        pytest.param({"nonce": None}, {}, row("nonce", "the-no…, or absent", "absent"), id="null as nonce"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §12.2")
def test_refreshed_id_token_of_another_login_is_rejected(
    claims: dict[str, Any], original: dict[str, Any], check: Check
) -> None:
    """An id_token of a refresh is verified like the first one, and must have the same `iss`, `sub`, `aud` and `azp`."""
    with refused(IdTokenRefused, check):
        verified(claims, original)


@pytest.mark.parametrize(
    ("name", "changes", "header"),
    [
        pytest.param("alg", {}, {"alg": "ES256", "kid": "ES256"}, id="(7) another algorithm"),
        pytest.param("typ", {}, {"typ": "at+jwt"}, id="RFC 8725 §3.11 an access token"),
        pytest.param("crit", {}, {"crit": ["x"]}, id="RFC 7515 §4.1.11 a critical extension"),
        pytest.param("key", {}, {"kid": "unknown"}, id="§10.1 an unknown kid"),
        pytest.param("signature", {}, {}, id="(6) another key"),
        pytest.param("at_hash", {"at_hash": "bm90IHRoZSByaWdodCBvbmU"}, {}, id="§3.1.3.6 of another access token"),
    ],
)
def test_refreshed_id_token_is_checked_as_at_sign_in(
    signer: Signer, other_signer: Signer, name: str, changes: dict[str, Any], header: dict[str, Any]
) -> None:
    algorithm = header.get("alg", "RS256")
    by = other_signer if name == "signature" else signer
    token = ReceivedToken.parse(by.sign(REFRESHED | changes, algorithm, **header))
    with pytest.raises(IdTokenRefused) as error:
        refreshed_id_token.verify(token, Expected.of_refresh(sign_in(algorithm="RS256", keys=signer.jwks), ORIGINAL))
    assert error.value.check.name == name


def test_what_a_refresh_expects_has_the_values_of_the_sign_in() -> None:
    expected = Expected.of_refresh(sign_in(), ORIGINAL)
    for name in id_token.Expected.__dataclass_fields__:
        assert getattr(expected, name) == getattr(sign_in(), name), name
    assert expected.original == ORIGINAL
