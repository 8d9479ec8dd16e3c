"""`/profile`: the three sources of user data: the ID token, UserInfo, and the application's own profile."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from quart import Request, Response

from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable
from rp.check import Check
from rp.context import Context
from rp.errors import RelyingPartyError, ResourceNotFound, ResourceRefused, SignInEnded
from rp.message import Message
from rp.protocol.resources import protected_resource, userinfo
from rp.provider_client import ProviderClient
from rp.tokens.refreshing import Access
from rp.web.errors import as_failure
from rp.web.reasons import why
from rp.web.rendering import page, see_other
from rp.web.translation import localized
from rp.web.visitor import signed_in
from servicekit.log import event

_PROVIDER = Message("error", "The provider")
_RESOURCE_SERVER = Message("error", "The resource server")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Panel:
    """What the page shows of one source: claims, an error, or neither if the source has no data about the user."""

    claims: Mapping[str, Any] | None = None
    check: Check | None = None
    error: str | None = None
    reason: str | None = None
    why: str | None = None
    sign_in_again: bool = False


async def profile(rp: Context, request: Request) -> Response:
    """Query UserInfo and the resource server concurrently. A failure of one does not affect the other."""
    visitor = await signed_in(rp, request)
    if visitor is None:
        return see_other(localized("/login?return_to=/profile"))
    access = Access(rp.refreshing, visitor.cookie, visitor.session)
    user, me = await asyncio.gather(
        _panel(lambda: _userinfo(visitor.provider, access)),
        _panel(lambda: _api_me(rp, visitor.provider, access)),
    )
    return await page(
        "profile.html",
        session=access.session,
        userinfo=user,
        me=me,
        registration=visitor.provider.registration,
        settings=rp.settings,
    )


async def _panel(load: Callable[[], Awaitable[Panel]]) -> Panel:
    """The panel of a source, whatever happens there. Only an error of Redis concerns the whole page."""
    try:
        return await load()
    except (RelyingPartyError, ProviderUnavailable, ProviderMisconfigured) as exception:
        failure = as_failure(exception)
        event(log, "panel not available", logging.WARNING, reason=exception)
        return Panel(
            error=failure.explanation,
            reason=failure.reason,
            why=why(failure),
            check=failure.check,
            sign_in_again=isinstance(failure, SignInEnded),
        )


async def _userinfo(provider: ProviderClient, access: Access) -> Panel:
    response = await access.call(provider.userinfo)
    claims = protected_resource.process(_PROVIDER, response.status, response.headers, response.body)
    verified = userinfo.verify(claims, access.session.sub)
    return Panel(verified.claims, verified.check)


async def _api_me(rp: Context, provider: ProviderClient, access: Access) -> Panel:
    """An access token is sent only to the resource server of its own provider, which is that of OIDC_ISSUER.

    RFC 6750 §5.2.
    """
    if provider is not rp.providers.all[0]:
        raise ResourceRefused(
            Message(
                "error", "The resource server accepts only access tokens of %(issuer)s.", issuer=rp.settings.oidc_issuer
            )
        )
    response = await access.call(rp.resource_server.me)
    try:
        return Panel(protected_resource.process(_RESOURCE_SERVER, response.status, response.headers, response.body))
    except ResourceNotFound:
        return Panel()
