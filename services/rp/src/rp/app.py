"""The application: the only place that creates its parts and connects them."""

import os
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from quart import Quart, Request, Response, request

from oidc_discovery.documents import ProviderDocuments
from rp.context import Context
from rp.endpoints.backchannel_logout import backchannel_logout
from rp.endpoints.frontchannel_logout import frontchannel_logout
from rp.pages.callback import callback, posted_callback
from rp.pages.home import home
from rp.pages.login import login, posted_login
from rp.pages.logout import logout, logout_callback
from rp.pages.profile import profile
from rp.provider_client import ProviderClient
from rp.providers import Providers
from rp.resource_client import ResourceClient
from rp.settings import Settings
from rp.stores.logout_token import LogoutTokenStore
from rp.stores.nonce_binding import NonceBindingStore
from rp.stores.posted_response import PostedResponseStore
from rp.stores.refresh_lock import RefreshLockStore
from rp.stores.session import SessionStore
from rp.stores.session_index import SessionIndexStore
from rp.tokens.refreshing import Refreshing
from rp.web import errors, rendering
from servicekit.clock import Clock
from servicekit.http import HttpClient
from servicekit.monitoring.health import health_routes
from servicekit.monitoring.metrics import Metrics
from servicekit.redis.client import connect
from servicekit.settings import read
from servicekit.web import pages
from servicekit.web.endpoints import EndpointDispatcher, Route

View = Callable[[Context, Request], Awaitable[Response]]

PAGES: tuple[tuple[str, str, View], ...] = (
    ("GET", "/", home),
    ("GET", "/login", login),
    ("POST", "/login", posted_login),
    ("GET", "/profile", profile),
    ("POST", "/logout", logout),
    ("GET", "/logout/callback", logout_callback),
)


def create_app(settings: Settings | None = None, *, clock: Clock = time.time) -> Quart:
    """The relying party as an ASGI application. Without `settings` they are read from the environment.

    `clock` returns the time in seconds since the epoch. Raises SettingsError.

    OAuth 2.0 Form Post Response Mode §4.
    """
    settings = settings or read(Settings, os.environ)
    http = HttpClient(settings.oidc_connect_to, total_timeout=settings.http_timeout)
    redis = connect(settings.redis_url, settings.redis_timeout)
    providers = _providers(settings, http, clock)
    sessions = SessionStore(redis, settings.session_ttl)
    rp = Context(
        settings=settings,
        providers=providers,
        resource_server=ResourceClient(settings.resource_server_url, http),
        bindings=NonceBindingStore(redis),
        posted_responses=PostedResponseStore(redis),
        sessions=sessions,
        session_index=SessionIndexStore(redis, settings.session_ttl, clock),
        logout_tokens=LogoutTokenStore(redis),
        refreshing=Refreshing(providers, sessions, RefreshLockStore(redis, settings.refresh_seconds), clock),
        clock=clock,
    )

    app = Quart(__name__, template_folder="pages/templates")
    rendering.install(app, settings.brand)
    errors.install(app)
    for method, path, view in (*PAGES, *_callbacks(providers)):
        app.add_url_rule(path, f"{method} {path}", _with_request(rp, view), methods=[method])
    pages.refuse_head(app, "GET ", allowed=("/",))  # the other pages sign people in and out
    metrics = app.extensions["metrics"] = Metrics()
    health = health_routes({"redis": redis.ping, "provider": providers.any_metadata})
    routes = {**health, **_machine_routes(rp)}
    dispatcher = EndpointDispatcher(
        routes, app.asgi_app, errors.machine_failure, metrics.observe, secure=settings.secure
    )
    app.asgi_app = dispatcher  # type: ignore[method-assign,assignment]

    @app.after_serving
    async def close() -> None:
        await http.close()
        await redis.aclose()

    return app


def _providers(settings: Settings, http: HttpClient, clock: Clock) -> Providers:
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


def _callbacks(providers: Providers) -> Iterator[tuple[str, str, View]]:
    """A redirect URI for each provider. It accepts POST only with the response mode form_post (RFC 9700 §4.4.2)."""
    for provider in providers.all:
        registration = provider.registration
        yield "GET", registration.callback_path, partial(callback, provider=provider)
        if registration.response_mode == "form_post":
            yield "POST", registration.callback_path, partial(posted_callback, provider=provider)


def _machine_routes(rp: Context) -> dict[str, Route]:
    """The endpoints that the provider calls, which do not read cookies."""
    return {
        "/backchannel-logout": Route({"POST": partial(backchannel_logout, rp)}),
        "/frontchannel-logout": Route({"GET": partial(frontchannel_logout, rp)}),
    }


def _with_request(rp: Context, view: View) -> Callable[[], Awaitable[Response]]:
    """A view as Quart calls it. This is the only place that uses the global request object."""

    async def call() -> Response:
        return await view(rp, request)

    return call
