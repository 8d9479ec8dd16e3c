"""The provider's application: all wiring is here."""

import logging
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from pathlib import Path

from quart import Blueprint, Quart, Response, request
from quart import Request as QuartRequest

from op.cli.directory import Directory, read_directory
from op.clients.authentication import ClientAuthenticator
from op.clients.http import ClientHttp
from op.clients.keys import ClientKeys
from op.context import Context
from op.endpoints.authorize import authorize
from op.endpoints.device_authorization import device_authorization
from op.endpoints.discovery import discovery
from op.endpoints.introspect import introspect
from op.endpoints.jwks import jwks
from op.endpoints.par import par
from op.endpoints.register import delete_registration, read_registration, register, update_registration
from op.endpoints.revoke import revoke
from op.endpoints.token import token
from op.endpoints.userinfo import userinfo
from op.keys.ring import KeyRing
from op.keys.rotation import KeyRotation
from op.pages.account import change_account, show_account
from op.pages.consent import show_consent, submit_consent
from op.pages.device import show_device, submit_device
from op.pages.login import show_login, submit_login
from op.pages.logout import logout
from op.pages.password import change_password, show_password
from op.pages.start import start
from op.protocol.clients.subject import Subjects
from op.protocol.keys.schedule import Schedule
from op.provisioning import Provisioning
from op.sessions.back_channel import BackChannel
from op.sessions.login import Logins
from op.sessions.passwords import Passwords
from op.sessions.termination import Termination
from op.settings import Settings
from op.stores.authorization.consent import ConsentStore
from op.stores.authorization.device import DeviceStore
from op.stores.authorization.login_request import LoginRequestStore
from op.stores.authorization.pushed_request import PushedRequestStore
from op.stores.clients.client import ClientStore
from op.stores.clients.client_assertion import ClientAssertionStore
from op.stores.clients.registrations import RegistrationStore
from op.stores.sessions.login_attempts import LoginAttemptStore
from op.stores.sessions.session import SessionStore
from op.stores.sessions.session_grants import SessionGrantStore
from op.stores.signing_keys import SigningKeyStore
from op.stores.tokens.access_token import AccessTokenStore
from op.stores.tokens.authorization_code import AuthorizationCodeStore
from op.stores.tokens.grant import GrantStore
from op.stores.tokens.refresh_token import RefreshTokenStore
from op.stores.users.index import UserGrantStore
from op.stores.users.user import UserStore
from op.tokens.issuer import TokenIssuer
from op.web.errors import machine_failure, page_failure
from servicekit.http import HttpClient
from servicekit.monitoring.health import health_routes
from servicekit.monitoring.metrics import Metrics
from servicekit.redis.client import Database, connect
from servicekit.sealing import Sealer
from servicekit.settings import read
from servicekit.web.languages import Languages, gettext_lazy
from servicekit.web.machine import MachineDoor, Reply, Request, Route
from servicekit.web.pages import install, refuse_head

log = logging.getLogger(__name__)

_CATALOGUES = Path(__file__).parent / "locales"


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
    install(app, gettext_lazy("OpenID Provider"), op.languages, settings.brand)
    app.register_blueprint(_pages(op))
    refuse_head(app, "pages.", allowed=("/",))
    app.register_error_handler(Exception, page_failure)
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
    door = MachineDoor(routes, app.asgi_app, machine_failure, metrics.observe, secure=settings.secure)
    app.asgi_app = door  # type: ignore[method-assign, assignment]
    return app


