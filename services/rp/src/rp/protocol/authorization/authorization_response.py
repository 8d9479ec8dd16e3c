"""The authorization response, which the browser brings from the provider (RFC 6749 §4.1.2, RFC 9207)."""

from dataclasses import dataclass, field
from hmac import compare_digest

from rp.check import Check, equality, secret_equality
from rp.errors import AuthorizationRefused, BadRequest, ResponseRefused
from rp.message import Message
from rp.records import NonceBinding
from servicekit.web.parameters import Parameters

_LONGEST = 4096
_PARAMETERS = ("state", "code", "iss", "error", "error_description")


@dataclass(frozen=True)
class AuthorizationResponse:
    """The parameters as they were received, not yet verified (RFC 6749 §3.1)."""

    state: str = field(repr=False)
    code: str | None = field(repr=False)
    iss: str | None
    error: str | None
    error_description: str | None

    @classmethod
    def of(cls, parameters: Parameters) -> "AuthorizationResponse":
        """Read a query or a form once. Raises BadRequest for a duplicate parameter (RFC 6749 §3.1), among others."""
        BadRequest.unless_single(parameters.repeated)
        state = parameters.get("state")
        if state is None:
            raise BadRequest(
                Message("error", "The parameter state is missing, so this response does not belong to any sign-in.")
            )
        for name in _PARAMETERS:
            if len(parameters.get(name, "")) > _LONGEST:
                raise BadRequest(
                    Message(
                        "error",
                        "The parameter %(name)s is longer than %(limit)s characters.",
                        name=name,
                        limit=_LONGEST,
                    )
                )
        return cls(state, *(parameters.get(name) for name in _PARAMETERS[1:]))


@dataclass(frozen=True)
class ValidatedResponse:
    """A code for a sign-in of this browser. Only `validate` creates it; the token request accepts nothing else.

    RFC 6749 §4.1.3.
    """

    code: str = field(repr=False)
    binding: NonceBinding


def validate(
    response: AuthorizationResponse, binding: NonceBinding, *, issuer: str, iss_required: bool
) -> ValidatedResponse:
    """Check a response against the sign-in that it belongs to.

    `issuer` is the provider's, `iss_required` its `authorization_response_iss_parameter_supported` (RFC 9207 §2.3).
    Raises ResponseRefused, AuthorizationRefused.

    OpenID Connect Core §3.1.2.7; RFC 6749 §4.1.2.1.
    """
    _check_state(response, binding)
    _check_issuer(response, binding, issuer, iss_required)
    if response.error is not None:
        raise AuthorizationRefused(response.error, response.error_description)
    if response.code is None:
        raise ResponseRefused(
            Check("code", "RFC 6749 §4.1.2", Message("check", "a code, or an error"), Message("check", "neither"))
        )
    return ValidatedResponse(response.code, binding)


def _check_state(response: AuthorizationResponse, binding: NonceBinding) -> None:
    """RFC 6749 §10.12: the state is the one from the authorization request."""
    ResponseRefused.unless(
        compare_digest(response.state.encode(), binding.state.encode()),
        secret_equality("state", "RFC 6749 §10.12", binding.state, response.state),
    )


def _check_issuer(response: AuthorizationResponse, binding: NonceBinding, issuer: str, required: bool) -> None:
    """RFC 9207 §2.4: the response comes from the issuer that received the request, compared as exact strings.

    RFC 9700 §4.4.2.
    """
    ResponseRefused.unless(binding.issuer == issuer, equality("issuer", "RFC 9207 §2.4", issuer, binding.issuer))
    ResponseRefused.unless(
        response.iss == issuer or (response.iss is None and not required),
        equality("iss", "RFC 9207 §2.4", issuer, response.iss),
    )
