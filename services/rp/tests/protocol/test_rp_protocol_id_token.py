"""The ID token (OpenID Connect Core §3.1.3.7): every check, in order."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rp_protocol_testing import ABSENT, ISSUER, NOW, NOW_SHOWN, changed, received, refused
from rp_testing import CLIENT_ID, Signer

import rp
from rp.check import Check
from rp.errors import IdTokenRefused
from rp.protocol.tokens import signed_token
from rp.protocol.tokens.id_token import Expected, VerifiedClaims, verify
from rp.protocol.tokens.received_token import ReceivedToken
from rp.protocol.tokens.signed_token import LIFETIME, OLDEST
from servicekit.clock import CLOCK_AHEAD, SINGLE_USE_EXPIRY_LEEWAY

NONCE = "the-nonce-of-this-sign-in"
ACCESS_TOKEN = "the-access-token-that-came-along"
AT_HASH = "SY7-nhZ-4O-KdKGKigGRtg"
OTHER_HASH = "bm90IHRoZSByaWdodCBvbmU"
CLAIMS = {
    "iss": ISSUER,
    "sub": "user0",
    "aud": CLIENT_ID,
    "exp": NOW + 60,
    "iat": NOW,
    "nonce": NONCE,
    "at_hash": AT_HASH,
}
ROWS = (
    Check("alg", "OIDC Core §3.1.3.7 (7)", "none", "none"),
    Check("typ", "RFC 8725 §3.11", "JWT, or absent", "absent"),
    Check("crit", "RFC 7515 §4.1.11", "no critical extension", "absent"),
    Check("key", "OIDC Core §2", "no key: registered as unsigned", "no key"),
    Check("signature", "OIDC Core §3.1.3.7 (6)", "none: registered as unsigned", "none"),
    Check("iss", "OIDC Core §3.1.3.7 (2)", ISSUER, ISSUER),
    Check("aud", "OIDC Core §3.1.3.7 (3)", CLIENT_ID, CLIENT_ID),
    Check("azp", "OIDC Core §3.1.3.7 (4, 5)", f"{CLIENT_ID}, or absent", "absent"),
    Check("sub", "OIDC Core §2", "1 to 255 ASCII characters", "user0"),
    Check("exp", "OIDC Core §3.1.3.7 (9)", f"after {NOW_SHOWN}", "1800000060 (2027-01-15 08:01:00 UTC)"),
    Check("iat", "OIDC Core §3.1.3.7 (10)", f"in the 600 seconds before {NOW_SHOWN}", NOW_SHOWN),
    Check("nonce", "OIDC Core §3.1.3.7 (11)", "the-no…", "the-no…"),
    Check("at_hash", "OIDC Core §3.1.3.6", "SY7-nh…, or absent", "SY7-nh…"),
)
NAMES = tuple(row.name for row in ROWS)


def expected(signer: Signer, **changes: Any) -> Expected:
    """What this sign-in expects: by default signed with RS256."""
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "client_id": CLIENT_ID,
        "client_secret": signer.secret,
        "algorithm": "RS256",
        "keys": signer.jwks,
        "nonce": NONCE,
        "access_token": ACCESS_TOKEN,
        "now": NOW + 0.5,
        "trusted_audiences": frozenset({"friend"}),
    }
    return Expected(**(values | changes))


def row(name: str, **changes: str) -> Check:
    return replace(ROWS[NAMES.index(name)], **changes)


def verified(signer: Signer, **changes: Any) -> VerifiedClaims:
    """A signed token with changes of its claims. ABSENT omits a claim."""
    return verify(ReceivedToken.parse(signer.sign(changed(CLAIMS, **changes))), expected(signer))


# --- What passes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "key", "expected_key"),
    [
        ("RS256", "one", "one RS256 key with kid RS256"),
        ("ES256", "one", "one ES256 key with kid ES256"),
        ("HS256", "the client's secret", "the client's secret"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.3.5")
def test_verified_id_token_shows_every_check(signer: Signer, algorithm: str, key: str, expected_key: str) -> None:
    """The token response is validated as in OAuth 2.0, then the id_token."""
    token = signer.sign(CLAIMS, algorithm)
    header = {"alg": algorithm, "typ": "JWT", "kid": algorithm}
    checks = (
        row("alg", expected=algorithm, found=algorithm),
        row("typ", found="JWT"),
        row("crit"),
        row("key", section="OIDC Core §10.1", expected=expected_key, found=key),
        row("signature", expected=f"valid with {algorithm}", found="valid"),
        *ROWS[5:],
    )
    found = verify(ReceivedToken.parse(token), expected(signer, algorithm=algorithm))
    assert found == VerifiedClaims(token, header, CLAIMS, checks)


@pytest.mark.spec("OpenID Connect Core §2, §3.1.3.7 (6)")
def test_unsigned_id_token_is_verified_where_registered(signer: Signer) -> None:
    """§2: `none` in the code flow, for a client that is registered for it. `at_hash` is not checked."""
    found = verify(received({"alg": "none"}, CLAIMS), expected(signer, algorithm="none", keys=()))
    assert found.checks == (*ROWS[:-1], row("at_hash", expected="not checked: the token is unsigned"))


def test_printed_id_token_shows_no_whole_secret(signer: Signer) -> None:
    shown = repr(verified(signer)) + repr(expected(signer))
    for secret in (NONCE, AT_HASH, ACCESS_TOKEN, signer.secret):
        assert secret not in shown


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"at_hash": ABSENT}, id="§3.1.3.6 at_hash is optional in the code flow"),
        pytest.param({"aud": [CLIENT_ID]}, id="(3) aud as a list"),
        pytest.param({"azp": CLIENT_ID}, id="(5) azp with one audience"),
        pytest.param({"azp": None}, id="(5) azp that is null"),
        pytest.param({"aud": [CLIENT_ID, "friend"], "azp": CLIENT_ID}, id="(3, 4) a trusted audience, with azp"),
        pytest.param({"sub": "x"}, id="§2 sub of 1 character"),
        pytest.param({"sub": "x" * 255}, id="§2 sub of 255 characters"),
        pytest.param({"exp": NOW - SINGLE_USE_EXPIRY_LEEWAY + 1}, id="(9) exp within the leeway"),
        pytest.param({"iat": NOW + CLOCK_AHEAD + 0.5}, id="(10) iat of a clock that is ahead"),
        pytest.param({"iat": NOW - OLDEST - SINGLE_USE_EXPIRY_LEEWAY + 0.5}, id="(10) iat of the oldest token"),
        pytest.param({"exp": NOW + 0.5, "iat": NOW - 0.5}, id="a time with a fraction"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.3.6, §3.1.3.7 (10), §3.1.3.8")
def test_permitted_claims_are_accepted(signer: Signer, change: dict[str, Any]) -> None:
    """OpenID Connect Core §3.1.3.6, §3.1.3.8: An `at_hash`, if present, must match the access token.

    OpenID Connect Core §3.1.3.7 (10): `iat` is not in the future, and not older than a sign-in can take.
    """
    assert verified(signer, **change).claims == changed(CLAIMS, **change)


def test_times_within_which_a_token_is_accepted() -> None:
    """The lifetimes of logout tokens and of ended sessions in Redis depend on them."""
    assert (OLDEST, LIFETIME) == (600, 670)


@pytest.mark.parametrize(
    ("found", "audiences"),
    [
        pytest.param("a", ["a"], id="a string"),
        pytest.param(["a", "b", "a"], ["a", "b"], id="a list"),
        pytest.param([], [], id="an empty list"),
        pytest.param(["a", 7], [], id="a list with a number"),
        pytest.param({"a": 1}, [], id="an object"),
        pytest.param(None, [], id="absent"),
    ],
)
@pytest.mark.spec("RFC 7519 §4.1.3")
def test_audiences_are_a_string_or_a_list_of_strings(found: Any, audiences: list[str]) -> None:
    """`aud` is a string or a list of strings, and names the recipient."""
    assert signed_token.audiences_of(found) == frozenset(audiences)


# --- What is rejected ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        pytest.param("iss", ISSUER + "/", f"{ISSUER}/", id="iss: exact, with one more slash"),
        pytest.param("iss", "HTTP://localhost:25000", "HTTP://localhost:25000", id="iss: exact, in another case"),
        pytest.param("iss", ABSENT, "absent", id="iss: required"),
        pytest.param("iss", [ISSUER], f'["{ISSUER}"]', id="iss: a string"),
        pytest.param("aud", "resource-server", "resource-server", id="aud: names this client"),
        pytest.param("aud", [], "[]", id="aud: not empty"),
        pytest.param("aud", ABSENT, "absent", id="aud: required"),
        pytest.param("aud", {"demo-client": 1}, '{"demo-client": 1}', id="aud: a string or a list"),
        pytest.param("aud", [CLIENT_ID, 7], '["demo-client", 7]', id="aud: a list of strings"),
        pytest.param("aud", [CLIENT_ID, "other"], '["demo-client", "other"]', id="aud: no untrusted other"),
        pytest.param("azp", "another-client", "another-client", id="azp: this client when present"),
        pytest.param("azp", [CLIENT_ID], '["demo-client"]', id="azp: a string"),
        pytest.param("sub", ABSENT, "absent", id="sub: required"),
        pytest.param("sub", "", "an empty string", id="sub: not empty"),
        pytest.param("sub", 7, "7", id="sub: a string"),
        pytest.param("sub", "x" * 256, "x" * 120 + "…", id="sub: at most 255 characters"),
        pytest.param("sub", "userö", "userö", id="sub: ASCII"),
        pytest.param("exp", NOW - 10, "1799999990 (2027-01-15 07:59:50 UTC)", id="exp: not reached"),
        pytest.param("exp", ABSENT, "absent", id="exp: required"),
        pytest.param("exp", True, "true", id="exp: not a boolean"),
        pytest.param("exp", str(NOW + 60), "1800000060", id="exp: a number"),
        pytest.param("exp", 10**30, str(10**30), id="exp: before the year 10000"),
        pytest.param("exp", 10**400, "1" + "0" * 119 + "…", id="exp: not larger than any float"),
        pytest.param("iat", ABSENT, "absent", id="iat: required"),
        pytest.param("iat", True, "true", id="iat: not a boolean"),
        pytest.param("iat", NOW + 61, "1800000061 (2027-01-15 08:01:01 UTC)", id="iat: not ahead"),
        pytest.param("iat", NOW - 610, "1799999390 (2027-01-15 07:49:50 UTC)", id="iat: not too old"),
        pytest.param("iat", -1, "-1", id="iat: not before the epoch"),
        pytest.param("nonce", "the-nonce-of-another", "the-no… and a different end", id="nonce: the one that was sent"),
        pytest.param("nonce", ABSENT, "absent", id="nonce: required"),
        pytest.param("nonce", NONCE + "ö", "the-no… and a different end", id="nonce: no other characters"),
        pytest.param("nonce", [NONCE], "not a string", id="nonce: a string"),
        pytest.param("at_hash", OTHER_HASH, "bm90IH…", id="at_hash: of this access token"),
        pytest.param("at_hash", AT_HASH + "ö", "SY7-nh… and a different end", id="at_hash: no other characters"),
        pytest.param("at_hash", None, "absent", id="at_hash: a string when present"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §2, §3.1.3.6, §3.1.3.7 (2), (3), (5), (9), (10), (11), §3.1.3.8")
def test_id_token_with_a_wrong_claim_is_rejected(signer: Signer, name: str, value: Any, found: str) -> None:
    with pytest.raises(IdTokenRefused) as error:
        verified(signer, **{name: value})
    assert error.value.check == row(name, found=found)
    assert [check.name for check in error.value.passed] == list(NAMES[: NAMES.index(name)])


@pytest.mark.parametrize(("azp", "found"), [(ABSENT, "absent"), ("friend", "friend")])
@pytest.mark.spec("OpenID Connect Core §3.1.3.7 (4)")
def test_several_audiences_need_the_azp_of_this_client(signer: Signer, azp: Any, found: str) -> None:
    """With several audiences there must be an `azp`."""
    with refused(IdTokenRefused, row("azp", expected=CLIENT_ID, found=found)):
        verified(signer, aud=[CLIENT_ID, "friend"], azp=azp)


def test_no_other_audience_is_trusted_by_default() -> None:
    assert (
        signed_token.Expected(
            issuer=ISSUER, client_id=CLIENT_ID, client_secret=None, algorithm="RS256", keys=(), now=0.0
        ).trusted_audiences
        == frozenset()
    )


@pytest.mark.parametrize(
    ("name", "header"),
    [
        pytest.param("alg", {"alg": "none"}, id="unsigned"),
        pytest.param("typ", {"alg": "RS256", "typ": "at+jwt"}, id="an access token"),
        pytest.param("crit", {"alg": "RS256", "crit": ["exp"]}, id="a critical extension"),
        pytest.param("kid", {"alg": "RS256", "kid": 7}, id="kid is not a string"),
        pytest.param("key", {"alg": "RS256", "kid": "unknown"}, id="an unknown kid"),
        pytest.param("key", {"alg": "RS256", "kid": "ES256"}, id="the kid of a key of another type"),
        pytest.param("signature", {"alg": "RS256", "kid": "RS256"}, id="no signature"),
    ],
)
def test_id_token_with_a_wrong_header_is_rejected(signer: Signer, name: str, header: dict[str, Any]) -> None:
    with pytest.raises(IdTokenRefused) as error:
        verify(received(header, CLAIMS), expected(signer))
    assert error.value.check.name == name


@pytest.mark.parametrize(
    ("name", "token"),
    [
        pytest.param("alg", {"alg": "RS256"}, id="signed"),
        pytest.param("nonce", {"alg": "none"}, id="everything else is checked"),
    ],
)
def test_unsigned_id_token_is_checked_otherwise(signer: Signer, name: str, token: dict[str, Any]) -> None:
    with pytest.raises(IdTokenRefused) as error:
        verify(received(token, CLAIMS | {"nonce": "x"}), expected(signer, algorithm="none", keys=()))
    assert error.value.check.name == name


def test_what_a_sign_in_expects_has_the_common_values(signer: Signer) -> None:
    common = signed_token.Expected(
        issuer=ISSUER,
        client_id=CLIENT_ID,
        client_secret=signer.secret,
        algorithm="RS256",
        keys=signer.jwks,
        now=NOW + 0.5,
        trusted_audiences=frozenset({"friend"}),
    )
    assert Expected.of_sign_in(common, nonce=NONCE, access_token=ACCESS_TOKEN) == expected(signer)


# --- The types -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "by"),
    [
        ("VerifiedClaims", "protocol/tokens/id_token.py"),
        ("ValidatedResponse", "protocol/authorization/authorization_response.py"),
        ("UserInfo", "protocol/resources/userinfo.py"),
    ],
)
@pytest.mark.spec("RFC 6749 §4.1.3")
def test_only_its_check_makes_a_verified_type(made: str, by: str) -> None:
    """The relying party redeems only the code of a validated response, with its redirect_uri and its credentials."""
    root = Path(rp.__file__).parent
    calls = [
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for _ in re.findall(rf"(?<!class )\b{made}\(", path.read_text())
    ]
    assert calls == [by]
