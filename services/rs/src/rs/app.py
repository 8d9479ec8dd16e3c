"""The application: the only place that creates and connects its parts."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from functools import partial

from quart import Quart
from werkzeug.exceptions import HTTPException

from oidc_discovery.documents import ProviderDocuments
from rs.context import Context
from rs.endpoints.me import me
from rs.endpoints.protected_resource import metadata_path, metadata_url, protected_resource
from rs.endpoints.start import start
from rs.protocol.claims import Expected
from rs.settings import INTROSPECTION, IntrospectionSettings, Settings, read_settings
from rs.stores.profile import ProfileStore
from rs.validation.introspection import IntrospectionEndpoint, IntrospectionValidator
from rs.validation.introspection_cache import IntrospectionCache
from rs.validation.jwt import JwtValidator
from rs.validation.validator import Validator
from rs.validation.verification_keys import VerificationKeys
from rs.web.errors import failure_renderer, http_failure
from servicekit.clock import Clock
from servicekit.http import HttpClient
from servicekit.log import event
from servicekit.monitoring.health import health_routes
from servicekit.monitoring.metrics import Metrics
from servicekit.redis.client import RedisError, connect
from servicekit.web.machine import MachineDoor, Route

LOAD_SECONDS = 2.0
LOAD_PAUSE_SECONDS = 1.0

log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None, *, clock: Clock = time.time, ticks: Clock = time.monotonic) -> Quart:
    """The resource server for `settings`, or for this process' environment.

    `clock` tells the time in seconds since the epoch; `ticks` counts seconds and never goes back. Raises SettingsError.
    """
    settings = settings or read_settings(os.environ)
    redis = connect(settings.redis_url, settings.redis_timeout)
    http = HttpClient(settings.oidc_connect_to)
    documents = ProviderDocuments(settings.oidc_issuer, http, ticks)
    validator = _validator(settings, documents, http, clock, ticks)
    profiles = ProfileStore(redis)
    rs = Context(settings, validator, profiles)
    metrics = Metrics()

    app = Quart(__name__, static_folder=None)
    app.extensions["metrics"] = metrics
    app.register_error_handler(HTTPException, http_failure)
    routes: Mapping[str, Route] = {
        "/": Route({"GET": partial(start, rs)}),
        "/api/me": Route({"GET": partial(me, rs)}, cors=True),
        metadata_path(settings.rs_base_url): Route({"GET": partial(protected_resource, rs)}, cors=True),
        **health_routes({"redis": redis.ping, "provider": documents.metadata}),
    }
    failure = failure_renderer(metadata_url(settings.rs_base_url))
    door = MachineDoor(routes, app.asgi_app, failure, metrics.observe, secure=settings.secure)
    app.asgi_app = door  # type: ignore[assignment, method-assign]

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None]:
        loading = asyncio.create_task(_load(profiles, settings))
        await asyncio.wait({loading}, timeout=LOAD_SECONDS)
        yield
        loading.cancel()
        with suppress(asyncio.CancelledError):
            await loading
        await http.close()
        await redis.aclose()

    return app


def _validator(
    settings: Settings, documents: ProviderDocuments, http: HttpClient, clock: Clock, ticks: Clock
) -> Validator:
    expected = Expected(settings.oidc_issuer, settings.rs_audience)
    if settings.token_validation == INTROSPECTION:
        assert isinstance(settings, IntrospectionSettings)
        endpoint = IntrospectionEndpoint(documents, http, settings.rs_client_id, settings.rs_client_secret)
        cache = IntrospectionCache(ticks)
        return IntrospectionValidator(endpoint, cache, settings.introspection_cache_ttl, expected, clock)
    algorithm = settings.access_token_signing_alg
    return JwtValidator(VerificationKeys(documents, algorithm), algorithm, expected, clock)


async def _load(profiles: ProfileStore, settings: Settings) -> None:
    """Save the profiles of RS_PROFILES_FILE; while Redis is unavailable, keep trying."""
    waiting = list(settings.rs_profiles_file)
    while waiting:
        try:
            await profiles.save(waiting[-1])
            waiting.pop()
        except RedisError as failure:
            event(log, "profiles not loaded yet", logging.WARNING, reason=failure)
            await asyncio.sleep(LOAD_PAUSE_SECONDS)
