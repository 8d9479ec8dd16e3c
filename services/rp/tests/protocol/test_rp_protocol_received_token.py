"""The form of a token as it was received (RFC 7515 §7.1, RFC 7519 §7.2)."""

from typing import Any

import pytest
from rp_protocol_testing import received, refused, segment

from rp.check import Check
from rp.errors import IdTokenRefused
from rp.protocol.tokens.received_token import LENGTH_LIMIT, ReceivedToken

HEADER = {"alg": "RS256", "kid": "RS256"}
CLAIMS = {"sub": "user0"}
OBJECTS = f"{segment(HEADER)}.{segment(CLAIMS)}"
DEEP = b'{"a":' * 3000 + b"1" + b"}" * 3000
NOT_COMPACT = Check("form", "RFC 7515 §7.1", "three parts of base64url", "a different format")


def with_claims(raw: bytes | list[Any]) -> str:
    return f"{segment(HEADER)}.{segment(raw)}.x"


def with_padding(size: int) -> str:
    """A token with a claim of this size."""
    return f"{segment(HEADER)}.{segment({'a': 'x' * size})}.x"


def not_an_object(reason: str, part: str = "claims") -> Check:
    return Check("form", "RFC 7519 §7.2", f"{part}: a JSON object", reason)


@pytest.mark.parametrize("signature", ["", "x", "AZaz09-_"])
def test_header_and_claims_of_a_token_are_decoded(signature: str) -> None:
    token = f"{OBJECTS}.{signature}"
    assert ReceivedToken.parse(token) == ReceivedToken(token, HEADER, CLAIMS)


@pytest.mark.parametrize("size", range(4))
def test_token_segments_of_any_length_are_decoded(size: int) -> None:
    assert ReceivedToken.parse(with_padding(size)).claims == {"a": "x" * size}


def test_token_of_the_longest_length_is_read() -> None:
    token = f"{OBJECTS}."
    token += "x" * (LENGTH_LIMIT - len(token))
    assert ReceivedToken.parse(token).compact == token
    assert LENGTH_LIMIT == 16384


def test_token_that_is_one_character_too_long_is_rejected() -> None:
    with refused(IdTokenRefused, Check("form", "RFC 7515 §7.1", "at most 16384 characters", "16385 characters")):
        ReceivedToken.parse("x" * (LENGTH_LIMIT + 1))


@pytest.mark.parametrize(
    ("token", "check"),
    [
        pytest.param("", NOT_COMPACT, id="empty"),
        pytest.param("a.b", NOT_COMPACT, id="two parts"),
        pytest.param("a.b.c.d", NOT_COMPACT, id="four parts"),
        pytest.param("a.b.c.d.e", NOT_COMPACT, id="Core §3.1.3.7 (1) encrypted"),
        pytest.param(f"{OBJECTS}.=", NOT_COMPACT, id="padding"),
        pytest.param(f"{OBJECTS}.x\n", NOT_COMPACT, id="line feed"),
        pytest.param(f"{segment(HEADER)}. {segment(CLAIMS)}.x", NOT_COMPACT, id="a space"),
        pytest.param(with_claims(b"7"), not_an_object("not a JSON object"), id="a number"),
        pytest.param(with_claims(b"[]"), not_an_object("not a JSON object"), id="a list"),
        pytest.param(
            f"{segment([])}.{segment(CLAIMS)}.x", not_an_object("not a JSON object", "header"), id="a list as a header"
        ),
        pytest.param(with_claims(DEEP)[:LENGTH_LIMIT], NOT_COMPACT, id="cut off"),
        pytest.param(
            with_claims(b"[" * 9000), not_an_object("nested more than 16 levels deep"), id="too deep for the parser"
        ),
        pytest.param(
            with_claims(b'{"a":' * 41 + b"1" + b"}" * 41),
            not_an_object("nested more than 16 levels deep"),
            id="nested too deep",
        ),
        pytest.param(with_claims(b'{"exp":NaN}'), not_an_object("NaN or an infinite number"), id="NaN"),
        pytest.param(with_claims(b'{"exp":Infinity}'), not_an_object("NaN or an infinite number"), id="infinite"),
        pytest.param(with_claims(b'{"exp":1e999}'), not_an_object("not valid JSON"), id="infinite by its exponent"),
        pytest.param(
            with_claims(b'{"exp":' + b"9" * 5000 + b"}"), not_an_object("not valid JSON"), id="a number of 5000 digits"
        ),
        pytest.param(with_claims(b'{"a":1,"a":2}'), not_an_object("a duplicate name"), id="duplicate name"),
        pytest.param(
            with_claims(b'{"a":"\\ud800"}'), not_an_object("text that is not valid Unicode"), id="lone surrogate"
        ),
        pytest.param(with_claims(b"\xff\xfe"), not_an_object("text that is not valid Unicode"), id="not UTF-8"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.3.7 (1)")
@pytest.mark.spec("RFC 7515 §2, §7.1")
@pytest.mark.spec("RFC 7519 §7.2")
def test_malformed_token_is_rejected(token: str, check: Check) -> None:
    """RFC 7515 §7.1: An id_token has three segments and a limited length.

    OpenID Connect Core §3.1.3.7 (1): No encryption was agreed on: a token of five segments is rejected.
    """
    with refused(IdTokenRefused, check):
        ReceivedToken.parse(token)


def test_segment_that_is_not_base64url_is_rejected() -> None:
    with pytest.raises(IdTokenRefused) as error:
        ReceivedToken.parse(f"{segment(HEADER)}.a.x")
    assert error.value.check.expected == "claims: a JSON object"
    assert error.value.check.found == "not valid base64url"


@pytest.mark.parametrize("header", [{"kid": "mine"}, {"kid": ""}, {"kid": None}, {}], ids=repr)
@pytest.mark.spec("RFC 7515 §4.1.4")
def test_kid_is_a_string_or_absent(header: dict[str, Any]) -> None:
    assert received(header).kid == header.get("kid")


@pytest.mark.parametrize(("kid", "found"), [(7, "7"), (["mine"], '["mine"]'), (False, "false")])
@pytest.mark.spec("RFC 7515 §4.1.4")
def test_kid_that_is_not_a_string_is_rejected(kid: Any, found: str) -> None:
    """`kid` must be a string. It is required in access tokens and optional in id_tokens."""
    with refused(IdTokenRefused, Check("kid", "RFC 7515 §4.1.4", "a string", found)):
        _ = received({"kid": kid}).kid
