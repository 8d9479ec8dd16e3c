"""OpenID Connect Core §3.1.3.7: every check of the id_token, by the rule that it keeps."""

import json
import re
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jose.utils import long_to_base64

import rp
from rp.errors import IdTokenRefused
from rp.protocol.tokens.id_token import Expected, verify
from rp.protocol.tokens.received_token import LENGTH_LIMIT, ReceivedToken
from rp.protocol.tokens.signed_token import OLDEST
from servicekit.clock import CLOCK_AHEAD, SINGLE_USE_EXPIRY_LEEWAY

NOW = 1_800_000_000
ISSUER = "http://localhost:25000"
CLIENT_ID = "demo-client"
NONCE = "the-nonce-of-this-sign-in"
ACCESS_TOKEN = "the-access-token-that-came-along"
AT_HASH = "SY7-nhZ-4O-KdKGKigGRtg"
CLAIMS = {
    "iss": ISSUER,
    "sub": "user0",
    "aud": CLIENT_ID,
    "exp": NOW + 60,
    "iat": NOW,
    "nonce": NONCE,
    "at_hash": AT_HASH,
}


def expectation(signer, **changes):
    values = {
        "issuer": ISSUER,
        "client_id": CLIENT_ID,
        "client_secret": signer.secret,
        "algorithm": "RS256",
        "keys": signer.jwks,
        "nonce": NONCE,
        "access_token": ACCESS_TOKEN,
        "now": float(NOW),
    }
    return Expected(**{**values, **changes})


def claims(**changes):
    return {name: value for name, value in {**CLAIMS, **changes}.items() if value is not ...}


def refusal(token, expected):
    with pytest.raises(IdTokenRefused) as refused:
        verify(ReceivedToken.parse(token), expected)
    return refused.value


def part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "HS256"])
def test_a_token_that_passes_shows_every_check_in_order(signer, algorithm):
    token = signer.sign(claims(), algorithm, kid=None if algorithm == "HS256" else algorithm)
    verified = verify(ReceivedToken.parse(token), expectation(signer, algorithm=algorithm))
    assert verified.claims["sub"] == "user0"
    assert [check.name for check in verified.checks] == (
        ["alg", "typ", "crit", "key", "signature", "iss", "aud", "azp", "sub", "exp", "iat", "nonce", "at_hash"]
    )
    assert all(check.section for check in verified.checks)


def test_no_row_shows_a_whole_secret(signer):
    verified = verify(ReceivedToken.parse(signer.sign(claims())), expectation(signer))
    shown = repr(verified) + repr(expectation(signer))
    for secret in (NONCE, AT_HASH, ACCESS_TOKEN, signer.secret):
        assert secret not in shown


