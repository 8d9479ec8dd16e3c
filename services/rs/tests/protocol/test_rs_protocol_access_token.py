"""The checks of Mode B, one for each rule (RFC 9068 §4, RFC 7515, RFC 7519, RFC 8725)."""

import base64
import hmac
import json
from hashlib import sha256

import pytest

from rs.errors import InsufficientScope, InvalidToken
from rs.protocol import access_token
from rs.protocol.claims import Expected
from rs.protocol.verification_key import verification_key
from rs.protocol.verified_token import VerifiedToken, require_scope
from servicekit.clock import CLOCK_AHEAD, REUSABLE_EXPIRY_LEEWAY

NOW = 1_800_000_000
EXPECTED = Expected("http://op.test", "resource-server")
OWN = "resource-server"
DEEP = "[" * 5000


@pytest.fixture
def judge(rsa_key):
    key = verification_key(rsa_key.document, "RS256")
    assert key is not None

    def judge(token: str, now: float = NOW) -> VerifiedToken:
        return access_token.verify(access_token.parse(token, "RS256"), key, EXPECTED, now)

    return judge


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        pytest.param({}, {}, id="as the provider makes it"),
        pytest.param({"typ": "application/at+jwt"}, {}, id="typ with application/"),
        pytest.param({"typ": "AT+JWT"}, {}, id="typ in capitals, for media types have no case"),
        pytest.param({}, {"aud": ["other", OWN]}, id="aud among others"),
        pytest.param({}, {"nbf": NOW}, id="nbf reached"),
        pytest.param({}, {"iat": NOW + CLOCK_AHEAD}, id="iat of a clock that is a little ahead"),
        pytest.param({}, {"exp": NOW - REUSABLE_EXPIRY_LEEWAY + 1}, id="exp within the leeway"),
        pytest.param({}, {"exp": NOW + 0.5}, id="exp with a fraction"),
    ],
)
@pytest.mark.spec("RFC 7519 §4.1.3", "RFC 9068 §2.1, §4")
def test_valid_token_is_verified(judge, mint, header, claims):
    """RFC 9068 §2.1: `at+jwt` is accepted with and without `application/`, in upper or lower case.

    RFC 9068 §4: Type, algorithm, signature, issuer, audience and time are checked, in that order.
    """
    verified = judge(mint.token(header=header, **claims))
    assert verified == VerifiedToken(
        sub="user0",
        client_id="demo-client",
        scope=frozenset({"openid", "profile"}),
        expires_at=float(claims.get("exp", NOW + 300)),
    )


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        pytest.param({"typ": "JWT"}, {}, id="typ is an ID token's"),
        pytest.param({"typ": None}, {}, id="typ missing"),
        pytest.param({"typ": ["at+jwt"]}, {}, id="typ no string"),
        pytest.param({"alg": "RS512"}, {}, id="alg another than configured"),
        pytest.param({"alg": "none"}, {}, id="alg none"),
        pytest.param({"alg": None}, {}, id="alg missing"),
        pytest.param({"alg": ["RS256"]}, {}, id="alg no string"),
        pytest.param({"crit": ["b64"], "b64": True}, {}, id="crit names an extension"),
        pytest.param({"kid": None}, {}, id="kid missing"),
        pytest.param({"kid": {"a": 1}}, {}, id="kid no string"),
        pytest.param({}, {"iss": "http://op.test/"}, id="iss off by a slash"),
        pytest.param({}, {"iss": "http://other.test"}, id="iss another"),
        pytest.param({}, {"iss": None}, id="iss missing"),
        pytest.param({}, {"aud": "demo-client"}, id="aud is the client, as in an ID token"),
        pytest.param({}, {"aud": ["demo-client"]}, id="aud without this server"),
        pytest.param({}, {"aud": []}, id="aud empty"),
        pytest.param({}, {"aud": {OWN: OWN}}, id="aud an object"),
        pytest.param({}, {"aud": "resource-server-2"}, id="aud that only begins like it"),
        pytest.param({}, {"aud": None}, id="aud missing"),
        pytest.param({}, {"exp": NOW - REUSABLE_EXPIRY_LEEWAY}, id="exp passed"),
        pytest.param({}, {"exp": None}, id="exp missing"),
        pytest.param({}, {"exp": True}, id="exp a boolean"),
        pytest.param({}, {"exp": str(NOW + 300)}, id="exp a string"),
        pytest.param({}, {"exp": float("nan")}, id="exp not a number"),
        pytest.param({}, {"exp": float("inf")}, id="exp infinite"),
        pytest.param({}, {"exp": 10**400}, id="exp huge"),
        pytest.param({}, {"exp": -1}, id="exp negative"),
        pytest.param({}, {"iat": NOW + CLOCK_AHEAD + 1}, id="iat in the future"),
        pytest.param({}, {"iat": None}, id="iat missing"),
        pytest.param({}, {"nbf": NOW + CLOCK_AHEAD + 1}, id="nbf not reached"),
        pytest.param({}, {"sub": None}, id="sub missing"),
        pytest.param({}, {"sub": ""}, id="sub empty"),
        pytest.param({}, {"sub": 7}, id="sub no string"),
        pytest.param({}, {"sub": "\ud800"}, id="sub not ASCII"),
        pytest.param({}, {"sub": "u" * 256}, id="sub too long"),
        pytest.param({}, {"client_id": None}, id="client_id missing"),
        pytest.param({}, {"jti": None}, id="jti missing"),
        pytest.param({}, {"scope": ["profile"]}, id="scope a list"),
    ],
)
@pytest.mark.spec(
    "OpenID Connect Core §2",
    "RFC 7515 §4.1.4, §4.1.11",
    "RFC 7519 §2, §4.1.1, §4.1.3, §4.1.4, §4.1.5, §4.1.6, §4.1.7",
    "RFC 8693 §4.2, §4.3",
    "RFC 8725 §3.11",
    "RFC 9068 §2.1, §2.2, §4",
)
def test_token_with_an_invalid_claim_is_rejected(judge, mint, header, claims):
    """RFC 9068 §2.2: A token that lacks one of the required claims is invalid."""
    with pytest.raises(InvalidToken):
        judge(mint.token(header=header, **claims))


