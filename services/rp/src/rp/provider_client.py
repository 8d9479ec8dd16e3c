"""The requests to the provider. Each response is passed to the checks in `protocol`.

All methods raise ProviderUnavailable if the provider does not respond, ProviderMisconfigured if its metadata cannot be
used, and the errors of the checks.
"""

from collections.abc import Mapping

from oidc_discovery.documents import Keys, ProviderDocuments
from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable, is_unavailable
from oidc_discovery.metadata import Metadata
from rp.protocol.authorization.authorization_response import ValidatedResponse
from rp.protocol.clients import client_authentication
from rp.protocol.clients.client_authentication import TOKEN_ENDPOINT, ClientCredentials
from rp.protocol.tokens import signature, token_response
from rp.protocol.tokens.token_response import TokenResponse
from rp.registrations.registration import Registration
from servicekit.clock import Clock
from servicekit.http import HttpClient, HttpResponse, Unreachable


class ProviderClient:
    """Sends the requests to one provider that do not go through the browser.

    `base_url` is the URL of this service for browsers, `clock` returns the time in seconds since the epoch.
    """

    def __init__(
        self,
        registration: Registration,
        base_url: str,
        documents: ProviderDocuments,
        http: HttpClient,
        *,
        clock: Clock,
    ) -> None:
        self.registration = registration
        self.redirect_uri = base_url + registration.callback_path
        self._documents = documents
        self._http = http
        self._clock = clock

    async def metadata(self) -> Metadata:
        """The discovery document (OpenID Connect Discovery §4)."""
        return await self._documents.metadata()

    async def keys(self, kid: str | None, *, solicited: bool) -> Keys:
        """The provider's keys with this `kid`, or all without one (OpenID Connect Core §10.1.1).

        Returns no keys for an algorithm that does not use them. `solicited`: the token came in response to a request of
        ours. Any other token can be sent again later, so its key counts as unknown only if the provider certainly does
        not publish it.
        """
        if self.registration.id_token_alg in signature.KEYLESS:
            return ()
        return await self._documents.keys(kid, solicited=solicited, conclusive=not solicited)

    async def exchange(self, response: ValidatedResponse) -> TokenResponse:
        """Redeem a code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5).

        OpenID Connect Core §3.1.3.1.
        """
        return await self._token_request(
            {
                "grant_type": "authorization_code",
                "code": response.code,
                "redirect_uri": self.redirect_uri,
                "code_verifier": response.binding.code_verifier,
            }
        )

    async def refresh(self, refresh_token: str) -> TokenResponse:
        """Obtain a new access token (RFC 6749 §6)."""
        return await self._token_request({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def revoke(self, refresh_token: str) -> None:
        """Revoke a refresh token, if the provider has an endpoint for that (RFC 7009 §2.1)."""
        metadata = await self.metadata()
        if not metadata.has("revocation_endpoint"):
            return
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        await self._post(metadata, "revocation_endpoint", form)

    async def userinfo(self, access_token: str) -> HttpResponse:
        """Send a UserInfo request (OpenID Connect Core §5.3.1; RFC 6750 §2.1)."""
        url = (await self.metadata()).endpoint("userinfo_endpoint")
        try:
            return await self._http.get(url, {"Authorization": f"Bearer {access_token}"})
        except Unreachable as failure:
            raise ProviderUnavailable(str(failure)) from failure

    async def _token_request(self, form: Mapping[str, str]) -> TokenResponse:
        response = await self._post(await self.metadata(), "token_endpoint", form)
        return token_response.process(response.status, response.body)

    async def _post(self, metadata: Metadata, endpoint: str, form: Mapping[str, str]) -> HttpResponse:
        url = metadata.endpoint(endpoint)
        credentials = self._credentials(metadata, endpoint)
        try:
            response = await self._http.post(url, {**form, **credentials.form}, credentials.headers)
        except Unreachable as failure:
            raise ProviderUnavailable(str(failure)) from failure
        if is_unavailable(response.status):
            raise ProviderUnavailable(f"{url} responded with {response.status}")
        return response

    def _credentials(self, metadata: Metadata, endpoint: str) -> ClientCredentials:
        # The audience for the token endpoint is its URL (OIDC Core §9), unless configured otherwise. For all other
        # endpoints it is the issuer: a provider could publish the URL of another provider's token endpoint as its own
        # revocation endpoint, and obtain an assertion that is valid there.
        client = self.registration.client
        names_url = endpoint == "token_endpoint" and client.assertion_audience == TOKEN_ENDPOINT
        try:
            return client_authentication.authenticate(
                client,
                _offered(metadata, endpoint, "auth_methods_supported"),
                _offered(metadata, endpoint, "auth_signing_alg_values_supported"),
                audience=metadata.endpoint(endpoint) if names_url else metadata.issuer,
                now=self._clock(),
            )
        except ValueError as fault:
            raise ProviderMisconfigured(f"{endpoint}: {fault}") from None


def _offered(metadata: Metadata, endpoint: str, name: str) -> tuple[str, ...]:
    """A list for this endpoint, or that for the token endpoint, because a client is registered for one method."""
    return metadata.values(f"{endpoint}_{name}") or metadata.values(f"token_endpoint_{name}")