@pytest.mark.parametrize(
    ("check", "change"),
    [
        pytest.param("iss", {"iss": ISSUER + "/"}, id="iss: exact, no slash more"),
        pytest.param("iss", {"iss": "HTTP://localhost:25000"}, id="iss: exact, no other case"),
        pytest.param("iss", {"iss": ...}, id="iss: must be there"),
        pytest.param("iss", {"iss": [ISSUER]}, id="iss: a string"),
        pytest.param("aud", {"aud": "resource-server"}, id="aud: must name this client"),
        pytest.param("aud", {"aud": []}, id="aud: must not be empty"),
        pytest.param("aud", {"aud": ...}, id="aud: must be there"),
        pytest.param("aud", {"aud": {"demo-client": 1}}, id="aud: a string or a list"),
        pytest.param("aud", {"aud": [CLIENT_ID, 7]}, id="aud: a list of strings"),
        pytest.param("aud", {"aud": [CLIENT_ID, "stranger"], "azp": CLIENT_ID}, id="aud: no untrusted other"),
        pytest.param("azp", {"azp": "another-client"}, id="azp: this client when present"),
        pytest.param("azp", {"azp": [CLIENT_ID]}, id="azp: a string"),
        pytest.param("sub", {"sub": ...}, id="sub: must be there"),
        pytest.param("sub", {"sub": ""}, id="sub: not empty"),
        pytest.param("sub", {"sub": 7}, id="sub: a string"),
        pytest.param("sub", {"sub": "x" * 256}, id="sub: at most 255 characters"),
        pytest.param("sub", {"sub": "userö"}, id="sub: ASCII"),
        pytest.param("exp", {"exp": NOW - SINGLE_USE_EXPIRY_LEEWAY}, id="exp: not passed"),
        pytest.param("exp", {"exp": ...}, id="exp: must be there"),
        pytest.param("exp", {"exp": True}, id="exp: no boolean"),
        pytest.param("exp", {"exp": str(NOW + 60)}, id="exp: a number"),
        pytest.param("exp", {"exp": 10**30}, id="exp: a time of this era"),
        pytest.param("exp", {"exp": 10**400}, id="exp: not larger than any float"),
        pytest.param("iat", {"iat": ...}, id="iat: must be there"),
        pytest.param("iat", {"iat": True}, id="iat: no boolean"),
        pytest.param("iat", {"iat": NOW + CLOCK_AHEAD + 1}, id="iat: not ahead"),
        pytest.param("iat", {"iat": NOW - OLDEST - SINGLE_USE_EXPIRY_LEEWAY - 1}, id="iat: not too old"),
        pytest.param("iat", {"iat": -1}, id="iat: not before the epoch"),
        pytest.param("nonce", {"nonce": "the-nonce-of-another-sign-in"}, id="nonce: the one that was sent"),
        pytest.param("nonce", {"nonce": ...}, id="nonce: must be there"),
        pytest.param("nonce", {"nonce": NONCE + "ö"}, id="nonce: no other characters"),
        pytest.param("nonce", {"nonce": [NONCE]}, id="nonce: a string"),
        pytest.param("at_hash", {"at_hash": "bm90IHRoZSByaWdodCBvbmU"}, id="at_hash: of this access token"),
        pytest.param("at_hash", {"at_hash": None}, id="at_hash: a string when present"),
    ],
)
def test_a_claim_that_must_refuse_the_token(signer, check, change):
    failure = refusal(signer.sign(claims(**change)), expectation(signer))
    assert (failure.check.name, failure.status) == (check, 400)
    assert failure.check.expected
    assert failure.check.found


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"at_hash": ...}, id="at_hash is optional in the code flow"),
        pytest.param({"aud": [CLIENT_ID]}, id="aud may be a list"),
        pytest.param({"azp": CLIENT_ID}, id="azp may be there"),
        pytest.param({"aud": [CLIENT_ID, "friend"], "azp": CLIENT_ID}, id="a trusted audience, with azp"),
        pytest.param(
            {"exp": NOW - SINGLE_USE_EXPIRY_LEEWAY + 1, "iat": NOW + CLOCK_AHEAD}, id="clocks may differ a little"
        ),
        pytest.param({"exp": NOW + 0.5, "iat": NOW - 0.5}, id="a time may have a fraction"),
        pytest.param({"sub": "x" * 255}, id="sub of 255 characters"),
    ],
)
def test_what_is_allowed(signer, change):
    expected = expectation(signer, trusted_audiences=frozenset({"friend"}))
    assert verify(ReceivedToken.parse(signer.sign(claims(**change))), expected)


def test_several_audiences_need_azp(signer):
    expected = expectation(signer, trusted_audiences=frozenset({"friend"}))
    assert refusal(signer.sign(claims(aud=[CLIENT_ID, "friend"])), expected).check.name == "azp"


