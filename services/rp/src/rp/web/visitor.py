"""The session of a request, by its cookie."""

from dataclasses import dataclass

from quart import Request

from rp.context import Context
from rp.provider_client import ProviderClient
from rp.records import Session
from rp.web.cookies import Cookies
from servicekit.web.languages import use_language


@dataclass(frozen=True)
class SignedIn:
    """A browser with a session: the value of its cookie, the session, and the provider of the session."""

    cookie: str
    session: Session
    provider: ProviderClient


async def signed_in(rp: Context, request: Request) -> SignedIn | None:
    """The session of a request. Without a cookie, Redis is not read.

    None if there is no session, or if its provider is no longer configured. The page is in the language of the session,
    unless the request has `ui_locales`.
    """
    cookie = Cookies.of(rp.settings).session.read(request)
    session = await rp.sessions.find(cookie) if cookie else None
    provider = rp.providers.find(session.issuer) if session else None
    if session and provider and not request.args.get("ui_locales"):
        use_language(session.ui_locales)
    return SignedIn(cookie, session, provider) if cookie and session and provider else None
