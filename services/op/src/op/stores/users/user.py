"""Users: `op:user:<sub>`, and `op:username:<name>` that leads to the sub."""

import dataclasses
from collections.abc import AsyncIterator

from op.records import User
from op.stores.codec import from_json, to_json
from servicekit.redis.client import Database

_PREFIX = "op:user:"
_REPLACE_PASSWORD = """
local user = redis.call('GET', KEYS[1])
if not user or cjson.decode(user).password_hash ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
"""
_NOBODY = ""  # no sub is empty


class UsernameTaken(Exception):
    """Another user has this username."""

    def __init__(self, username: str) -> None:
        super().__init__(f"the username {username} is taken")


class UserStore:
    """Usernames are compared without regard to case."""

    def __init__(self, redis: Database) -> None:
        self._redis = redis
        self._replace = redis.register_script(_REPLACE_PASSWORD)

    async def save(self, user: User) -> None:
        """Write a user; the name is taken first, in an atomic step. Raises UsernameTaken."""
        name_key = _name_key(user.username)
        if not await self._redis.set(name_key, user.sub, nx=True) and await self._redis.get(name_key) != user.sub:
            raise UsernameTaken(user.username)
        before = await self.find(user.sub)
        await self._redis.set(_PREFIX + user.sub, to_json(user))
        if before and _name_key(before.username) != name_key:
            await self._redis.delete(_name_key(before.username))

    async def replace_password(self, user: User, password_hash: str) -> bool:
        """Set a new password if the record still has the old one; False if another change came first."""
        changed = to_json(dataclasses.replace(user, password_hash=password_hash))
        return bool(await self._replace(keys=[_PREFIX + user.sub], args=[user.password_hash, changed]))

    async def find(self, sub: str) -> User | None:
        text = await self._redis.get(_PREFIX + sub)
        return from_json(User, text) if text else None

    async def find_by_username(self, username: str) -> User | None:
        """The user of a name; an unknown name costs the same two reads, so that the time does not tell it apart."""
        return await self.find(await self._redis.get(_name_key(username)) or _NOBODY)

    async def remove(self, user: User) -> None:
        await self._redis.delete(_PREFIX + user.sub)
        await self._redis.delete(_name_key(user.username))

    async def all(self) -> AsyncIterator[User]:
        """Every user, by sub."""
        for key in sorted([key async for key in self._redis.scan_iter(match=f"{_PREFIX}*")]):
            user = await self.find(key.removeprefix(_PREFIX))
            if user is not None:
                yield user


def _name_key(username: str) -> str:
    return f"op:username:{username.casefold()}"
