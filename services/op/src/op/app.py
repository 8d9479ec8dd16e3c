"""The provider's application: all wiring is here."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial

from quart import Blueprint, Quart, Response

from op.back_channel import BackChannel
from op.client_http import ClientHttp
from op.client_keys import ClientKeys
from op.directory import Directory, load, read_directory
from op.endpoints import pages
from op.endpoints.account import change_account, show_account
from op.endpoints.authorize import authorize
from op.endpoints.consent import show_consent, submit_consent
from op.endpoints.device import show_device, submit_device
from op.endpoints.device_authorization import device_authorization
from op.endpoints.discovery import discovery
from op.endpoints.introspect import introspect
from op.endpoints.jwks import jwks
from op.endpoints.login import show_login, submit_login
from op.endpoints.logout import logout
from op.endpoints.par import par
from op.endpoints.register import delete_registration, read_registration, register, update_registration
from op.endpoints.revoke import revoke
from op.endpoints.token import token
from op.endpoints.userinfo import userinfo
from op.errors import OAuthError, ServerError, TemporarilyUnavailable, json_error
from op.key_rotation import KeyRotation
from op.keys import KeyRing
from op.passwords import Passwords
from op.protocol.key_schedule import Schedule
from op.provider import Provider
from op.settings import Settings
from op.stores.access_token import AccessTokenStore
from op.stores.authorization_code import AuthorizationCodeStore
from op.stores.client import ClientStore
from op.stores.client_assertion import ClientAssertionStore
from op.stores.consent import ConsentStore
from op.stores.device import DeviceStore
from op.stores.grant import GrantStore
from op.stores.login_attempts import LoginAttemptStore
from op.stores.login_request import LoginRequestStore
from op.stores.pushed_request import PushedRequestStore
from op.stores.refresh_token import RefreshTokenStore
from op.stores.registrations import RegistrationStore
from op.stores.session import SessionStore
from op.stores.session_grants import SessionGrantStore
from op.stores.signing_keys import SigningKeyStore
from op.stores.user import UserStore
from op.stores.user_index import UserGrants
from op.tokens import Mint
from servicekit.health import health_routes
from servicekit.http import HttpClient
from servicekit.log import event
from servicekit.machine import MachineDoor, Reply, Request, Route
from servicekit.metrics import Metrics
from servicekit.pages import install
from servicekit.redis import Database, RedisError, connect
from servicekit.sealing import Sealer, UnsealError
from servicekit.settings import read

log = logging.getLogger(__name__)

_RETRY_SECONDS = 0.5
_PATIENCE_SECONDS = 2.0


def create_app(settings: Settings | None = None, *, clock: Callable[[], float] = time.time) -> Quart:
    """The provider as an ASGI application; settings come from the environment unless they are given.

    Raises SettingsError and DirectoryError.
    """
    settings = settings or read(Settings, os.environ)
    path = settings.op_directory_file
    directory = read_directory(path, os.environ) if path else Directory()
    redis = connect(settings.redis_url, settings.redis_timeout)
    op = wire(settings, redis, clock)
    metrics = Metrics()
    app = Quart(__name__)
    app.extensions["metrics"] = metrics
    app.extensions["provider"] = op
    install(app, "OpenID Provider")
    app.register_blueprint(_pages(op))
    _refuse_head(app)
    app.register_error_handler(Exception, pages.failure)
    provisioning = Provisioning(op, directory)
    rotation = KeyRotation(op.keys)

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None, None]:
        try:
            await provisioning.start()
            rotation.start()
            yield
        finally:
            await rotation.stop()
            await provisioning.stop()
            await op.back_channel.drain()
            await op.http.close()
            op.passwords.close()
            await redis.aclose()

    routes = {
        **_machine_routes(op),
        **health_routes({"redis": redis.ping, "provisioning": provisioning.check}),
    }
    door = MachineDoor(routes, app.asgi_app, _failure, metrics.observe, secure=settings.secure)
    app.asgi_app = door  # type: ignore[method-assign, assignment]
    return app


def wire(settings: Settings, redis: Database, clock: Callable[[], float]) -> Provider:
    """The provider over a Redis client; nothing is sent to Redis yet."""
    keys = KeyRing(
        SigningKeyStore(redis, Sealer(settings.op_secret_key, "op signing keys")),
        Schedule(settings.key_rotation_interval, settings.key_publication_lead, settings.signature_life),
        clock,
    )
    grants = GrantStore(redis)
    session_grants = SessionGrantStore(redis, settings.session_ttl)
    trusted = HttpClient(settings.oidc_connect_to)
    http = ClientHttp(trusted, trusted if settings.registration_private_addresses else HttpClient(public_only=True))
    return Provider(
        settings=settings,
        clock=clock,
        keys=keys,
        mint=Mint(settings, keys),
        passwords=Passwords(),
        clients=ClientStore(redis, Sealer(settings.op_secret_key, "op client secrets"), time.monotonic),
        users=UserStore(redis),
        sessions=SessionStore(redis, settings.session_ttl),
        login_requests=LoginRequestStore(redis),
        pushed_requests=PushedRequestStore(redis),
        login_attempts=LoginAttemptStore(redis, settings.login_attempts, settings.login_attempt_window),
        grants=grants,
        codes=AuthorizationCodeStore(grants, session_grants, settings.authorization_code_ttl),
        user_grants=UserGrants(redis, max(settings.refresh_token_ttl, settings.access_token_ttl)),
        consents=ConsentStore(redis, settings.consent_ttl),
        access_tokens=AccessTokenStore(redis, grants),
        refresh_tokens=RefreshTokenStore(grants, settings.refresh_token_grace),
        session_grants=session_grants,
        registrations=RegistrationStore(redis, settings.registration_limit),
        devices=DeviceStore(redis),
        client_assertions=ClientAssertionStore(redis),
        http=http,
        client_keys=ClientKeys(http, time.monotonic),
        back_channel=BackChannel(),
    )


class NotProvisioned(Exception):
    """Keys and directory are not in place yet."""


class WrongSecretKey(Exception):
    """What is stored was sealed with another OP_SECRET_KEY."""

    def __init__(self) -> None:
        super().__init__("OP_SECRET_KEY is not the one that what is stored was sealed with")


class Provisioning:
    """Keys and the directory, brought into place at start, and tried again while Redis is away."""

    def __init__(self, op: Provider, directory: Directory) -> None:
        self._op = op
        self._directory = directory
        self._done = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, and wait for the end unless Redis is away. Raises WrongSecretKey, UsernameTaken."""
        self._task = asyncio.create_task(self._run())
        await asyncio.wait({self._task}, timeout=_PATIENCE_SECONDS)
        if self._task.done():
            try:
                self._task.result()
            except UnsealError:
                raise WrongSecretKey from None

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def check(self) -> None:
        """Raises NotProvisioned until all is in place."""
        if not self._done:
            raise NotProvisioned

    async def _run(self) -> None:
        op = self._op
        while not self._done:
            try:
                await op.keys.load()
                await load(self._directory, op.users, op.clients, op.passwords, op.settings.op_secret_key)
                self._done = True
            except RedisError as failure:
                event(log, "Redis is away, waiting for it", logging.WARNING, reason=failure)
                await asyncio.sleep(_RETRY_SECONDS)
            except Exception as fault:
                event(log, "not ready to serve, and never will be", logging.CRITICAL, reason=repr(fault))
                raise


