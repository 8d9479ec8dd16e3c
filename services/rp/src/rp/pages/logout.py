"""`/logout` and `/logout/callback` (OpenID Connect RP-Initiated Logout)."""

import asyncio
import logging
from contextlib import suppress
from hmac import compare_digest

from quart import Request, Response

from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable
from rp.check import Check, masked, secret_equality
from rp.context import Context
from rp.errors import CrossSiteRequest, SignOutRefused
from rp.message import Message
from rp.protocol.authorization.login_initiation import language_tags
from rp.protocol.logout.logout_request import logout_request
from rp.web import forms
from rp.web.cookies import Cookies, fresh_value
from rp.web.rendering import see_other
from rp.web.translation import localized
from rp.web.visitor import SignedIn, signed_in
from servicekit.log import event
from servicekit.redis.client import RedisError
from servicekit.web.languages import current_language, requested_languages, use_language
from servicekit.web.parameters import Parameters

_STATE = "RP-Initiated Logout §3"
_LANGUAGE_SEPARATOR = "."
PROVIDER_SECONDS = 2.0
"""How long a sign-out waits for the provider."""

_USE_THE_BUTTON = Message("error", "Sign out with the button on a page of this site.")

log = logging.getLogger(__name__)


async def logout(rp: Context, request: Request) -> Response:
    """End the session here, then at the provider if it is available (OpenID Connect RP-Initiated Logout §2)."""
    form = Parameters.parse(await forms.read(request))
    _check_origin(rp, request)
    visitor = await signed_in(rp, request)
    if visitor is None:
        return see_other(localized("/"))
    _check_csrf_token(visitor, form)
    await rp.sessions.end(visitor.cookie)
    with suppress(RedisError):  # an index entry of an ended session does no harm, and expires
        await rp.session_index.remove(visitor.cookie, visitor.session)
    event(log, "signed out", sub=visitor.session.sub)
    state, ui_locales = fresh_value(), language_tags(requested_languages())
    endpoint = await _end_at_provider(rp, visitor)
    response = see_other(
        localized("/?notice=signed-out-here")
        if endpoint is None
        else logout_request(
            endpoint,
            id_token=visitor.session.latest_id_token or visitor.session.id_token,
            client_id=visitor.provider.registration.client.client_id,
            post_logout_redirect_uri=rp.settings.post_logout_redirect_uri,
            state=f"{state}{_LANGUAGE_SEPARATOR}{current_language().tag}" if ui_locales else state,
            ui_locales=ui_locales,
        )
    )
    cookies = Cookies.of(rp.settings)
    cookies.session.clear(response)
    cookies.login.clear(response)
    if endpoint is not None:
        cookies.logout.set(response, state)
    return response


async def logout_callback(rp: Context, request: Request) -> Response:
    """The browser returns from the provider. `state` must be that of its logout request, and is used once (§3).

    The language that the user has chosen follows the random value in `state`, since the session has ended.
    """
    parameters = Parameters.parse(request.query_string)
    cookie = Cookies.of(rp.settings).logout
    expected = cookie.read(request)
    found, _, language = parameters.get("state", "").partition(_LANGUAGE_SEPARATOR)
    use_language(language_tags(language))
    SignOutRefused.unless(
        not parameters.repeated and expected is not None and compare_digest(found.encode(), expected.encode()),
        _state_check(expected, found or None, parameters.repeated),
    )
    response = see_other(localized("/?notice=signed-out"))
    cookie.clear(response)
    return response


def _state_check(expected: str | None, found: str | None, repeated: frozenset[str]) -> Check:
    if expected is not None and not repeated:
        return secret_equality("state", _STATE, expected, found)
    wanted = masked(expected) if expected else Message("check", "the state of a sign-out that this browser started")
    return Check("state", _STATE, wanted, Message("check", "a duplicate parameter") if repeated else masked(found))


def _check_origin(rp: Context, request: Request) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and origin != rp.settings.origin:
        raise CrossSiteRequest(_USE_THE_BUTTON, f"Origin: {origin}")


def _check_csrf_token(visitor: SignedIn, form: Parameters) -> None:
    found = form.get("csrf_token", "")
    if form.repeated or not compare_digest(found.encode(), visitor.session.csrf_token.encode()):
        raise CrossSiteRequest(_USE_THE_BUTTON, "csrf_token")


async def _end_at_provider(rp: Context, visitor: SignedIn) -> str | None:
    """Revoke the tokens. Returns the URL of the provider's logout page; None if it has none or is unavailable.

    OpenID Connect RP-Initiated Logout §2.
    """
    try:
        async with asyncio.timeout(PROVIDER_SECONDS):
            metadata = await visitor.provider.metadata()
            available = await rp.refreshing.revoke(visitor.session)
        has_logout = available and metadata.has("end_session_endpoint")
        return metadata.endpoint("end_session_endpoint") if has_logout else None
    except (ProviderUnavailable, ProviderMisconfigured, TimeoutError) as failure:
        event(log, "session at the provider not ended", logging.WARNING, reason=failure)
        return None
