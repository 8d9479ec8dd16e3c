"""The authorization response (RFC 6749 §4.1.2) and the issuer in it (RFC 9207)."""

import pytest
from rp_protocol_testing import ISSUER, refused

from rp.check import Check
from rp.errors import AuthorizationRefused, BadRequest, ResponseRefused
from rp.protocol.authorization.authorization_response import AuthorizationResponse, ValidatedResponse, validate
from rp.records import NonceBinding
from servicekit.web.parameters import MalformedParameters, Parameters

STATE = "the-state-of-this-sign-in"
BINDING = NonceBinding(STATE, "nonce", "verifier", "/profile", ISSUER)
RESPONSE = {"state": STATE, "iss": ISSUER, "code": "abc"}
EVIL = "http://evil.example"
NAMES = ("state", "code", "iss", "error", "error_description")
STATE_CHECK = Check("state", "RFC 6749 §10.12", "the-st…", "anothe…")
CODE_CHECK = Check("code", "RFC 6749 §4.1.2", "a code, or an error", "neither")


def response(**changes: str | None) -> AuthorizationResponse:
    """A good response with changes; a change to None removes a parameter."""
    values = {name: value for name, value in (RESPONSE | changes).items() if value is not None}
    return AuthorizationResponse.of(Parameters(values))


def validated(received: AuthorizationResponse, issuer: str = ISSUER, iss_required: bool = True) -> ValidatedResponse:
    return validate(received, BINDING, issuer=issuer, iss_required=iss_required)


def iss_check(found: str) -> Check:
    return Check("iss", "RFC 9207 §2.4", ISSUER, found)


# --- Reading it ------------------------------------------------------------------------------------------------------


def test_every_parameter_of_a_response_is_read() -> None:
    values = {name: f"the {name}" for name in NAMES}
    assert AuthorizationResponse.of(Parameters(values)) == AuthorizationResponse(**values)


def test_response_with_a_state_alone_is_read() -> None:
    assert AuthorizationResponse.of(Parameters({"state": "s"})) == AuthorizationResponse("s", None, None, None, None)


@pytest.mark.parametrize("name", NAMES)
def test_parameter_of_4096_characters_is_read(name: str) -> None:
    assert getattr(response(**{name: "x" * 4096}), name) == "x" * 4096


@pytest.mark.parametrize("name", NAMES)
def test_parameter_of_4097_characters_is_rejected(name: str) -> None:
    with pytest.raises(BadRequest, match=rf"\b{name} is longer than 4096"):
        response(**{name: "x" * 4097})


@pytest.mark.parametrize(
    ("query", "error", "about"),
    [
        pytest.param(b"", BadRequest, "state", id="no state"),
        pytest.param(b"state=&code=abc", BadRequest, "state", id="empty state"),
        pytest.param(b"state=s&state=x&code=abc", BadRequest, "state", id="§3.1 duplicate state"),
        pytest.param(
            b"state=s&x=1&x=1&code=abc&code=abc", BadRequest, "code, x", id="§3.1 duplicates with the same value"
        ),
        pytest.param(b"state=s&code=%ff", MalformedParameters, "UTF-8", id="invalid UTF-8"),
        pytest.param(b"state=s&code=\xff", MalformedParameters, "UTF-8", id="raw octets"),
        pytest.param(b"state=s&code=%00", MalformedParameters, "control", id="NUL"),
        pytest.param(b"state=s&code=" + b"x" * 50_000, MalformedParameters, "longer", id="50 KB"),
    ],
)
@pytest.mark.spec("RFC 6749 §3.1")
def test_unreadable_response_is_rejected(query: bytes, error: type[Exception], about: str) -> None:
    """No parameter of an authorization response appears more than once."""
    with pytest.raises(error, match=about):
        AuthorizationResponse.of(Parameters.parse(query))


# --- Validating it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("iss", "iss_required"),
    [
        pytest.param(ISSUER, True, id="iss, promised"),
        pytest.param(ISSUER, False, id="iss, not promised"),
        pytest.param(None, False, id="RFC 9207 §2.3 no iss, not promised"),
    ],
)
@pytest.mark.spec("RFC 9207 §2.3, §3")
def test_good_response_is_validated(iss: str | None, iss_required: bool) -> None:
    """The relying party requires `iss` if the metadata announces it."""
    assert validated(response(iss=iss), iss_required=iss_required) == ValidatedResponse("abc", BINDING)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        pytest.param({"state": "another-state"}, STATE_CHECK, id="another state"),
        pytest.param({"state": "another-state", "iss": EVIL}, STATE_CHECK, id="the state is checked first"),
        pytest.param({"state": "ö"}, Check("state", "RFC 6749 §10.12", "the-st…", "a short string"), id="not ASCII"),
        pytest.param({"iss": None}, iss_check("absent"), id="no iss although it is promised"),
        pytest.param({"iss": f"{ISSUER}/"}, iss_check(f"{ISSUER}/"), id="iss with one more slash"),
        pytest.param({"iss": EVIL}, iss_check(EVIL), id="another iss"),
        pytest.param({"iss": EVIL, "error": "x"}, iss_check(EVIL), id="the error of another iss"),
        pytest.param({"code": None}, CODE_CHECK, id="neither code nor error"),
    ],
)
@pytest.mark.spec("RFC 9207 §2.4")
def test_invalid_response_is_rejected(changes: dict[str, str | None], check: Check) -> None:
    """`iss` is the issuer of the request, compared as an exact string, before the code and the error are read."""
    with refused(ResponseRefused, check):
        validated(response(**changes))


def test_another_iss_is_rejected_even_if_none_is_promised() -> None:
    with refused(ResponseRefused, iss_check(EVIL)):
        validated(response(iss=EVIL), iss_required=False)


@pytest.mark.parametrize("iss", [None, "http://other"])
@pytest.mark.spec("RFC 9207 §2.4")
def test_sign_in_of_another_issuer_is_rejected(iss: str | None) -> None:
    """A state that was made for another provider than the one whose rules apply is rejected."""
    with refused(ResponseRefused, Check("issuer", "RFC 9207 §2.4", "http://other", ISSUER)):
        validated(response(iss=iss), issuer="http://other", iss_required=False)


@pytest.mark.parametrize("code", [None, "abc"], ids=["no code", "an error and a code"])
@pytest.mark.spec("RFC 6749 §4.1.2.1")
def test_error_of_the_provider_is_repeated(code: str | None) -> None:
    """RFC 6749 §4.1.2.1."""
    with pytest.raises(AuthorizationRefused) as error:
        validated(response(code=code, error="access_denied", error_description="She said no."))
    assert error.value.code == "access_denied"
    assert "She said no." in error.value.explanation
