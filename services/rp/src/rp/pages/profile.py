"""`/profile`: the three identity surfaces: the id_token, UserInfo, and the application's own profile."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from quart import Request, Response

from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable
from rp.check import Check
from rp.context import Context
from rp.errors import RelyingPartyError, ResourceRefused, SignInEnded
from rp.protocol.resources import protected_resource, userinfo
from rp.provider_client import ProviderClient
from rp.tokens.refreshing import Access
from rp.web.errors import as_failure
from rp.web.reasons import why
from rp.web.rendering import page, see_other
from rp.web.visitor import signed_in
from servicekit.log import event

log = logging.getLogger(__name__)

Loaded = tuple[Mapping[str, Any], Check | None]


@dataclass(frozen=True)
class Panel:
    """What one surface shows: claims, or why there are none."""

    claims: Mapping[str, Any] | None = None
    check: Check | None = None
    refusal: str | None = None
    why: str | None = None
    sign_in_again: bool = False


async def profile(rp: Context, request: Request) -> Response:
    """Ask UserInfo and the resource server at once; each panel fails by itself."""
    visitor = await signed_in(rp, request)
    if visitor is None:
        return see_other("/login?return_to=/profile")
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


async def _panel(load: Callable[[], Awaitable[Loaded]]) -> Panel:
    """The panel, whatever happens to its service; Redis away is the whole page's failure."""
    try:
        claims, check = await load()
    except (RelyingPartyError, ProviderUnavailable, ProviderMisconfigured) as exception:
        failure = as_failure(exception)
        event(log, "panel not shown", logging.WARNING, reason=exception)
        return Panel(
            refusal=failure.explanation,
            why=why(failure),
            check=failure.check,
            sign_in_again=isinstance(failure, SignInEnded),
        )
    return Panel(claims, check)


async def _userinfo(provider: ProviderClient, access: Access) -> Loaded:
    answer = await access.ask(provider.userinfo)
    claims = protected_resource.process("The provider", answer.status, answer.headers, answer.body)
    verified = userinfo.verify(claims, access.session.sub)
    return verified.claims, verified.check


async def _api_me(rp: Context, provider: ProviderClient, access: Access) -> Loaded:
    """A token goes to the resource server of its own provider, that of OIDC_ISSUER, and to no other (RFC 6750 §5.2)."""
    if provider is not rp.providers.all[0]:
        raise ResourceRefused(f"The resource server knows the sign-ins of {rp.settings.oidc_issuer} alone.")
    answer = await access.ask(rp.resource_server.me)
    return protected_resource.process("The resource server", answer.status, answer.headers, answer.body), None
