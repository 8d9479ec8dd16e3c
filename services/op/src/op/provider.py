"""What an endpoint has at hand: everything that `app.create_app` wired, frozen."""

from collections.abc import Callable
from dataclasses import dataclass

from op.back_channel import BackChannel
from op.client_http import ClientHttp
from op.client_keys import ClientKeys
from op.keys import KeyRing
from op.passwords import Passwords
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
from op.stores.user import UserStore
from op.stores.user_index import UserGrants
from op.tokens import Mint


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider; `clock` gives seconds since the epoch."""

    settings: Settings
    clock: Callable[[], float]
    keys: KeyRing
    mint: Mint
    passwords: Passwords
    clients: ClientStore
    users: UserStore
    sessions: SessionStore
    login_requests: LoginRequestStore
    pushed_requests: PushedRequestStore
    login_attempts: LoginAttemptStore
    grants: GrantStore
    user_grants: UserGrants
    consents: ConsentStore
    codes: AuthorizationCodeStore
    access_tokens: AccessTokenStore
    refresh_tokens: RefreshTokenStore
    session_grants: SessionGrantStore
    devices: DeviceStore
    client_assertions: ClientAssertionStore
    registrations: RegistrationStore
    http: ClientHttp
    client_keys: ClientKeys
    back_channel: BackChannel

    @property
    def issuer(self) -> str:
        return self.settings.oidc_issuer

    def now(self) -> int:
        """The time in whole seconds since the epoch, as tokens have it."""
        return int(self.clock())
