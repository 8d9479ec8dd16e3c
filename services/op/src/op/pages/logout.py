"""The end-session endpoint (OpenID Connect RP-Initiated Logout 1.0 §2)."""

import logging
from dataclasses import dataclass
from functools import partial

from quart import Request, Response

from op.context import Context
from op.errors import InvalidRequest
from op.keys.ring import InvalidSignature
from op.pages.logged_out import logged_out
from op.protocol.authorization.response import with_query
from op.protocol.sessions.logout_request import audience_of_hint, check_hint_claims, check_post_logout_redirect_uri
from op.protocol.tokens.claims import ID_TOKEN_TYPE
from op.records import Client, Session
from op.web.cookies import SESSION_COOKIE, cookie, delete_cookie
from op.web.csrf import check_csrf, csrf_token
from op.web.parameters import parameters
from op.web.rendering import page, see_other
from servicekit.log import event
from servicekit.web.parameters import Parameters

log = logging.getLogger(__name__)

_PURPOSE = "logout"


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A validated logout request: its client, the session that the hint names, and where to redirect afterwards."""

    client: Client | None
    hinted_sid: str | None
    redirect_to: str | None


async def logout(op: Context, request: Request) -> Response:
    """End the provider's session: at once with a valid id_token_hint of it, else when the user confirms."""
    received = await parameters(request)
    validated = await _validated(op, received)
    secret = cookie(op, request, SESSION_COOKIE)
    session = await op.sessions.find(secret)
    confirmed = request.method == "POST" and "csrf_token" in received
    if request.method == "POST" and not secret:
        # A form on another site is sent without our SameSite=Lax cookie; the GET that follows has it.
        return see_other(with_query(f"{op.issuer}/logout", _without_confirmation(received)))
    if confirmed and session:
        check_csrf(op, request, secret, _PURPOSE, received.get("csrf_token"))
    elif secret and session and not _is_meant(op, session, validated):
        return await _confirmation(received, validated, secret)
    frames: tuple[str, ...] = ()
    if secret and session:
        frames = await op.termination.end_session(session, partial(op.sessions.end, secret))
        event(
            log,
            "logged out",
            sub=session.sub,
            client_id=validated.client.client_id if validated.client else None,
        )
    if validated.redirect_to and not frames:
        response = see_other(validated.redirect_to)
        delete_cookie(op, response, SESSION_COOKIE)
        return response
    return await logged_out(op, frames, validated.redirect_to, validated.client)


def _is_meant(op: Context, session: Session, validated: LogoutRequest) -> bool:
    """Whether the hint names this session, by the `sid` that its client knows."""
    return validated.client is not None and op.subjects.sid_of(validated.client, session.sid) == validated.hinted_sid


async def _validated(op: Context, received: Parameters) -> LogoutRequest:
    """Validate the parameters, without any effect; raises InvalidRequest."""
    repetition = received.repetition()
    if repetition:
        raise InvalidRequest(repetition)
    hint = received.get("id_token_hint")
    hinted = audience_of_hint(hint) if hint else None
    client_id = received.get("client_id", hinted)
    if hinted and client_id != hinted:
        raise InvalidRequest("client_id differs from the id_token_hint's audience")
    client = await op.clients.find(client_id) if client_id else None
    hinted_sid = await _sid_of_hint(op, client, hint) if hint else None
    uri = check_post_logout_redirect_uri(received.get("post_logout_redirect_uri"), client)
    return LogoutRequest(client, hinted_sid, with_query(uri, {"state": received.get("state")}) if uri else None)


async def _sid_of_hint(op: Context, client: Client | None, hint: str) -> str | None:
    """The session that an ID token of this provider names; it may have expired (RP-Initiated Logout 1.0 §2)."""
    if client is None:
        raise InvalidRequest("id_token_hint was issued to a client that is not registered")
    try:
        claims = await op.keys.verify(
            hint, client.id_token_signed_response_alg, typ=ID_TOKEN_TYPE, secret=client.client_secret
        )
    except InvalidSignature:
        raise InvalidRequest("id_token_hint was not issued by this provider") from None
    return check_hint_claims(claims, op.issuer)


async def _confirmation(received: Parameters, validated: LogoutRequest, secret: str) -> Response:
    return await page(
        "logout.html",
        client_name=validated.client.display_name if validated.client else None,
        client_uri=validated.client.client_uri if validated.client else None,
        passed_on=_without_confirmation(received),
        csrf_token=csrf_token(secret, _PURPOSE),
    )


def _without_confirmation(received: Parameters) -> dict[str, str | None]:
    return {name: value for name, value in received.items() if name != "csrf_token"}
