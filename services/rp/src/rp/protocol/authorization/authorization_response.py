"""What the provider sends the browser back with (RFC 6749 §4.1.2, RFC 9207)."""

from dataclasses import dataclass, field
from hmac import compare_digest

from rp.check import Check, masked, shown
from rp.errors import AuthorizationRefused, BadRequest, ResponseRefused
from rp.records import NonceBinding
from servicekit.web.parameters import Parameters

_LONGEST = 4096
_PARAMETERS = ("state", "code", "iss", "error", "error_description")


@dataclass(frozen=True)
class AuthorizationResponse:
    """The parameters as they were received; nothing of it is to be believed yet (RFC 6749 §3.1)."""

    state: str = field(repr=False)
    code: str | None = field(repr=False)
    iss: str | None
    error: str | None
    error_description: str | None

    @classmethod
    def of(cls, parameters: Parameters) -> "AuthorizationResponse":
        """Read a query or a form once; a parameter that stands twice is refused (RFC 6749 §3.1). Raises BadRequest."""
        if parameters.repeated:
            raise BadRequest(f"A parameter stands twice: {', '.join(sorted(parameters.repeated))}.")
        state = parameters.get("state")
        if state is None:
            raise BadRequest("The parameter state is missing, so this answer belongs to no sign-in.")
        for name in _PARAMETERS:
            if len(parameters.get(name, "")) > _LONGEST:
                raise BadRequest(f"The parameter {name} is longer than {_LONGEST} characters.")
        return cls(state, *(parameters.get(name) for name in _PARAMETERS[1:]))


@dataclass(frozen=True)
class ValidatedResponse:
    """A code that belongs to a sign-in of this browser. Made by `validate` alone; the exchange takes nothing else.

    RFC 6749 §4.1.3.
    """

    code: str = field(repr=False)
    binding: NonceBinding


def validate(
    response: AuthorizationResponse, binding: NonceBinding, *, issuer: str, iss_required: bool
) -> ValidatedResponse:
    """Check a response against the sign-in that it answers.

    `issuer` is the provider's, `iss_required` its `authorization_response_iss_parameter_supported` (RFC 9207 §2.3).
    Raises ResponseRefused, AuthorizationRefused.

    OpenID Connect Core §3.1.2.7; RFC 6749 §4.1.2.1.
    """
    _check_state(response, binding)
    _check_issuer(response, binding, issuer, iss_required)
    if response.error is not None:
        raise AuthorizationRefused(response.error, response.error_description)
    if response.code is None:
        raise ResponseRefused(Check("code", "RFC 6749 §4.1.2", "a code, or an error", "neither"))
    return ValidatedResponse(response.code, binding)


def _check_state(response: AuthorizationResponse, binding: NonceBinding) -> None:
    """RFC 6749 §10.12: the state is the one that this sign-in was started with."""
    ResponseRefused.unless(
        compare_digest(response.state.encode(), binding.state.encode()),
        Check("state", "RFC 6749 §10.12", masked(binding.state), masked(response.state)),
    )


def _check_issuer(response: AuthorizationResponse, binding: NonceBinding, issuer: str, required: bool) -> None:
    """RFC 9207 §2.4: the answer comes from the issuer that was asked; compared as exact strings (RFC 9700 §4.4.2)."""
    ResponseRefused.unless(
        binding.issuer == issuer, Check("issuer", "RFC 9207 §2.4", shown(issuer), shown(binding.issuer))
    )
    ResponseRefused.unless(
        response.iss == issuer or (response.iss is None and not required),
        Check("iss", "RFC 9207 §2.4", shown(issuer), shown(response.iss)),
    )
