"""The objects that every page and endpoint uses, created by `create_app`."""

from dataclasses import dataclass

from rp.providers import Providers
from rp.resource_client import ResourceClient
from rp.settings import Settings
from rp.stores.logout_token import LogoutTokenStore
from rp.stores.nonce_binding import NonceBindingStore
from rp.stores.posted_response import PostedResponseStore
from rp.stores.session import SessionStore
from rp.stores.session_index import SessionIndexStore
from rp.tokens.refreshing import Refreshing
from servicekit.clock import Clock


@dataclass(frozen=True)
class Context:
    """The settings, the clients of other services, the stores, and a clock in seconds since the epoch."""

    settings: Settings
    providers: Providers
    resource_server: ResourceClient
    bindings: NonceBindingStore
    posted_responses: PostedResponseStore
    sessions: SessionStore
    session_index: SessionIndexStore
    logout_tokens: LogoutTokenStore
    refreshing: Refreshing
    clock: Clock