@pytest.mark.parametrize(
    ("check", "header"),
    [
        pytest.param("alg", {"alg": "none"}, id="alg none"),
        pytest.param("alg", {"alg": "nOnE"}, id="alg none in another case"),
        pytest.param("alg", {"alg": "RS512"}, id="another algorithm of the same key"),
        pytest.param("alg", {}, id="no alg"),
        pytest.param("alg", {"alg": ["RS256"]}, id="alg is no string"),
        pytest.param("typ", {"alg": "RS256", "typ": "at+jwt"}, id="an access token's type"),
        pytest.param("typ", {"alg": "RS256", "typ": 7}, id="typ is no string"),
        pytest.param("crit", {"alg": "RS256", "crit": ["exp"]}, id="a critical extension"),
        pytest.param("crit", {"alg": "RS256", "crit": None}, id="crit that is null"),
        pytest.param("kid", {"alg": "RS256", "kid": 7}, id="kid is no string"),
        pytest.param("key", {"alg": "RS256", "kid": "unknown"}, id="an unknown kid"),
        pytest.param("key", {"alg": "RS256", "kid": "ES256"}, id="the kid of a key of another type"),
        pytest.param("signature", {"alg": "RS256", "kid": "RS256"}, id="no signature"),
    ],
)
def test_a_header_that_must_refuse_the_token(signer, check, header):
    assert refusal(f"{part(header)}.{part(CLAIMS)}.", expectation(signer)).check.name == check


UNSIGNED = f"{part({'alg': 'none'})}.{part(CLAIMS)}."


def test_an_unsigned_token_where_the_client_is_registered_so(signer):
    """OpenID Connect Core §2: `none` for a client that asked for it, in the code flow."""
    verified = verify(ReceivedToken.parse(UNSIGNED), expectation(signer, algorithm="none", keys=()))
    rows = {check.name: check.expected for check in verified.checks}
    assert (rows["signature"], rows["at_hash"]) == ("none: registered as unsigned", "not judged: unsigned")


@pytest.mark.parametrize(
    ("check", "token"),
    [
        pytest.param("signature", f"{UNSIGNED}AAAA", id="unsigned with a signature"),
        pytest.param("nonce", f"{part({'alg': 'none'})}.{part({**CLAIMS, 'nonce': 'x'})}.", id="all else is judged"),
    ],
)
def test_an_unsigned_token_that_must_be_refused(signer, check, token):
    assert refusal(token, expectation(signer, algorithm="none", keys=())).check.name == check


def test_a_signed_token_where_none_is_registered(signer):
    assert refusal(signer.sign(claims()), expectation(signer, algorithm="none")).check.name == "alg"


def test_the_signature_must_be_of_these_very_claims(signer):
    header, _, signed = signer.sign(claims()).split(".")
    assert refusal(f"{header}.{part(claims(sub='root'))}.{signed}", expectation(signer)).check.name == "signature"


def test_a_token_signed_with_another_key_under_the_same_kid(signer):
    other = type(signer)()
    assert refusal(other.sign(claims()), expectation(signer)).check.name == "signature"


@pytest.mark.parametrize("pinned", ["RS256", "ES256"])
def test_hs256_keyed_with_the_public_key_or_the_secret_is_refused(signer, pinned):
    token = signer.sign(claims(), "HS256", kid=pinned)
    assert refusal(token, expectation(signer, algorithm=pinned)).check.name == "alg"


def test_rs256_is_refused_where_hs256_is_pinned(signer):
    assert refusal(signer.sign(claims()), expectation(signer, algorithm="HS256")).check.name == "alg"


def test_hs256_keyed_with_another_secret(signer):
    expected = expectation(signer, algorithm="HS256", client_secret="x" * 32)
    assert refusal(signer.sign(claims(), "HS256"), expected).check.name == "signature"


def test_without_kid_the_one_suitable_key_is_taken(signer):
    assert verify(ReceivedToken.parse(signer.sign(claims(), kid=None)), expectation(signer))


def test_without_kid_several_suitable_keys_are_refused(signer):
    keys = [signer.jwk("RS256"), signer.jwk("RS256", kid="second")]
    failure = refusal(signer.sign(claims(), kid=None), expectation(signer, keys=keys))
    assert (failure.check.name, "several" in failure.check.found) == ("key", True)


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"use": "enc"}, id="use: for encryption"),
        pytest.param({"alg": "RS512"}, id="alg: another"),
        pytest.param({"kty": "EC"}, id="kty: another"),
        pytest.param({"key_ops": ["encrypt"]}, id="key_ops: not to verify"),
        pytest.param({"n": None}, id="n: missing"),
        pytest.param({"n": "!"}, id="n: no number"),
        pytest.param({"n": "!" * 342}, id="n: long enough, and no number"),
        pytest.param({"e": "AA"}, id="e: zero"),
    ],
)
def test_a_key_that_does_not_fit_is_not_used(signer, members):
    keys = [signer.jwk("RS256", **members)]
    assert refusal(signer.sign(claims()), expectation(signer, keys=keys)).check.name == "key"


