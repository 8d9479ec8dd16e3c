"""The answer to an authorization request: a grant with its code, or an error (RFC 6749 §4.1.2)."""

import asyncio
import logging
from dataclasses import dataclass

from quart import Response

from op.endpoints.inline_script import InlineScript
from op.endpoints.pages import page, see_other
from op.errors import OAuthError
from op.protocol.authorization_response import (
    RESPONSE_TYPE,
    Answer,
    code_response,
    encoding,
    error_response,
    is_signed,
    response_claims,
    with_fragment,
    with_query,
)
from op.protocol.handle import Handle, new_grant_id, new_handle
from op.provider import Provider
from op.records import AuthorizationCode, AuthorizationRequest, Client, Grant, Session
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


@dataclass(frozen=True, slots=True)
class GrantedCode:
    """A grant, and its code, which was saved."""

    grant: Grant
    code: str


async def grant_code(op: Provider, request: AuthorizationRequest, session: Session) -> GrantedCode | None:
    """Make a grant and its code (RFC 6749 §4.1.2); None when the session's user was removed.

    A code that is then not sent to anybody ends by itself.
    """
    gid = new_grant_id()
    grant = Grant(
        gid=gid,
        client_id=request.client_id,
        sub=session.sub,
        scope=request.scope,
        auth_time=session.auth_time,
        sid=session.sid,
        claims=request.claims,
    )
    code = new_handle(gid)
    record = AuthorizationCode(
        redirect_uri=request.redirect_uri,
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        expires_at=op.now() + op.settings.authorization_code_ttl,
    )
    user, _ = await asyncio.gather(op.users.find(session.sub), op.codes.save(Handle.of(gid, code), record, grant))
    if user is None:
        return None
    return GrantedCode(grant, code)


async def answer_with_code(
    op: Provider, client: Client, request: AuthorizationRequest, granted: GrantedCode
) -> Response:
    """Send the browser back to the client with a code."""
    grant = granted.grant
    event(log, "code issued", client_id=grant.client_id, sub=grant.sub, scope=grant.scope, grant=grant.gid)
    answer = code_response(granted.code, request.state, op.issuer)
    return await _send(op, client, request.redirect_uri, request.response_mode, answer)


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