def test_header_names_the_required_key(mint):
    header, payload, signature = mint.token().split(".")
    assert access_token.parse(f"{header}.{payload}.{signature}", "RS256").kid == mint.key.kid


@pytest.mark.parametrize("size", range(4))
def test_segments_of_any_length_are_decoded(judge, mint, size):
    assert judge(mint.token(sub="u" * (size + 1))).sub == "u" * (size + 1)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("not-a-real-token", id="no JWT"),
        pytest.param("..", id="empty segments"),
        pytest.param("a.b.c.d.e", id="five segments, as encrypted"),
        pytest.param("e30=.e30.e30", id="padding"),
        pytest.param("a.e30.e30", id="a segment of one character"),
        pytest.param("e+0.e30.e30", id="base64 instead of base64url"),
        pytest.param("bnVsbA.e30.e30", id="the header is null"),
        pytest.param("_w.e30.e30", id="the header is not UTF-8"),
    ],
)
@pytest.mark.spec("RFC 7515 §2")
def test_malformed_jws_is_rejected(judge, token):
    """Segments are base64url without padding."""
    with pytest.raises(InvalidToken):
        judge(token)


@pytest.mark.parametrize(
    ("header", "payload"),
    [
        pytest.param(DEEP.encode(), {}, id="a header that is nested too deep"),
        pytest.param(None, DEEP.encode(), id="a payload that is nested too deep"),
        pytest.param({"typ": json.loads("[" * 80 + "]" * 80)}, {}, id="a typ that is nested"),
        pytest.param(None, [1], id="a payload that is a list"),
        pytest.param(None, b"\xff", id="a payload that is not UTF-8"),
        pytest.param(None, '{"iss": 1}'.encode("utf-16"), id="a payload in UTF-16"),
        pytest.param(None, b'{"exp": ' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
    ],
)
@pytest.mark.spec("RFC 7515 §5.2", "RFC 7519 §7.2")
def test_segment_must_be_a_json_object(judge, mint, header, payload):
    """RFC 7519 §7.2: Header and claims are JSON objects in UTF-8."""
    with pytest.raises(InvalidToken):
        judge(mint.raw(header or mint.header, payload))


@pytest.mark.spec("RFC 7515 §5.2")
def test_signature_of_another_key_is_rejected(judge, mint, second_rsa_key):
    """The header is checked and the signature is verified before any claim is read."""
    with pytest.raises(InvalidToken, match="signature"):
        judge(mint.token(sign=second_rsa_key.sign))


@pytest.mark.spec("RFC 7515 §5.2")
def test_modified_payload_is_rejected(judge, mint):
    header, _, signature = mint.token().split(".")
    _, payload, _ = mint.token(sub="user1").split(".")
    with pytest.raises(InvalidToken, match="signature"):
        judge(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("form", ["PEM", "modulus"])
@pytest.mark.parametrize("alg", ["HS256", "RS256"])
@pytest.mark.spec("RFC 8725 §3.1")
def test_mac_with_the_public_key_is_rejected(judge, mint, rsa_key, form, alg):
    """The algorithm is configured. The header of a token must agree with it and never chooses it: `none` and a
    MAC keyed with the public key are rejected.
    """
    public = rsa_key.public.to_pem() if form == "PEM" else base64.urlsafe_b64decode(rsa_key.document["n"] + "==")
    token = mint.token(header={"alg": alg}, sign=lambda signed: hmac.digest(public, signed, sha256))
    with pytest.raises(InvalidToken):
        judge(token)


@pytest.mark.parametrize("alg", ["none", "None", "NONE"])
@pytest.mark.spec("RFC 8725 §3.1")
def test_unsigned_token_is_rejected(judge, mint, alg):
    header, payload, _ = mint.token(header={"alg": alg}).split(".")
    for signature in ("", "e30"):
        with pytest.raises(InvalidToken):
            judge(f"{header}.{payload}.{signature}")


@pytest.mark.spec("RFC 7518 §3.4")
def test_es256_token_is_verified_if_configured(mint, ec_key):
    token = mint.token(header={"alg": "ES256", "kid": ec_key.kid}, sign=ec_key.sign)
    key = verification_key(ec_key.document, "ES256")
    assert key is not None
    assert access_token.verify(access_token.parse(token, "ES256"), key, EXPECTED, NOW).sub == "user0"


@pytest.mark.parametrize("scope", [pytest.param(None, id="no scope"), "", "openid", "profiles", "Profile"])
@pytest.mark.spec("RFC 6750 §3.1")
def test_scope_must_contain_the_required_name(judge, mint, scope):
    with pytest.raises(InsufficientScope) as refusal:
        require_scope(judge(mint.token(scope=scope)), "profile")
    assert refusal.value.scope == "profile"


def test_required_scope_is_sufficient(judge, mint):
    require_scope(judge(mint.token(scope="profile")), "profile")
