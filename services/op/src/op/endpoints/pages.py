"""What the pages for people share: reading a request, cookies, and an error as a page."""

import hmac
import logging
from hashlib import sha256
from typing import Any

from quart import Response, g, render_template, request

from op.errors import RETRY_AFTER_SECONDS, InvalidRequest, NonceRequired, OAuthError, UnknownRedirect
from op.german import WORDS
from op.protocol.client_presentation import shown_logo
from op.protocol.handle import new_secret
from op.protocol.languages import choose
from op.protocol.logout_token import origin_of
from op.provider import Provider
from op.records import Client
from servicekit.log import event
from servicekit.pages import CONTENT_SECURITY_POLICY, failure_page
from servicekit.parameters import MalformedParameters, Parameters
from servicekit.proxies import client_address
from servicekit.redis import RedisError
from servicekit.sealing import UnsealError

log = logging.getLogger(__name__)

SESSION_COOKIE = "op_session"
BROWSER_COOKIE = "op_login"


async def parameters() -> Parameters:
    """The parameters of the query, or of the form for a POST; raises InvalidRequest."""
    try:
        if request.method != "POST":
            found = Parameters.parse(request.query_string)
        elif request.mimetype != "application/x-www-form-urlencoded":
            raise InvalidRequest("the body must be application/x-www-form-urlencoded")
        else:
            body = await request.get_data(as_text=False)
            assert isinstance(body, bytes)
            found = Parameters.parse(body)
    except MalformedParameters as fault:
        raise InvalidRequest(str(fault)) from None
    speak(found.get("ui_locales"))
    return found


def speak(ui_locales: str | None) -> None:
    """From here on the pages of this request are in the first of these languages that there is."""
    if ui_locales:
        g.ui_locales = ui_locales


async def page(template: str, status: int = 200, **values: Any) -> Response:
    return Response(await render_template(template, **values), status=status)


async def client_page(template: str, client: Client, status: int = 200, **values: Any) -> Response:
    """A page with what a client says of itself: name, logo, policy and terms (Dynamic Client Registration 1.0 §2)."""
    logo = shown_logo(client, trusted=client.registered_at is None)
    about = {"client_name": client.display_name, "policy_uri": client.policy_uri, "tos_uri": client.tos_uri}
    response = await page(template, status, logo_uri=logo, **about, **values)
    if logo:
        policy = CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {origin_of(logo)}")
        response.headers["Content-Security-Policy"] = policy
    return response


def words() -> dict[str, Any]:
    """`t`, which says a text in the language of the page; `lang`, which names it; what the next page is asked for in.

    It is the language that the client asked for, else the browser's.
    """
    asked = g.get("ui_locales") or request.args.get("ui_locales")
    language = choose(asked, request.headers.get("Accept-Language"))
    known = WORDS if language == "de" else {}

    def say(text: str, **named: object) -> str:
        said = known.get(text, text)
        return said.format(**named) if named else said

    return {"t": say, "lang": language, "ui_locales": asked}


def cookie_name(op: Provider, name: str) -> str:
    """`__Host-` where cookies are Secure: no subdomain and no plain HTTP can set it (RFC 6265bis §4.1.3.2)."""
    return f"__Host-{name}" if op.settings.secure else name


def cookie(op: Provider, name: str) -> str | None:
    return request.cookies.get(cookie_name(op, name))


def came_without_cookies(op: Provider) -> bool:
    """Whether it is a form that another site may have sent: theirs come without our cookies (SameSite=Lax).

    Whoever was at the login page has BROWSER_COOKIE, with a session or without one.
    """
    return request.method == "POST" and not cookie(op, BROWSER_COOKIE)


def set_cookie(op: Provider, response: Response, name: str, value: str) -> None:
    """A cookie for this browser session, that no script and no other site's form can use."""
    secure = op.settings.secure
    response.set_cookie(cookie_name(op, name), value, httponly=True, secure=secure, samesite="Lax", path="/")


def delete_cookie(op: Provider, response: Response, name: str) -> None:
    secure = op.settings.secure
    response.delete_cookie(cookie_name(op, name), httponly=True, secure=secure, samesite="Lax", path="/")


def browser_secret(op: Provider) -> str:
    """What ties a waiting login to this browser: its login cookie, or a new value for one."""
    return cookie(op, BROWSER_COOKIE) or new_secret()


def csrf_token(secret: str, purpose: str) -> str:
    """A token that only a page for this browser and purpose can hold."""
    return hmac.new(secret.encode(), purpose.encode(), sha256).hexdigest()


def check_csrf(op: Provider, secret: str | None, purpose: str, token: str | None) -> None:
    """Refuse a form that did not come from our own page; raises InvalidRequest."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != op.settings.origin:
        raise InvalidRequest("this form was sent from another site")
    if not secret or not token or not hmac.compare_digest(csrf_token(secret, purpose).encode(), token.encode()):
        raise InvalidRequest("this form does not belong to this browser; cookies are needed to go on")


def address(op: Provider) -> str:
    """The address of the person's browser, past the trusted proxies."""
    forwarded_for = ", ".join(request.headers.getlist("X-Forwarded-For"))
    return client_address(request.remote_addr or "", forwarded_for, op.settings.trusted_proxies)


def see_other(location: str) -> Response:
    """303: the next request is a GET, and carries no form with credentials (RFC 9700 §4.12)."""
    return Response("", status=303, headers={"Location": location})


async def failure(exception: Exception) -> Response:
    """Any exception as a page for the person."""
    if isinstance(exception, UnknownRedirect):
        event(log, "authorization refused", reason=exception.explanation)
        return await failure_page(
            400, exception.title, exception.explanation, code="invalid_request", received=exception.received
        )
    if isinstance(exception, OAuthError):
        event(log, "request refused", error=exception.code, reason=exception)
        sentence, received = _sentence(exception)
        return await failure_page(exception.status, _title(exception), sentence, code=exception.code, received=received)
    if isinstance(exception, RedisError):
        event(log, "Redis is away", logging.ERROR, reason=exception)
        return await failure_page(
            503,
            "The sign-in is away for a moment",
            "It cannot reach its memory. Try again in a few seconds; nothing that you did is lost.",
            code="temporarily_unavailable",
            retry_after=RETRY_AFTER_SECONDS,
        )
    reason = "OP_SECRET_KEY does not open what is stored" if isinstance(exception, UnsealError) else None
    log.error("unforeseen failure", exc_info=exception, extra={"fields": {"reason": reason} if reason else {}})
    return await failure_page(
        500, "Something went wrong here", "It is written to the provider's log.", code="server_error"
    )


def _title(error: OAuthError) -> str:
    if isinstance(error, NonceRequired):
        return "This sign-in has no nonce"
    return "This request cannot be answered"


def _sentence(error: OAuthError) -> tuple[str, str | None]:
    """The description as a sentence that can be translated, and what follows a colon in it: names, which cannot."""
    said, _, received = error.description.partition(": ")
    begins_with_a_name = "_" in said.partition(" ")[0]
    return f"{said if begins_with_a_name else said[:1].upper() + said[1:]}.", received or None
