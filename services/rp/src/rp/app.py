"""The application: everything is wired here, and nothing is global."""

import os
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from quart import Quart, Request, Response, request

from oidc_discovery.documents import ProviderDocuments
from rp import pages as rp_pages
from rp import presentation
from rp.cookies import Cookies
from rp.endpoints.backchannel_logout import backchannel_logout
from rp.endpoints.callback import callback, posted_callback
from rp.endpoints.frontchannel_logout import frontchannel_logout
from rp.endpoints.home import home
from rp.endpoints.login import login, posted_login
from rp.endpoints.logout import logout, logout_callback
from rp.endpoints.profile import profile
from rp.party import RelyingParty
from rp.provider import ProviderClient
from rp.providers import Providers
from rp.refreshing import Refreshing
from rp.resource_server import ResourceServerClient
from rp.settings import Settings
from rp.stores.logout_token import LogoutTokens
from rp.stores.nonce_binding import NonceBindings
from rp.stores.posted_response import PostedResponses
from rp.stores.refresh_lock import RefreshLock
from rp.stores.session import Sessions
from rp.stores.session_index import SessionIndex
from servicekit import machine, pages
from servicekit.health import health_routes
from servicekit.http import HttpClient
from servicekit.machine import MachineDoor, Route
from servicekit.metrics import Metrics
from servicekit.redis import connect
from servicekit.settings import read

Endpoint = Callable[[RelyingParty, Request], Awaitable[Response]]

PAGES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/", home),
    ("GET", "/login", login),
    ("POST", "/login", posted_login),
    ("GET", "/profile", profile),
    ("POST", "/logout", logout),
    ("GET", "/logout/callback", logout_callback),
)


def create_app(settings: Settings | None = None, *, clock: Callable[[], float] = time.time) -> Quart:
    """The relying party as an ASGI application; without `settings` they are read from the environment.

    `clock` gives the time in seconds since the epoch. Raises SettingsError.
    """
    settings = settings or read(Settings, os.environ)
    http = HttpClient(settings.oidc_connect_to, total_timeout=settings.http_timeout)
    redis = connect(settings.redis_url, settings.redis_timeout)
    providers = _providers(settings, http, clock)
    sessions = Sessions(redis, settings.session_ttl)
    rp = RelyingParty(
        settings=settings,
        providers=providers,
        resource_server=ResourceServerClient(settings.resource_server_url, http),
        bindings=NonceBindings(redis),
        posted_responses=PostedResponses(redis),
        sessions=sessions,
        session_index=SessionIndex(redis, settings.session_ttl, clock),
        logout_tokens=LogoutTokens(redis),
        refreshing=Refreshing(providers, sessions, RefreshLock(redis, settings.refresh_seconds), clock),
        cookies=Cookies.of(settings),
        clock=clock,
    )

    app = Quart(__name__)
    rp_pages.install(app)
    presentation.install(app)
    for method, path, endpoint in (*PAGES, *_callbacks(providers)):
        app.add_url_rule(path, f"{method} {path}", _view(rp, endpoint), methods=[method])
    pages.refuse_head(app, "GET ", allowed=("/",))  # the other pages sign people in and out
    metrics = app.extensions["metrics"] = Metrics()
    health = health_routes({"redis": redis.ping, "provider": providers.any_metadata})
    routes = {**health, **_machine_routes(rp)}
    door = MachineDoor(routes, app.asgi_app, rp_pages.machine_failure, metrics.observe, secure=settings.secure)
    app.asgi_app = door  # type: ignore[method-assign,assignment]

    @app.after_serving
    async def close() -> None:
        await http.close()
        await redis.aclose()

    return app


def _providers(settings: Settings, http: HttpClient, clock: Callable[[], float]) -> Providers:
    return Providers(
        [
            ProviderClient(
                registration,
                settings.rp_base_url,
                ProviderDocuments(registration.issuer, http, time.monotonic, settings.discovery_cache_ttl),
                http,
                clock=clock,
            )
            for registration in settings.registrations
        ]
    )


def _callbacks(providers: Providers) -> Iterator[tuple[str, str, Endpoint]]:
    """An address for each provider's answers; a form is taken where it was asked for."""
    for provider in providers.all:
        registration = provider.registration
        yield "GET", registration.callback_path, partial(callback, provider=provider)
        if registration.response_mode == "form_post":
            yield "POST", registration.callback_path, partial(posted_callback, provider=provider)


def _machine_routes(rp: RelyingParty) -> dict[str, Route]:
    """The endpoints for machines, which no cookie opens."""

    async def backchannel(request: machine.Request) -> machine.Reply:
        return await backchannel_logout(rp, request)

    async def frontchannel(request: machine.Request) -> machine.Reply:
        return await frontchannel_logout(rp, request)

    return {
        "/backchannel-logout": Route({"POST": backchannel}),
        "/frontchannel-logout": Route({"GET": frontchannel}),
    }


def _view(rp: RelyingParty, endpoint: Endpoint) -> Callable[[], Awaitable[Response]]:
    """A Quart view: the only place that touches the request's global."""

    async def view() -> Response:
        return await endpoint(rp, request)

    return view
