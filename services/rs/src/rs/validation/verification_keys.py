"""The provider's keys by `kid`, each prepared once."""

from collections.abc import Mapping
from typing import Any

from jose.backends.base import Key

from oidc_discovery.documents import ProviderDocuments
from rs.errors import InvalidToken
from rs.protocol.claims import shown
from rs.protocol.verification_key import verification_key


class VerificationKeys:
    """The keys of the provider's JWKS for one algorithm.

    Preparing a key takes longer than verifying with it, so it is cached as long as its key set is.
    """

    def __init__(self, documents: ProviderDocuments, algorithm: str) -> None:
        self._documents = documents
        self._algorithm = algorithm
        self._ready: dict[str, tuple[Mapping[str, Any], Key]] = {}

    async def find(self, kid: str) -> Key:
        """The key with this `kid` (RFC 7517 §4.5).

        Raises InvalidToken if the provider does not have one, ProviderUnavailable, ProviderMisconfigured.
        """
        published = await self._documents.keys(kid)
        ready = self._ready.get(kid)
        if ready is not None and any(document is ready[0] for document in published):
            return ready[1]
        for document in published:
            key = verification_key(document, self._algorithm)
            if key is not None:
                self._ready[kid] = document, key
                return key
        raise InvalidToken(f"the provider has no {self._algorithm} key with the kid {shown(kid)}")
