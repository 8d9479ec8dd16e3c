"""The logout token (OpenID Connect Back-Channel Logout §2.6)."""

from typing import Any

import pytest
from rp_protocol_testing import ABSENT, ISSUER, NOW, changed, received, refused
from rp_testing import CLIENT_ID, Signer

from rp.check import Check
from rp.errors import IdTokenRefused, LogoutTokenRefused
from rp.protocol.logout import logout_token
from rp.protocol.logout.logout_token import Logout
from rp.protocol.tokens.received_token import ReceivedToken
from rp.protocol.tokens.signed_token import Expected

EVENT = "http://schemas.openid.net/event/backchannel-logout"
CLAIMS = {
    "iss": ISSUER,
    "aud": CLIENT_ID,
    "iat": NOW,
    "exp": NOW + 120,
    "jti": "token-1",
    "events": {EVENT: {}},
    "sid": "session-1",
    "sub": "user0",
}
SPECIFICATION = "Back-Channel Logout"
LONGEST = "x" * 255


def expected(signer: Signer, **changes: Any) -> Expected:
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "client_id": CLIENT_ID,
        "client_secret": signer.secret,
        "algorithm": "RS256",
        "keys": signer.jwks,
        "now": float(NOW),
    }
    return Expected(**(values | changes))


def verified(signer: Signer, header: dict[str, Any] | None = None, **changes: Any) -> Logout:
    """A signed logout token with changes of its claims. ABSENT omits a claim."""
    token = signer.sign(changed(CLAIMS, **changes), **({"typ": "logout+jwt"} | (header or {})))
    return logout_token.verify(ReceivedToken.parse(token), expected(signer))


# --- What passes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sub", "sid"),
    [
        pytest.param({}, "user0", "session-1", id="sub and sid"),
        pytest.param({"sid": ABSENT}, "user0", None, id="sub"),
        pytest.param({"sub": ABSENT}, None, "session-1", id="sid"),
        pytest.param({"sub": "x", "sid": LONGEST}, "x", LONGEST, id="the shortest and the longest"),
    ],
)
def test_verified_logout_identifies_the_sessions(
    signer: Signer, changes: dict[str, Any], sub: str | None, sid: str | None
) -> None:
    assert verified(signer, **changes) == Logout(ISSUER, sub, sid, "token-1", NOW)


@pytest.mark.parametrize("algorithm", ["ES256", "HS256"])
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (2)")
def test_logout_token_has_the_algorithm_of_id_tokens(signer: Signer, algorithm: str) -> None:
    token = ReceivedToken.parse(signer.sign(CLAIMS, algorithm, typ="logout+jwt"))
    assert logout_token.verify(token, expected(signer, algorithm=algorithm)).token_id == "token-1"


@pytest.mark.parametrize("typ", ["logout+jwt", "Logout+JWT", "application/logout+jwt", "JWT"])
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.4")
def test_typ_of_a_logout_token_is_accepted(signer: Signer, typ: str) -> None:
    """The type of a logout token and the one from before it was specified are accepted."""
    assert verified(signer, {"typ": typ})


def test_logout_token_without_typ_is_accepted(signer: Signer) -> None:
    assert logout_token.verify(ReceivedToken.parse(signer.untyped(CLAIMS)), expected(signer))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"jti": "x"}, id="the shortest jti"),
        pytest.param({"jti": LONGEST}, id="the longest jti"),
        pytest.param({"events": {EVENT: {"a": 1}, "http://other": 7}}, id="other events"),
    ],
)
def test_permitted_claims_of_a_logout_token(signer: Signer, changes: dict[str, Any]) -> None:
    assert verified(signer, **changes).sid == "session-1"


# --- What is rejected ------------------------------------------------------------------------------------------------


def row(name: str, section: str, wanted: str, found: str) -> Check:
    return Check(name, f"{SPECIFICATION} {section}", wanted, found)


def identified(found: str) -> Check:
    return row("sub, sid", "§2.6 (5)", "sub, sid or both", found)


def events(found: str) -> Check:
    return row("events", "§2.6 (6)", f"an object with {EVENT}", found)


