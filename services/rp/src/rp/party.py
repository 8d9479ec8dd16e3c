"""The relying party as its endpoints see it: what they need, wired once."""

from collections.abc import Callable
from dataclasses import dataclass

from quart import Request

from rp.cookies import Cookies
from rp.provider import ProviderClient
from rp.providers import Providers
from rp.records import Session
from rp.refreshing import Refreshing
from rp.resource_server import ResourceServerClient
from rp.settings import Settings
from rp.stores.logout_token import LogoutTokens
from rp.stores.nonce_binding import NonceBindings
from rp.stores.posted_response import PostedResponses
from rp.stores.session import Sessions
from rp.stores.session_index import SessionIndex


@dataclass(frozen=True)
class SignedIn:
    """A browser with a session, the cookie's value that opens it, and the provider that it comes from."""

    cookie: str
    session: Session
    provider: ProviderClient


@dataclass(frozen=True)
class RelyingParty:
    """`clock` gives the time in seconds since the epoch."""

    settings: Settings
    providers: Providers
    resource_server: ResourceServerClient
    bindings: NonceBindings
    posted_responses: PostedResponses
    sessions: Sessions
    session_index: SessionIndex
    logout_tokens: LogoutTokens
    refreshing: Refreshing
    cookies: Cookies
    clock: Callable[[], float]

    async def signed_in(self, request: Request) -> SignedIn | None:
        """Who sends this request; without a cookie Redis is not asked. A provider that was removed signs nobody in."""
        cookie = self.cookies.session.read(request)
        session = await self.sessions.find(cookie) if cookie else None
        provider = self.providers.find(session.issuer) if session else None
        return SignedIn(cookie, session, provider) if cookie and session and provider else None
