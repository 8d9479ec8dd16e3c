"""The checks of an authorization request, in their order (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2)."""

import dataclasses
from typing import Any

import pytest
from protocol_testing import (
    IMPLICIT,
    IMPLICIT_CLIENT,
    LAX,
    NO_PKCE,
    STRICT,
    authorization_request,
    client,
    parameters,
    refused,
)

from op.errors import (
    InvalidRequest,
    InvalidScope,
    NonceRequired,
    OAuthError,
    RegistrationNotSupported,
    UnauthorizedClient,
    UnmetAuthenticationRequirements,
    UnsupportedResponseType,
)
from op.protocol.authorization.request import (
    Policy,
    UncheckedRequest,
    validate,
)

TEXTS = ("state", "nonce", "login_hint", "prompt", "acr_values", "ui_locales")


# --- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        pytest.param(
            {"registration": "{}"},
            RegistrationNotSupported,
            "The parameter registration is not supported. Register the client before the request.",
            id="Core §7.2.1 registration",
        ),
        pytest.param(
            {"response_type": None},
            InvalidRequest,
            "The parameter response_type is missing.",
            id="RFC 6749 §3.1.1 no response_type",
        ),
        pytest.param(
            {"response_type": "token"},
            UnsupportedResponseType,
            "The response_type must be code.",
            id="RFC 6749 §3.1.1 another response_type",
        ),
        pytest.param(
            {"response_type": "id_token"},
            UnsupportedResponseType,
            "The response_type must be code.",
            id="implicit, where it is off",
        ),
        pytest.param(
            {"response_mode": "web_message"},
            InvalidRequest,
            "The response_mode must be one of query, fragment, form_post, query.jwt, fragment.jwt, form_post.jwt, jwt.",
            id="an unknown response_mode",
        ),
        pytest.param(
            {"scope": "unknown"},
            InvalidScope,
            "This client may not use the requested scopes. Request scopes that it is registered for.",
            id="RFC 6749 §3.3 an unknown scope",
        ),
        pytest.param(
            NO_PKCE,
            InvalidRequest,
            "This client must use PKCE. Send a code_challenge with the code_challenge_method S256.",
            id="RFC 7636 §4.4.1 no PKCE",
        ),
        pytest.param(
            {"code_challenge_method": None},
            InvalidRequest,
            "The code_challenge_method must be S256.",
            id="RFC 7636 §4.3 plain",
        ),
        pytest.param(
            {"prompt": "none login"},
            InvalidRequest,
            "The prompt none cannot be combined with another value.",
            id="Core §3.1.2.1 none first",
        ),
        pytest.param(
            {"prompt": "consent none"},
            InvalidRequest,
            "The prompt none cannot be combined with another value.",
            id="Core §3.1.2.1 none last",
        ),
        *(
            pytest.param(
                {"max_age": value},
                InvalidRequest,
                "The parameter max_age must be a whole number of seconds.",
                id=f"max_age {value!r}",
            )
            for value in ("soon", "-1", "1.5", " 1", "+1", "\u0661", "\u00b2", "1" * 11)
        ),
        pytest.param({"claims": "{"}, InvalidRequest, "The parameter claims is not valid JSON.", id="Core §5.5 claims"),
        pytest.param(
            {"claims": '{"id_token": {"sub": {"value": 1}}}'},
            InvalidRequest,
            "The value of the requested claim sub must be a string.",
            id="Core §5.5.1 sub",
        ),
        pytest.param(
            {"claims": '{"id_token": {"acr": {"essential": true, "value": "urn:gold"}}}'},
            UnmetAuthenticationRequirements,
            "This provider does not support the required acr. Use one of its acr_values_supported.",
            id="Core §5.5.1.1 acr",
        ),
        *(
            pytest.param(
                {name: "x" * 2049},
                InvalidRequest,
                f"The parameter {name} must not be longer than 2048 characters.",
                id=f"a long {name}",
            )
            for name in TEXTS
        ),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_request_is_rejected(changes: dict[str, Any], error: type[OAuthError], description: str) -> None:
    with refused(error, description):
        authorization_request(**changes)