def jti(found: str) -> Check:
    return row("jti", "§2.4", "an identifier", found)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        pytest.param({"sub": ABSENT, "sid": ABSENT}, identified("neither"), id="(5) neither sub nor sid"),
        pytest.param({"sid": 7}, identified("sub, sid"), id="(5) sid is not a string"),
        pytest.param({"sid": None}, identified("sub, sid"), id="(5) sid is null"),
        pytest.param({"sub": "", "sid": ABSENT}, identified("sub"), id="(5) sub is empty"),
        pytest.param({"sub": "x" * 256, "sid": ABSENT}, identified("sub"), id="(5) sub is too long"),
        pytest.param({"events": ABSENT}, events("absent"), id="(6) no events"),
        pytest.param({"events": {"http://other": {}}}, events('{"http://other": {}}'), id="(6) another event"),
        pytest.param({"events": {EVENT: 7}}, events(f'{{"{EVENT}": 7}}'), id="(6) a member that is not an object"),
        pytest.param({"events": [EVENT]}, events(f'["{EVENT}"]'), id="(6) events is not an object"),
        pytest.param({"nonce": "n"}, row("nonce", "§2.6 (7)", "absent", "a short string"), id="(7) a nonce"),
        pytest.param({"nonce": "x" * 20}, row("nonce", "§2.6 (7)", "absent", "xxxxxx…"), id="(7) a nonce, masked"),
        pytest.param({"nonce": None}, row("nonce", "§2.6 (7)", "absent", "absent"), id="(7) a nonce that is null"),
        pytest.param({"jti": ABSENT}, jti("absent"), id="§2.4 no jti"),
        pytest.param({"jti": ""}, jti("an empty string"), id="§2.4 jti is empty"),
        pytest.param({"jti": ["a"]}, jti('["a"]'), id="§2.4 jti is not a string"),
        pytest.param({"jti": "x" * 256}, jti("x" * 120 + "…"), id="§2.4 jti is too long"),
    ],
)
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.4, §2.6 (5), (6), (7)")
def test_logout_token_with_a_wrong_claim_is_rejected(signer: Signer, changes: dict[str, Any], check: Check) -> None:
    """OpenID Connect Back-Channel Logout §2.6 (5): The token has a `sub`, a `sid`, or both.

    OpenID Connect Back-Channel Logout §2.6 (6): `events` has the member of this event, which is an object.

    OpenID Connect Back-Channel Logout §2.6 (7): A token with a nonce is rejected.
    """
    with refused(LogoutTokenRefused, check):
        verified(signer, **changes)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        pytest.param("iss", {"iss": "http://evil.example"}, id="(4) another iss"),
        pytest.param("iss", {"iss": ABSENT}, id="(4) no iss"),
        pytest.param("aud", {"aud": "another-client"}, id="(4) another aud"),
        pytest.param("aud", {"aud": ABSENT}, id="(4) no aud"),
        pytest.param("aud", {"aud": [CLIENT_ID, "other"]}, id="(4) one more aud"),
        pytest.param("exp", {"exp": NOW - 10}, id="(4) expired"),
        pytest.param("exp", {"exp": ABSENT}, id="§2.4 no exp"),
        pytest.param("iat", {"iat": ABSENT}, id="(4) no iat"),
        pytest.param("iat", {"iat": NOW - 611}, id="(4) issued long ago"),
    ],
)
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.4, §2.6 (4)")
def test_logout_token_is_checked_as_an_id_token(signer: Signer, name: str, changes: dict[str, Any]) -> None:
    """§2.6 (4) (OpenID Connect Back-Channel Logout §2.4)."""
    with pytest.raises(IdTokenRefused) as error:
        verified(signer, **changes)
    assert error.value.check.name == name


@pytest.mark.parametrize(("typ", "found"), [("at+jwt", "at+jwt"), (7, "7"), ("", "an empty string")])
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.4")
def test_any_other_typ_of_a_logout_token_is_rejected(signer: Signer, typ: Any, found: str) -> None:
    """The type is `logout+jwt`. `JWT` or none is accepted for providers that are older than that name; any other
    type is rejected.
    """
    with refused(LogoutTokenRefused, row("typ", "§2.4", "logout+jwt", found)):
        logout_token.verify(received({"alg": "RS256", "typ": typ}, CLAIMS), expected(signer))


@pytest.mark.parametrize(
    ("name", "header"),
    [
        pytest.param("key", {"kid": "unknown"}, id="(2) an unknown kid"),
        pytest.param("alg", {"alg": "ES256", "kid": "ES256"}, id="(3) another algorithm"),
        pytest.param("crit", {"crit": ["x"]}, id="RFC 7515 §4.1.11 a critical extension"),
    ],
)
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (2), (3)")
def test_logout_token_with_a_wrong_header_is_rejected(signer: Signer, name: str, header: dict[str, Any]) -> None:
    token = ReceivedToken.parse(signer.sign(CLAIMS, header.get("alg", "RS256"), **header))
    with pytest.raises(IdTokenRefused) as error:
        logout_token.verify(token, expected(signer))
    assert error.value.check.name == name


def test_logout_token_by_another_key_is_rejected(signer: Signer, other_signer: Signer) -> None:
    with pytest.raises(IdTokenRefused) as error:
        logout_token.verify(ReceivedToken.parse(other_signer.sign(CLAIMS)), expected(signer))
    assert error.value.check.name == "signature"


@pytest.mark.parametrize("algorithm", ["RS256", "none"])
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (3)")
def test_unsigned_logout_token_is_always_rejected(signer: Signer, algorithm: str) -> None:
    """§2.6 (3): even if ID tokens are unsigned."""
    with refused(LogoutTokenRefused, row("alg", "§2.6 (3)", "a signed token", "none")):
        logout_token.verify(received({"alg": "none"}, CLAIMS), expected(signer, algorithm=algorithm))


@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.6 (6), (7)")
def test_id_token_is_not_a_logout_token(signer: Signer) -> None:
    """§2.6 (6), (7)."""
    with refused(LogoutTokenRefused, events("absent")):
        verified(signer, {"typ": "JWT"}, events=ABSENT, nonce="n", jti=ABSENT)
