"""The two ways to judge an access token, with one call shape: ask the provider, or verify the JWT here.

Both raise InvalidToken for the token's faults, and ProviderUnavailable, ProviderMisconfigured or ProviderUnusable when
the provider is the reason that the token cannot be judged.
"""

import base64
from typing import Any, Protocol
from urllib.parse import quote_plus

from oidc_discovery.documents import ProviderDocuments
from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable, is_unavailable
from rs.introspection_cache import IntrospectionCache
from rs.protocol import access_token, introspection
from rs.protocol.claims import Expected
from rs.protocol.verified_token import VerifiedToken
from rs.verification_keys import VerificationKeys
from servicekit.clock import Clock
from servicekit.http import Answer, HttpClient, Unreachable


class Validator(Protocol):
    """What the endpoints need of either mode."""

    async def validate(self, token: str) -> VerifiedToken: ...


class JwtValidator:
    """Mode B: verifies RFC 9068 access tokens with the provider's published keys."""

    def __init__(self, keys: VerificationKeys, algorithm: str, expected: Expected, now: Clock) -> None:
        self._keys = keys
        self._algorithm = algorithm
        self._expected = expected
        self._now = now

    async def validate(self, token: str) -> VerifiedToken:
        signed = access_token.parse(token, self._algorithm)
        key = await self._keys.find(signed.kid)
        return access_token.verify(signed, key, self._expected, self._now())


class IntrospectionEndpoint:
    """The provider's introspection endpoint, and this server's credentials there (RFC 7662 §2.1)."""

    def __init__(self, documents: ProviderDocuments, http: HttpClient, client_id: str, client_secret: str) -> None:
        self._documents = documents
        self._http = http
        self._headers = {"Authorization": basic_credentials(client_id, client_secret)}

    async def ask(self, token: str) -> dict[str, Any]:
        """The provider's answer about `token`; raises ProviderUnavailable, ProviderMisconfigured."""
        url = (await self._documents.metadata()).endpoint("introspection_endpoint")
        form = {"token": token, "token_type_hint": "access_token"}
        try:
            answer = await self._http.post(url, form, self._headers)
        except Unreachable as failure:
            raise ProviderUnavailable(str(failure)) from failure
        return _introspection_answer(url, answer)


class IntrospectionValidator:
    """Mode A: asks the provider about every token, or again after `cache_ttl` seconds."""

    def __init__(
        self,
        endpoint: IntrospectionEndpoint,
        cache: IntrospectionCache,
        cache_ttl: int,
        expected: Expected,
        now: Clock,
    ) -> None:
        self._endpoint = endpoint
        self._cache = cache
        self._cache_ttl = cache_ttl
        self._expected = expected
        self._now = now

    async def validate(self, token: str) -> VerifiedToken:
        known = self._cache.find(token)
        if known is not None:
            return known
        answer = await self._endpoint.ask(token)
        now = self._now()
        verified = introspection.process(answer, self._expected, now)
        remaining = self._cache_ttl if verified.expires_at is None else verified.expires_at - now
        self._cache.keep(token, verified, min(self._cache_ttl, remaining))
        return verified


def basic_credentials(client_id: str, client_secret: str) -> str:
    """The Authorization header of `client_secret_basic`: both parts form-encoded first (RFC 6749 §2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")


def _introspection_answer(url: str, answer: Answer) -> dict[str, Any]:
    if is_unavailable(answer.status):
        raise ProviderUnavailable(f"{url} answered {answer.status}")
    if answer.status == 401:
        raise ProviderMisconfigured(f"{url} refused RS_CLIENT_ID and RS_CLIENT_SECRET")
    if answer.status != 200:
        raise ProviderMisconfigured(f"{url} answered {answer.status}")
    try:
        return answer.json_object()
    except ValueError:
        raise ProviderMisconfigured(f"{url} answered with something that is no JSON object") from None
