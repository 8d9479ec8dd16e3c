"""The provider's private keys: `op:keys`, one encrypted record for all replicas."""

import json
from dataclasses import dataclass
from typing import Any

from op.records import Generation
from servicekit.encryption import Encryptor
from servicekit.redis.client import Database

_KEY = "op:keys"
_REPLACE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """The generations, and the stored value that they were read from, for comparison when it is replaced."""

    generations: tuple[Generation, ...]
    ciphertext: str


class SigningKeyStore:
    """All generations are in one record, so that it can be replaced by a single comparison."""

    def __init__(self, redis: Database, encryptor: Encryptor) -> None:
        self._redis = redis
        self._encryptor = encryptor
        self._replace = redis.register_script(_REPLACE)

    async def find(self) -> StoredKeys | None:
        """The stored generations; raises DecryptionError if they were encrypted with another OP_SECRET_KEY."""
        ciphertext = await self._redis.get(_KEY)
        if ciphertext is None:
            return None
        return StoredKeys(_generations(json.loads(self._encryptor.decrypt(ciphertext, _KEY))), ciphertext)

    async def save_first(self, generation: Generation) -> None:
        """Store the first generation, unless another replica has stored one."""
        await self._redis.set(_KEY, self._encrypt((generation,)), nx=True)

    async def replace(self, before: StoredKeys, generations: tuple[Generation, ...]) -> bool:
        """Replace the generations that were read; False if another replica has replaced them.

        OpenID Connect Core §10.1.1.
        """
        return bool(await self._replace(keys=[_KEY], args=[before.ciphertext, self._encrypt(generations)]))

    def _encrypt(self, generations: tuple[Generation, ...]) -> str:
        values = [{"signs_from": one.signs_from, "keys": dict(one.pems)} for one in generations]
        return self._encryptor.encrypt(json.dumps({"generations": values}), _KEY)


def _generations(record: dict[str, Any]) -> tuple[Generation, ...]:
    """The generations of a record; one from a version without rotation has only keys, and counts as old."""
    if "generations" not in record:
        return (Generation(0, record),)
    return tuple(Generation(value["signs_from"], value["keys"]) for value in record["generations"])
