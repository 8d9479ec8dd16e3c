"""The authorization response or error response in the response mode of the request.

Nothing is sent here: `web.rendering` turns a `Redirect` or a `FormPost` into an HTTP response.
"""

import logging
from dataclasses import dataclass

from op.context import Context
from op.errors import OAuthError
from op.protocol.authorization.response import (
    RESPONSE_TYPE,
    ResponseParameters,
    encoding,
    error_response,
    is_signed,
    response_claims,
    with_fragment,
    with_query,
)
from op.records import AuthorizationRequest, Client
from servicekit.log import event

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where to send an error if the request is not valid."""

    redirect_uri: str
    state: str | None
    response_mode: str

    @classmethod
    def of(cls, request: AuthorizationRequest) -> "ReturnAddress":
        return cls(request.redirect_uri, request.state, request.response_mode)


@dataclass(frozen=True, slots=True)
class Redirect:
    """The browser is redirected with the parameters in the query or fragment."""

    location: str


@dataclass(frozen=True, slots=True)
class FormPost:
    """The browser posts the parameters to the client (Form Post Response Mode §2)."""

    client_name: str
    redirect_uri: str
    parameters: ResponseParameters


Delivery = Redirect | FormPost


async def respond(
    op: Context, client: Client, request: AuthorizationRequest, parameters: ResponseParameters
) -> Delivery:
    """The successful response to the client."""
    return await _deliver(op, client, request.redirect_uri, request.response_mode, parameters)


async def respond_with_error(op: Context, client: Client, to: ReturnAddress, error: OAuthError) -> Delivery:
    """The error response to the client (RFC 6749 §4.1.2.1)."""
    event(log, "authorization refused", client_id=client.client_id, error=error.code, reason=error)
    return await _deliver(op, client, to.redirect_uri, to.response_mode, error_response(error, to.state, op.issuer))


async def _deliver(
    op: Context, client: Client, redirect_uri: str, mode: str, parameters: ResponseParameters
) -> Delivery:
    """OAuth 2.0 Multiple Response Types §2.1; JARM §2.2, §3."""
    if is_signed(mode):
        claims = response_claims(parameters, client.client_id, op.now() + op.settings.authorization_code_ttl)
        algorithm = client.authorization_signed_response_alg
        signed = await op.keys.sign(claims, algorithm, typ=RESPONSE_TYPE, secret=client.client_secret)
        parameters = {"response": signed}
    if encoding(mode) == "form_post":
        return FormPost(client.display_name, redirect_uri, parameters)
    if encoding(mode) == "fragment":
        return Redirect(with_fragment(redirect_uri, parameters))
    return Redirect(with_query(redirect_uri, {**parameters}))
