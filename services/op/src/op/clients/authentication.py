"""Client authentication at the endpoints that require it (RFC 6749 §2.3, RFC 7523 §2.2)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from op.clients.keys import ClientKeys
from op.errors import InvalidClient
from op.protocol.clients.assertion import ClientAssertion, assertion_algorithm, verify_assertion
from op.protocol.clients.authentication import check_credentials, presented_credentials
from op.protocol.signed_jwt import suitable_keys
from op.records import Client
from op.stores.clients.client import ClientStore
from op.stores.clients.client_assertion import ClientAssertionStore
from servicekit.web.endpoints import Request
from servicekit.web.parameters import Parameters


class ClientAuthenticator:
    """Authenticates clients; `clock` returns seconds since the epoch."""

    def __init__(
        self,
        clients: ClientStore,
        keys: ClientKeys,
        assertions: ClientAssertionStore,
        issuer: str,
        clock: Callable[[], float],
    ) -> None:
        self._clients = clients
        self._keys = keys
        self._assertions = assertions
        self._issuer = issuer
        self._clock = clock

    async def authenticate(self, request: Request, form: Parameters) -> Client:
        """The client that sends this request; raises InvalidClient, and InvalidRequest for two methods.

        RFC 6749 §2.3; RFC 7523 §2.2; RFC 7662 §2.3.
        """
        credentials = presented_credentials(request.header("authorization"), form)
        client = await self._clients.find(credentials.client_id)
        if credentials.assertion is None:
            return check_credentials(credentials, client)
        if client is None:
            raise InvalidClient("Client authentication failed.", "unknown client")
        await self._check_assertion(client, credentials.assertion, request.path)
        return client

    async def _check_assertion(self, client: Client, assertion: ClientAssertion, path: str) -> None:
        """`aud` must be the issuer, the token endpoint or this endpoint (RFC 7523 §3, OpenID Connect Core §9)."""
        algorithm = assertion_algorithm(assertion, client)
        keys = await self._keys_of(client, algorithm, assertion.jwt.kid)
        audiences = (self._issuer, f"{self._issuer}/token", f"{self._issuer}{path}")
        now = int(self._clock())
        verified = verify_assertion(assertion, algorithm, keys, audiences=audiences, now=now)
        if not await self._assertions.use(client.client_id, verified.jti, verified.expires_at - now):
            raise InvalidClient("Client authentication failed.", "the jti was already used")

    async def _keys_of(self, client: Client, algorithm: str, kid: str | None) -> Sequence[Mapping[str, Any] | str]:
        """The secret for HS256, otherwise the client's public keys that may have signed."""
        if algorithm == "HS256":
            return (client.client_secret,) if client.client_secret else ()
        return suitable_keys(await self._keys.find(client, kid), algorithm, kid)