def _machine_routes(op: Provider) -> dict[str, Route]:
    def route(cors: bool, **handlers: Callable[[Provider, Request], Awaitable[Reply]]) -> Route:
        return Route({method: partial(handler, op) for method, handler in handlers.items()}, cors)

    registration = route(
        cors=True, GET=read_registration, POST=register, PUT=update_registration, DELETE=delete_registration
    )
    return {
        **({} if op.settings.registration == "off" else {"/register": registration}),
        "/.well-known/openid-configuration": route(cors=True, GET=discovery),
        "/.well-known/oauth-authorization-server": route(cors=True, GET=discovery),
        "/jwks": route(cors=True, GET=jwks),
        "/token": route(cors=True, POST=token),
        "/par": route(cors=True, POST=par),
        "/userinfo": route(cors=True, GET=userinfo, POST=userinfo),
        "/device_authorization": route(cors=True, POST=device_authorization),
        "/revoke": route(cors=True, POST=revoke),
        "/introspect": route(cors=False, POST=introspect),
    }


def _pages(op: Provider) -> Blueprint:
    """The views for people; each is bound to the provider."""

    def view(endpoint: Callable[[Provider], Awaitable[Response]]) -> Callable[[], Awaitable[Response]]:
        async def bound() -> Response:
            return await endpoint(op)

        return bound

    blueprint = Blueprint("pages", __name__, template_folder="templates")
    blueprint.app_context_processor(pages.words)
    blueprint.add_url_rule("/authorize", "authorize", view(authorize), methods=["GET", "POST"])
    blueprint.add_url_rule("/login", "show_login", view(show_login), methods=["GET"])
    blueprint.add_url_rule("/login", "submit_login", view(submit_login), methods=["POST"])
    blueprint.add_url_rule("/device", "show_device", view(show_device), methods=["GET"])
    blueprint.add_url_rule("/device", "submit_device", view(submit_device), methods=["POST"])
    blueprint.add_url_rule("/consent", "show_consent", view(show_consent), methods=["GET"])
    blueprint.add_url_rule("/consent", "submit_consent", view(submit_consent), methods=["POST"])
    blueprint.add_url_rule("/account", "show_account", view(show_account), methods=["GET"])
    blueprint.add_url_rule("/account", "change_account", view(change_account), methods=["POST"])
    blueprint.add_url_rule("/logout", "logout", view(logout), methods=["GET", "POST"])
    return blueprint


def _refuse_head(app: Quart) -> None:
    """No page answers HEAD, which Quart adds to GET: here that issues codes and ends sessions (RFC 9110 §9.3.2)."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and rule.methods is not None:
            rule.methods.discard("HEAD")


def _failure(request: Request, exception: Exception) -> Reply:
    """Any exception of an endpoint for machines, as JSON."""
    if isinstance(exception, OAuthError):
        event(log, "request refused", path=request.path, error=exception.code, reason=exception)
        return json_error(exception)
    if isinstance(exception, RedisError):
        event(log, "Redis is away", logging.ERROR, path=request.path, reason=exception)
        return json_error(TemporarilyUnavailable("try again in a moment"))
    log.error("unforeseen failure", exc_info=exception, extra={"fields": {"path": request.path}})
    return json_error(ServerError("it is written to the provider's log"))
