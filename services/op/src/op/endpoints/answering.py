"""The answer to an authorization request, on its way to the client: what was granted, or an error (RFC 6749 §4.1.2)."""

import logging
from dataclasses import dataclass

from quart import Response

from op.endpoints.inline_script import InlineScript
from op.endpoints.pages import page, see_other
from op.errors import OAuthError
from op.protocol.authorization_response import (
    RESPONSE_TYPE,
    Answer,
    encoding,
    error_response,
    is_signed,
    response_claims,
    with_fragment,
    with_query,
)
from op.provider import Provider
from op.records import AuthorizationRequest, Client
from servicekit.log import event
from servicekit.pages import CONTENT_SECURITY_POLICY

log = logging.getLogger(__name__)

_SUBMIT = InlineScript("document.forms[0].submit()")


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where an error goes that leaves no request to answer."""

    redirect_uri: str
    state: str | None
    response_mode: str

    @classmethod
    def of(cls, request: AuthorizationRequest) -> "ReturnAddress":
        return cls(request.redirect_uri, request.state, request.response_mode)


async def answer_with(op: Provider, client: Client, request: AuthorizationRequest, granted: Answer) -> Response:
    """Send the browser back to the client with what was granted."""
    return await _send(op, client, request.redirect_uri, request.response_mode, granted)


async def answer_with_error(op: Provider, client: Client, to: ReturnAddress, error: OAuthError) -> Response:
    """Send the browser back to the client with an error (RFC 6749 §4.1.2.1)."""
    event(log, "authorization refused", client_id=client.client_id, error=error.code, reason=error)
    return await _send(op, client, to.redirect_uri, to.response_mode, error_response(error, to.state, op.issuer))


async def _send(op: Provider, client: Client, redirect_uri: str, mode: str, answer: Answer) -> Response:
    if is_signed(mode):
        claims = response_claims(answer, client.client_id, op.now() + op.settings.authorization_code_ttl)
        algorithm = client.authorization_signed_response_alg
        answer = {"response": await op.keys.sign(claims, algorithm, typ=RESPONSE_TYPE, secret=client.client_secret)}
    if encoding(mode) == "form_post":
        return await _form_post(client, redirect_uri, answer)
    if encoding(mode) == "fragment":
        return see_other(with_fragment(redirect_uri, answer))
    return see_other(with_query(redirect_uri, {**answer}))


async def _form_post(client: Client, redirect_uri: str, answer: Answer) -> Response:
    """A form that sends itself, and has a button for where scripts are off (Form Post Response Mode §2)."""
    response = await page(
        "form-post.html",
        client_name=client.display_name,
        redirect_uri=redirect_uri,
        answer=answer,
        script=_SUBMIT.markup,
    )
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; script-src {_SUBMIT.source}"
    response.headers["Referrer-Policy"] = "origin"  # with less, browsers send the client `Origin: null`
    return response
