"""The provider's private keys: `op:keys`, sealed, one set for all replicas."""

import json

from servicekit.redis import Database
from servicekit.sealing import Sealer

_KEY = "op:keys"


class SigningKeyStore:
    """Keys are PEM texts (PKCS #8) by algorithm."""

    def __init__(self, redis: Database, sealer: Sealer) -> None:
        self._redis = redis
        self._sealer = sealer

    async def find(self) -> dict[str, str] | None:
        """The stored set; raises UnsealError when OP_SECRET_KEY is not the one that it was sealed with."""
        sealed = await self._redis.get(_KEY)
        if sealed is None:
            return None
        keys: dict[str, str] = json.loads(self._sealer.open(sealed, _KEY))
        return keys

    async def save_first(self, keys: dict[str, str]) -> None:
        """Store the set unless there is one: of replicas that start together, one wins."""
        await self._redis.set(_KEY, self._sealer.seal(json.dumps(keys), _KEY), nx=True)