def wire(settings: Settings, redis: Database, clock: Callable[[], float]) -> Context:
    """The provider over a Redis client; nothing is sent to Redis yet."""
    keys = KeyRing(
        SigningKeyStore(redis, Sealer(settings.op_secret_key, "op signing keys")),
        Schedule(settings.key_rotation_interval, settings.key_publication_lead, settings.signature_life),
        clock,
    )
    subjects = Subjects(settings.op_secret_key)
    tokens = TokenIssuer(settings, keys, subjects)
    trusted = HttpClient(settings.oidc_connect_to)
    http = ClientHttp(trusted, trusted if settings.registration_private_addresses else HttpClient(public_only=True))
    back_channel = BackChannel()
    passwords = Passwords()
    clients = ClientStore(redis, Sealer(settings.op_secret_key, "op client secrets"), time.monotonic)
    client_keys = ClientKeys(http, time.monotonic)
    users = UserStore(redis)
    sessions = SessionStore(redis, settings.session_ttl)
    session_grants = SessionGrantStore(redis, settings.session_ttl)
    user_grants = UserGrantStore(redis, max(settings.refresh_token_ttl, settings.access_token_ttl))
    login_attempts = LoginAttemptStore(redis, settings.login_attempts, settings.login_attempt_window)
    grants = GrantStore(redis)
    termination = Termination(
        settings=settings,
        clock=clock,
        sessions=sessions,
        session_grants=session_grants,
        grants=grants,
        user_grants=user_grants,
        clients=clients,
        tokens=tokens,
        subjects=subjects,
        http=http,
        back_channel=back_channel,
    )
    return Context(
        settings=settings,
        clock=clock,
        keys=keys,
        subjects=subjects,
        tokens=tokens,
        passwords=passwords,
        logins=Logins(
            users=users,
            attempts=login_attempts,
            passwords=passwords,
            sessions=sessions,
            termination=termination,
            clock=clock,
        ),
        termination=termination,
        client_authenticator=ClientAuthenticator(
            clients, client_keys, ClientAssertionStore(redis), settings.oidc_issuer, clock
        ),
        client_keys=client_keys,
        languages=Languages.load(_CATALOGUES),
        http=http,
        back_channel=back_channel,
        clients=clients,
        users=users,
        sessions=sessions,
        session_grants=session_grants,
        user_grants=user_grants,
        login_attempts=login_attempts,
        login_requests=LoginRequestStore(redis),
        pushed_requests=PushedRequestStore(redis),
        consents=ConsentStore(redis, settings.consent_ttl),
        devices=DeviceStore(redis),
        registrations=RegistrationStore(redis, settings.registration_limit),
        grants=grants,
        codes=AuthorizationCodeStore(grants, session_grants, settings.authorization_code_ttl),
        access_tokens=AccessTokenStore(redis, grants),
        refresh_tokens=RefreshTokenStore(grants, settings.refresh_token_grace),
    )


def _machine_routes(op: Context) -> dict[str, Route]:
    def route(cors: bool, **handlers: Callable[[Context, Request], Awaitable[Reply]]) -> Route:
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


def _pages(op: Context) -> Blueprint:
    """The views for people; each is bound to the provider."""

    def view(endpoint: Callable[[Context, QuartRequest], Awaitable[Response]]) -> Callable[[], Awaitable[Response]]:
        async def bound() -> Response:
            return await endpoint(op, request)

        return bound

    blueprint = Blueprint("pages", __name__, template_folder="pages/templates")
    blueprint.add_url_rule("/", "start", view(start), methods=["GET"])
    blueprint.add_url_rule("/authorize", "authorize", view(authorize), methods=["GET", "POST"])
    blueprint.add_url_rule("/login", "show_login", view(show_login), methods=["GET"])
    blueprint.add_url_rule("/login", "submit_login", view(submit_login), methods=["POST"])
    blueprint.add_url_rule("/device", "show_device", view(show_device), methods=["GET"])
    blueprint.add_url_rule("/device", "submit_device", view(submit_device), methods=["POST"])
    blueprint.add_url_rule("/consent", "show_consent", view(show_consent), methods=["GET"])
    blueprint.add_url_rule("/consent", "submit_consent", view(submit_consent), methods=["POST"])
    blueprint.add_url_rule("/account", "show_account", view(show_account), methods=["GET"])
    blueprint.add_url_rule("/account", "change_account", view(change_account), methods=["POST"])
    blueprint.add_url_rule("/account/password", "show_password", view(show_password), methods=["GET"])
    blueprint.add_url_rule("/account/password", "change_password", view(change_password), methods=["POST"])
    blueprint.add_url_rule("/logout", "logout", view(logout), methods=["GET", "POST"])
    return blueprint
