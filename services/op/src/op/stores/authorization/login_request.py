"""Pending authorizations: `op:login:<id>`, each used once."""

from op.handle import is_grant_id
from op.records import LoginRequest
from op.stores.codec import from_json, to_json
from servicekit.redis.client import Database

TTL = 600


class LoginRequestStore:
    """A pending authorization expires after ten minutes."""

    def __init__(self, redis: Database) -> None:
        self._redis = redis

    async def save(self, login: LoginRequest) -> None:
        await self._redis.set(_key(login.id), to_json(login), ex=TTL)

    async def find(self, login_id: str) -> LoginRequest | None:
        return _login_request(await self._redis.get(_key(login_id))) if is_grant_id(login_id) else None

    async def take(self, login_id: str) -> LoginRequest | None:
        """Read and delete it atomically: one of several parallel attempts gets it."""
        return _login_request(await self._redis.getdel(_key(login_id))) if is_grant_id(login_id) else None


def _login_request(text: str | None) -> LoginRequest | None:
    return from_json(LoginRequest, text) if text else None


def _key(login_id: str) -> str:
    return f"op:login:{login_id}"
