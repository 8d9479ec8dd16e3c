"""Mode A: validation by introspection at the provider (RFC 7662)."""

import base64
from typing import Any
from urllib.parse import quote_plus

from oidc_discovery.documents import ProviderDocuments
from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable, is_unavailable
from rs.protocol import introspection
from rs.protocol.claims import Expected
from rs.protocol.verified_token import VerifiedToken
from rs.validation.introspection_cache import IntrospectionCache
from servicekit.clock import Clock
from servicekit.http import HttpClient, HttpResponse, Unreachable


class IntrospectionEndpoint:
    """The provider's introspection endpoint, with this server's credentials (RFC 7662 §2.1)."""

    def __init__(self, documents: ProviderDocuments, http: HttpClient, client_id: str, client_secret: str) -> None:
        self._documents = documents
        self._http = http
        self._headers = {"Authorization": basic_credentials(client_id, client_secret)}

    async def introspect(self, token: str) -> dict[str, Any]:
        """The provider's response about `token`; raises ProviderUnavailable, ProviderMisconfigured."""
        url = (await self._documents.metadata()).endpoint("introspection_endpoint")
        form = {"token": token, "token_type_hint": "access_token"}
        try:
            response = await self._http.post(url, form, self._headers)
        except Unreachable as failure:
            raise ProviderUnavailable(str(failure)) from failure
        return _introspection_response(url, response)


class IntrospectionValidator:
    """Introspects every token at the provider, and caches the responses for active tokens for `cache_ttl` seconds.

    `clock` returns seconds since the epoch.

    RFC 7662 §4.
    """

    def __init__(
        self,
        endpoint: IntrospectionEndpoint,
        cache: IntrospectionCache,
        cache_ttl: int,
        expected: Expected,
        clock: Clock,
    ) -> None:
        self._endpoint = endpoint
        self._cache = cache
        self._cache_ttl = cache_ttl
        self._expected = expected
        self._clock = clock

    async def validate(self, token: str) -> VerifiedToken:
        known = self._cache.find(token)
        if known is not None:
            return known
        response = await self._endpoint.introspect(token)
        now = self._clock()
        verified = introspection.process(response, self._expected, now)
        remaining = self._cache_ttl if verified.expires_at is None else verified.expires_at - now
        self._cache.keep(token, verified, min(self._cache_ttl, remaining))
        return verified


def basic_credentials(client_id: str, client_secret: str) -> str:
    """The Authorization header of `client_secret_basic`: both parts are form-encoded first (RFC 6749 §2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")


def _introspection_response(url: str, response: HttpResponse) -> dict[str, Any]:
    if is_unavailable(response.status):
        raise ProviderUnavailable(f"{url} responded with {response.status}")
    if response.status == 401:
        raise ProviderMisconfigured(f"{url} rejected RS_CLIENT_ID and RS_CLIENT_SECRET")
    if response.status != 200:
        raise ProviderMisconfigured(f"{url} responded with {response.status}")
    try:
        return response.json_object()
    except ValueError:
        raise ProviderMisconfigured(f"{url} responded with something other than a JSON object") from None