@pytest.mark.parametrize(
    ("repeated", "description"),
    [
        pytest.param(("state",), "Duplicate parameter: state.", id="a known parameter"),
        pytest.param(("scope", "nonce"), "Duplicate parameter: nonce, scope.", id="two of them"),
        pytest.param(('"é',), "Duplicate parameter.", id="an unknown name is not repeated"),
    ],
)
@pytest.mark.spec("RFC 6749 §3.1")
def test_duplicate_parameter_is_rejected(repeated: tuple[str, ...], description: str) -> None:
    """RFC 6749 §3.1."""
    with refused(InvalidRequest, description):
        authorization_request(*repeated)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_text_of_2048_characters_is_accepted(name: str) -> None:
    """Parameters that are stored as they were sent (state, nonce, prompt, login_hint) have a limited length."""
    longest: dict[str, Any] = {name: "x" * 2048}
    authorization_request(**longest)


@pytest.mark.parametrize(
    ("first", "second", "error"),
    [
        pytest.param({"state": "x" * 3000}, {"registration": "{}"}, InvalidRequest, id="length, then registration"),
        pytest.param({"registration": "{}"}, {"nonce": None}, RegistrationNotSupported, id="registration, then nonce"),
        pytest.param({"nonce": None}, {"response_type": "x"}, NonceRequired, id="nonce, then response_type"),
        pytest.param(
            {"response_type": "x"}, {"response_mode": "x"}, UnsupportedResponseType, id="response_type, then mode"
        ),
        pytest.param({"response_mode": "x"}, {"scope": "x"}, InvalidRequest, id="mode, then scope"),
        pytest.param({"scope": "unknown"}, {"code_challenge": "x"}, InvalidScope, id="scope, then PKCE"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2")
def test_first_failed_check_decides(first: dict[str, Any], second: dict[str, Any], error: type[OAuthError]) -> None:
    """Both methods are supported, and the parameters are checked in one visible order."""
    with pytest.raises(OAuthError) as caught:
        authorization_request(**(first | second))
    assert type(caught.value) is error


# --- Nonce and PKCE --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "registered", "required"),
    [
        (STRICT, None, True),
        (STRICT, False, False),
        (STRICT, True, True),
        (LAX, None, False),
        (LAX, False, False),
        (LAX, True, True),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1", "RFC 9700 §2.1.1")
def test_client_decides_before_policy_on_nonce_and_pkce(
    policy: Policy, registered: bool | None, required: bool
) -> None:
    """OpenID Connect Core §3.1.2.1: Whether a nonce and PKCE are required is configured per client, else for the
    provider. Public clients always need PKCE, and a challenge that was sent is always enforced.
    """
    by = client(require_nonce=registered, require_pkce=registered)
    if not required:
        assert authorization_request(by=by, policy=policy, nonce=None, **NO_PKCE).nonce is None
        return
    description = "This client must send a nonce. Add `nonce`, or register the client with `require_nonce: false`."
    with refused(NonceRequired, description):
        authorization_request(by=by, policy=policy, nonce=None)
    with refused(
        InvalidRequest, "This client must use PKCE. Send a code_challenge with the code_challenge_method S256."
    ):
        authorization_request(by=by, policy=policy, **NO_PKCE)


@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_nonce_is_not_required_without_openid() -> None:
    assert authorization_request(nonce=None, scope="email").scope == "email"


@pytest.mark.spec("OpenID Connect Core §3.1.2.1", "RFC 9700 §2.1.1")
def test_public_client_always_needs_pkce() -> None:
    """RFC 9700 §2.1.1."""
    public = client(token_endpoint_auth_method="none", client_secret=None, require_pkce=False)
    with refused(
        InvalidRequest, "This client must use PKCE. Send a code_challenge with the code_challenge_method S256."
    ):
        authorization_request(by=public, policy=LAX, **NO_PKCE)


def test_optional_challenge_is_checked() -> None:
    with refused(InvalidRequest, "The code_challenge must consist of 43 base64url characters."):
        authorization_request(policy=LAX, code_challenge="short")


# --- How a request must arrive ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("pushed", [True, False])
@pytest.mark.parametrize(("by_policy", "by_client"), [(True, False), (False, True), (False, False)])
@pytest.mark.spec("RFC 9126 §5, §6")
def test_request_must_be_pushed(by_policy: bool, by_client: bool, pushed: bool) -> None:
    """RFC 9126 §5, §6."""
    policy = dataclasses.replace(STRICT, require_pushed=by_policy)
    by = client(require_pushed_authorization_requests=by_client)
    unchecked = UncheckedRequest(by, parameters(), policy, pushed=pushed)
    if pushed or not (by_policy or by_client):
        assert validate(unchecked).client_id == "app"
        return
    with refused(
        InvalidRequest,
        "This client must push its authorization requests. Send the parameters to /par, then use the request_uri.",
    ):
        validate(unchecked)


@pytest.mark.parametrize(("required", "signed"), [(True, True), (False, True), (False, False), (True, False)])
@pytest.mark.spec("RFC 9101 §10.5")
def test_request_must_be_signed(required: bool, signed: bool) -> None:
    """RFC 9101 §10.5."""
    by = client(require_signed_request_object=required, jwks_uri="https://client.test/jwks")
    unchecked = UncheckedRequest(by, parameters(), STRICT, signed=signed)
    if signed or not required:
        assert validate(unchecked).client_id == "app"
        return
    with refused(InvalidRequest, "This client must sign its authorization requests. Send a signed request object."):
        validate(unchecked)


# --- Response types --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response_type", "canonical"),
    [
        ("code", "code"),
        ("id_token", "id_token"),
        ("id_token token", "id_token token"),
        ("token id_token", "id_token token"),
    ],
)
@pytest.mark.spec("RFC 6749 §3.1.1")
def test_response_type_may_be_in_any_order(response_type: str, canonical: str) -> None:
    """RFC 6749 §3.1.1."""
    request = authorization_request(by=client(**IMPLICIT_CLIENT), policy=IMPLICIT, response_type=response_type)
    assert request.response_type == canonical


@pytest.mark.parametrize("response_type", ["token", "code id_token", "id_token  token", "id_token id_token", "Code"])
def test_unknown_response_type_is_rejected(response_type: str) -> None:
    with refused(UnsupportedResponseType, "The response_type must be code or id_token or id_token token."):
        authorization_request(by=client(**IMPLICIT_CLIENT), policy=IMPLICIT, response_type=response_type)


@pytest.mark.parametrize(
    ("metadata", "response_type", "description"),
    [
        pytest.param(
            {"grant_types": ["refresh_token"]},
            "code",
            "This client may not use this response_type. Add authorization_code to its grant_types.",
            id="no grant type for code",
        ),
        pytest.param(
            {},
            "id_token",
            "This client may not use this response_type. Add implicit to its grant_types.",
            id="no grant type for id_token",
        ),
        pytest.param(
            IMPLICIT_CLIENT | {"response_types": ["id_token"]},
            "id_token token",
            "This client may not use this response_type. Add it to the client's response_types.",
            id="another response type of the same grant type",
        ),
    ],
)
@pytest.mark.spec("RFC 6749 §3.1.1, §4.1.2.1, §4.2.2.1")
def test_client_must_be_registered_for_the_response_type(
    metadata: dict[str, Any], response_type: str, description: str
) -> None:
    """RFC 6749 §3.1.1: response_type is `code`, or one of the implicit flow if that is enabled, with its values
    in any order. The client must be registered for it and for its grant.
    """
    with refused(UnauthorizedClient, description):
        authorization_request(by=client(**metadata), policy=IMPLICIT, response_type=response_type)


@pytest.mark.parametrize("mode", ["query", "query.jwt"])
@pytest.mark.parametrize("response_type", ["id_token", "id_token token"])
@pytest.mark.spec("OAuth 2.0 Multiple Response Types §5", "JARM §2.3.1")
def test_tokens_are_not_sent_in_a_query(mode: str, response_type: str) -> None:
    """Multiple Response Types §5, JARM §2.3.1."""
    with refused(InvalidRequest, "The response_mode query cannot carry tokens. Use fragment or form_post."):
        authorization_request(
            by=client(**IMPLICIT_CLIENT), policy=IMPLICIT, response_type=response_type, response_mode=mode
        )
    assert authorization_request(response_mode=mode).response_mode == mode


@pytest.mark.parametrize("response_type", ["id_token", "id_token token"])
@pytest.mark.spec("OpenID Connect Core §3.2.2.1")
def test_implicit_request_needs_openid_and_a_nonce(response_type: str) -> None:
    """An implicit request needs a nonce, whatever the client and the settings say, and no PKCE."""
    by = client(**IMPLICIT_CLIENT, require_nonce=False)
    lax = dataclasses.replace(IMPLICIT, require_nonce=False)
    with refused(InvalidScope, "An ID token requires the scope openid. Add openid to the scope."):
        authorization_request(by=by, policy=lax, response_type=response_type, scope="email")
    with refused(InvalidRequest, "A request with this response_type must have a nonce. Add `nonce`."):
        authorization_request(by=by, policy=lax, response_type=response_type, nonce=None)
    assert (
        authorization_request(by=by, policy=IMPLICIT, response_type=response_type, **NO_PKCE).response_mode
        == "fragment"
    )
