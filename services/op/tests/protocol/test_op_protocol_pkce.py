"""Proof Key for Code Exchange (RFC 7636)."""

import pytest
from protocol_testing import refused

from op.errors import InvalidGrant, InvalidRequest
from op.protocol.authorization.pkce import METHODS, check_challenge, check_verifier, s256

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


@pytest.mark.spec("RFC 7636 §4.2")
def test_s256_matches_the_example_of_rfc_7636() -> None:
    """The challenge is the SHA-256 of the verifier, in base64url.

    The example is that of appendix B.
    """
    assert s256(VERIFIER) == CHALLENGE


def test_s256_is_the_only_method() -> None:
    assert METHODS == ("S256",)


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.spec("RFC 7636 §4.3")
def test_challenge_with_s256_is_accepted(required: bool) -> None:
    """The challenge and its method S256 are sent with the authorization request."""
    assert check_challenge(CHALLENGE, "S256", required=required) == CHALLENGE


def test_optional_challenge_may_be_absent() -> None:
    assert check_challenge(None, None, required=False) is None


@pytest.mark.parametrize(
    ("challenge", "method", "required", "description"),
    [
        pytest.param(
            None,
            None,
            True,
            "This client must use PKCE. Send a code_challenge with the code_challenge_method S256.",
            id="missing",
        ),
        pytest.param(
            None,
            "S256",
            True,
            "The parameter code_challenge_method requires a code_challenge.",
            id="required, only the method",
        ),
        pytest.param(
            None,
            "S256",
            False,
            "The parameter code_challenge_method requires a code_challenge.",
            id="optional, only the method",
        ),
        pytest.param(CHALLENGE, None, False, "The code_challenge_method must be S256.", id="§4.3 the default is plain"),
        pytest.param(CHALLENGE, "plain", False, "The code_challenge_method must be S256.", id="plain"),
        pytest.param(CHALLENGE, "s256", False, "The code_challenge_method must be S256.", id="lower case"),
        pytest.param("", "S256", False, "The code_challenge must consist of 43 base64url characters.", id="empty"),
        pytest.param(
            "x" * 42, "S256", False, "The code_challenge must consist of 43 base64url characters.", id="42 characters"
        ),
        pytest.param(
            "x" * 44, "S256", False, "The code_challenge must consist of 43 base64url characters.", id="44 characters"
        ),
        pytest.param(
            "x" * 42 + "=", "S256", False, "The code_challenge must consist of 43 base64url characters.", id="padding"
        ),
        pytest.param(
            "x" * 42 + "+", "S256", False, "The code_challenge must consist of 43 base64url characters.", id="base64"
        ),
        pytest.param(
            "x" * 43 + "\n",
            "S256",
            False,
            "The code_challenge must consist of 43 base64url characters.",
            id="line feed",
        ),
    ],
)
@pytest.mark.spec("RFC 7636 §4.2, §4.3, §4.4.1")
def test_invalid_challenge_is_rejected(
    challenge: str | None, method: str | None, required: bool, description: str
) -> None:
    """RFC 7636 §4.4.1: A missing challenge, or a method other than S256, is `invalid_request`."""
    with refused(InvalidRequest, description):
        check_challenge(challenge, method, required=required)


@pytest.mark.parametrize(
    "verifier", [VERIFIER, "x" * 43, "x" * 128, ALPHABET], ids=["example", "43", "128", "alphabet"]
)
@pytest.mark.spec("RFC 7636 §4.1, §4.6")
def test_matching_verifier_is_accepted(verifier: str) -> None:
    check_verifier(s256(verifier), verifier)


@pytest.mark.parametrize("verifier", ["", "x" * 42, "x" * 129, "!" * 43, "x" * 42 + "+", "x" * 42 + "\n"], ids=repr)
@pytest.mark.spec("RFC 7636 §4.1")
def test_malformed_verifier_with_matching_hash_is_rejected(verifier: str) -> None:
    """RFC 7636 §4.1."""
    with refused(InvalidGrant, "The code_verifier does not match the code_challenge."):
        check_verifier(s256(verifier), verifier)


@pytest.mark.parametrize("verifier", ["x" * 43, CHALLENGE, VERIFIER.lower(), "ü" * 43])
@pytest.mark.spec("RFC 7636 §4.6")
def test_other_verifier_is_rejected(verifier: str) -> None:
    """A verifier that does not match is `invalid_grant`."""
    with refused(InvalidGrant, "The code_verifier does not match the code_challenge."):
        check_verifier(CHALLENGE, verifier)


def test_missing_verifier_is_rejected() -> None:
    with refused(
        InvalidGrant, "The parameter code_verifier is missing. The authorization request had a code_challenge."
    ):
        check_verifier(CHALLENGE, None)


@pytest.mark.parametrize("verifier", [VERIFIER, ""])
@pytest.mark.spec("RFC 9700 §4.8.2")
def test_verifier_without_challenge_is_rejected(verifier: str) -> None:
    """RFC 9700 §4.8.2: PKCE downgrade."""
    with refused(InvalidGrant, "The request has a code_verifier, but the authorization request had no code_challenge."):
        check_verifier(None, verifier)


def test_neither_challenge_nor_verifier_is_accepted() -> None:
    check_verifier(None, None)
