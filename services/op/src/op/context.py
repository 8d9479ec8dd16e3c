"""What every endpoint is given: settings, clock, stores, and all that `app.wire` made of them, frozen."""

from collections.abc import Callable
from dataclasses import dataclass

from op.clients.authentication import ClientAuthenticator
from op.clients.http import ClientHttp
from op.clients.keys import ClientKeys
from op.keys.ring import KeyRing
from op.protocol.authorization.request import Policy
from op.protocol.clients.subject import Subjects
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
from op.stores.clients.registrations import RegistrationStore
from op.stores.sessions.login_attempts import LoginAttemptStore
from op.stores.sessions.session import SessionStore
from op.stores.sessions.session_grants import SessionGrantStore
from op.stores.tokens.access_token import AccessTokenStore
from op.stores.tokens.authorization_code import AuthorizationCodeStore
from op.stores.tokens.grant import GrantStore
from op.stores.tokens.refresh_token import RefreshTokenStore
from op.stores.users.index import UserGrantStore
from op.stores.users.user import UserStore
from op.tokens.issuer import TokenIssuer
from servicekit.web.languages import Languages


@dataclass(frozen=True, slots=True)
class Context:
    """The provider; `clock` gives seconds since the epoch."""

    settings: Settings
    clock: Callable[[], float]
    keys: KeyRing
    subjects: Subjects
    tokens: TokenIssuer
    passwords: Passwords
    logins: Logins
    termination: Termination
    client_authenticator: ClientAuthenticator
    client_keys: ClientKeys
    languages: Languages
    http: ClientHttp
    back_channel: BackChannel
    clients: ClientStore
    users: UserStore
    sessions: SessionStore
    session_grants: SessionGrantStore
    user_grants: UserGrantStore
    login_attempts: LoginAttemptStore
    login_requests: LoginRequestStore
    pushed_requests: PushedRequestStore
    consents: ConsentStore
    devices: DeviceStore
    registrations: RegistrationStore
    grants: GrantStore
    codes: AuthorizationCodeStore
    access_tokens: AccessTokenStore
    refresh_tokens: RefreshTokenStore

    @property
    def issuer(self) -> str:
        return self.settings.oidc_issuer

    @property
    def policy(self) -> Policy:
        """What this provider demands of every authorization request."""
        return Policy(
            self.settings.require_nonce,
            self.settings.require_pkce,
            self.settings.require_pushed_authorization_requests,
            self.settings.response_types,
        )

    def now(self) -> int:
        """The time in whole seconds since the epoch, as tokens have it."""
        return int(self.clock())
