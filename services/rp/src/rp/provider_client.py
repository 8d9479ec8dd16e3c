"""The calls to the provider: each sends one request and hands the answer to the checks in `protocol`.

All of them raise ProviderUnavailable when the provider does not answer, ProviderMisconfigured when its metadata cannot
be used, and what the checks raise.
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
    """This client's half of every conversation with the provider that the browser does not carry.

    `base_url` is where browsers reach this service, `clock` gives the time in seconds since the epoch.
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
        """The provider's keys with this `kid`, or all of them (OpenID Connect Core §10.1.1); none if none are needed.

        `solicited`: the token is the response to a request of ours. A token that anybody can send may be sent again, so
        it is refused for its key only when it is certain that the provider has no such key.
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
        """A new access token (RFC 6749 §6)."""
        return await self._token_request({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def revoke(self, refresh_token: str) -> None:
        """Tell the provider to forget a refresh token, where it has an endpoint for that (RFC 7009 §2.1)."""
        metadata = await self.metadata()
        if not metadata.has("revocation_endpoint"):
            return
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        await self._post(metadata, "revocation_endpoint", form)

    async def userinfo(self, access_token: str) -> HttpResponse:
        """Ask UserInfo (OpenID Connect Core §5.3.1; RFC 6750 §2.1)."""
        url = (await self.metadata()).endpoint("userinfo_endpoint")
        try:
            return await self._http.get(url, {"Authorization": f"Bearer {access_token}"})
        except Unreachable as failure:
            raise ProviderUnavailable(str(failure)) from failure

    async def _token_request(self, form: Mapping[str, str]) -> TokenResponse:
        answer = await self._post(await self.metadata(), "token_endpoint", form)
        return token_response.process(answer.status, answer.body)

    async def _post(self, metadata: Metadata, endpoint: str, form: Mapping[str, str]) -> HttpResponse:
        url = metadata.endpoint(endpoint)
        credentials = self._credentials(metadata, endpoint)
        try:
            answer = await self._http.post(url, {**form, **credentials.form}, credentials.headers)
        except Unreachable as failure:
            raise ProviderUnavailable(str(failure)) from failure
        if is_unavailable(answer.status):
            raise ProviderUnavailable(f"{url} answered {answer.status}")
        return answer

    def _credentials(self, metadata: Metadata, endpoint: str) -> ClientCredentials:
        # An assertion for the token endpoint names its URL (OIDC Core §9), unless it is set otherwise. For any other it
        # names the issuer: a provider could give the URL of another's token endpoint, and get what is good there.
        """OpenID Connect Core §3.1.3.1, §9; RFC 7523 §3."""
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
            raise ProviderMisconfigured(f"at its {endpoint} {fault}") from None


def _offered(metadata: Metadata, endpoint: str, name: str) -> tuple[str, ...]:
    """A list of an endpoint; without one the token endpoint's, since a client is registered for one method."""
    return metadata.values(f"{endpoint}_{name}") or metadata.values(f"token_endpoint_{name}")
