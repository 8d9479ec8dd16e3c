"""The token request, parsed once into a frozen object that the grants use instead of the form (RFC 6749 §3.2)."""

from dataclasses import dataclass

from op.errors import InvalidRequest
from servicekit.web.endpoints import Request
from servicekit.web.parameters import MalformedParameters, Parameters


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """The parameters of POST /token that the grants read."""

    grant_type: str
    code: str | None
    redirect_uri: str | None
    code_verifier: str | None
    refresh_token: str | None
    scope: str | None
    device_code: str | None = None


def parse_form(request: Request) -> Parameters:
    """Parse the form of a POST request; raises InvalidRequest for duplicate parameters or another content type.

    The query is ignored (RFC 6749 §3.2).
    """
    if not request.has_form_body():
        raise InvalidRequest("The content type must be application/x-www-form-urlencoded.")
    try:
        form = Parameters.parse(request.body)
    except MalformedParameters as fault:
        raise InvalidRequest(str(fault)) from None
    repetition = form.repetition()
    if repetition:
        raise InvalidRequest(repetition)
    return form


def parse_token_request(form: Parameters) -> TokenRequest:
    """Parse the parameters; raises InvalidRequest if grant_type is missing (RFC 6749 §3.2)."""
    if "grant_type" not in form:
        raise InvalidRequest("The parameter grant_type is missing.")
    return TokenRequest(
        grant_type=form["grant_type"],
        code=form.get("code"),
        redirect_uri=form.get("redirect_uri"),
        code_verifier=form.get("code_verifier"),
        refresh_token=form.get("refresh_token"),
        scope=form.get("scope"),
        device_code=form.get("device_code"),
    )
