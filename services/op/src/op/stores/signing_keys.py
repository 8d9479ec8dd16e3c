"""The provider's private keys: `op:keys`, sealed, one record for all replicas."""

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
    """The generations, and the record that they were read from: only that one may be replaced."""

    generations: tuple[Generation, ...]
    sealed: str


class SigningKeyStore:
    """All generations are one record, so that one comparison decides who may change it."""

    def __init__(self, redis: Database, encryptor: Encryptor) -> None:
        self._redis = redis
        self._encryptor = encryptor
        self._replace = redis.register_script(_REPLACE)

    async def find(self) -> StoredKeys | None:
        """What is stored; raises DecryptionError when OP_SECRET_KEY is not the one that it was sealed with."""
        sealed = await self._redis.get(_KEY)
        if sealed is None:
            return None
        return StoredKeys(_generations(json.loads(self._encryptor.decrypt(sealed, _KEY))), sealed)

    async def save_first(self, generation: Generation) -> None:
        """Store it unless there is one: of replicas that start together, one wins."""
        await self._redis.set(_KEY, self._seal((generation,)), nx=True)

    async def replace(self, before: StoredKeys, generations: tuple[Generation, ...]) -> bool:
        """Store them in the place of what was read; False when another replica was faster."""
        return bool(await self._replace(keys=[_KEY], args=[before.sealed, self._seal(generations)]))

    def _seal(self, generations: tuple[Generation, ...]) -> str:
        values = [{"signs_from": one.signs_from, "keys": dict(one.pems)} for one in generations]
        return self._encryptor.encrypt(json.dumps({"generations": values}), _KEY)


def _generations(record: dict[str, Any]) -> tuple[Generation, ...]:
    """A record of before there was rotation has the keys alone: its age is not known, and counts as great."""
    if "generations" not in record:
        return (Generation(0, record),)
    return tuple(Generation(value["signs_from"], value["keys"]) for value in record["generations"])