def test_an_rsa_key_under_2048_bits_is_not_used(signer):
    """RFC 7518 §3.3: even where its signature would be valid."""
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - weak on purpose
    numbers = private_key.public_key().public_numbers()
    weak = signer.jwk("RS256", n=long_to_base64(numbers.n).decode())
    assert refusal(signer.sign(claims()), expectation(signer, keys=[weak])).check.name == "key"


@pytest.mark.parametrize(
    "members",
    [pytest.param({"crv": "P-384"}, id="another curve"), pytest.param({"x": "AAAA"}, id="a point off the curve")],
)
def test_an_elliptic_key_that_does_not_fit_is_not_used(signer, members):
    expected = expectation(signer, algorithm="ES256", keys=[signer.jwk("ES256", **members)])
    assert refusal(signer.sign(claims(), "ES256"), expected).check.name == "key"


HEADER = part({"alg": "RS256", "kid": "RS256"})


def with_claims(raw):
    return f"{HEADER}.{part(raw)}.x"


DEEP = b'{"a":' * 3000 + b"1" + b"}" * 3000


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("a.b", id="two parts"),
        pytest.param("a.b.c.d", id="four parts"),
        pytest.param("a.b.c.d.e", id="encrypted"),
        pytest.param(f"{HEADER}.{part(CLAIMS)}.=", id="padding"),
        pytest.param(f"{HEADER}. {part(CLAIMS)}.x", id="a space"),
        pytest.param(f"{HEADER}.a.x", id="no base64url"),
        pytest.param("x" * (LENGTH_LIMIT + 1), id="too long"),
        pytest.param(with_claims(b"7"), id="a number"),
        pytest.param(with_claims(b"[]"), id="a list"),
        pytest.param(f"{part([])}.{part(CLAIMS)}.x", id="a header that is a list"),
        pytest.param(with_claims(DEEP)[:LENGTH_LIMIT], id="cut off"),
        pytest.param(with_claims(b"[" * 9000), id="nested until the parser gives up"),
        pytest.param(with_claims(b"{" + b'"a":{' * 40 + b"}" * 41), id="nested too deep"),
        pytest.param(with_claims(b'{"exp":NaN}'), id="NaN"),
        pytest.param(with_claims(b'{"exp":Infinity}'), id="infinite"),
        pytest.param(with_claims(b'{"exp":1e999}'), id="infinite by its exponent"),
        pytest.param(with_claims(b'{"exp":' + b"9" * 5000 + b"}"), id="a number of 5000 digits"),
        pytest.param(with_claims(b'{"sub":"a","sub":"b"}'), id="a name twice"),
        pytest.param(with_claims(b'{"sub":"\\ud800"}'), id="a lone surrogate"),
        pytest.param(with_claims(b"\xff\xfe"), id="no UTF-8"),
    ],
)
def test_what_is_no_token_is_refused_readably(token):
    with pytest.raises(IdTokenRefused) as refused:
        ReceivedToken.parse(token)
    assert refused.value.check.name == "form"


@pytest.mark.parametrize(
    ("made", "by"),
    [
        ("VerifiedClaims", "protocol/tokens/id_token.py"),
        ("ValidatedResponse", "protocol/authorization/authorization_response.py"),
        ("UserInfo", "protocol/resources/userinfo.py"),
    ],
)
def test_only_its_check_makes_a_verified_type(made, by):
    root = Path(rp.__file__).parent
    calls = [
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for _ in re.findall(rf"(?<!class )\b{made}\(", path.read_text())
    ]
    assert calls == [by]
