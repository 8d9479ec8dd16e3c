"""Access tokens: `op:{gid}:at:<hash>`, both opaque ones and JWTs."""

from op.handle import Handle
from op.records import AccessToken, Grant
from op.stores.codec import from_json, to_json
from op.stores.tokens.grant import Entry, GrantStore, handle_key
from servicekit.redis.client import Database


class AccessTokenStore:
    """A token is active while its own record and that of its grant exist."""

    def __init__(self, redis: Database, grants: GrantStore) -> None:
        self._redis = redis
        self._grants = grants

    @staticmethod
    def entry(handle: Handle, token: AccessToken) -> Entry:
        """The record of a token, to be written when it is issued."""
        return Entry(handle_key("at", handle), to_json(token), token.expires_at - token.issued_at)

    async def find(self, handle: Handle) -> AccessToken | None:
        json = await self._grants.find_beside(handle.gid, handle_key("at", handle))
        return from_json(AccessToken, json) if json else None

    async def find_with_grant(self, handle: Handle) -> tuple[AccessToken, Grant] | None:
        """An active token and its grant, in one round trip."""
        found = await self._grants.find_with(handle.gid, handle_key("at", handle))
        return (from_json(AccessToken, found[1]), found[0]) if found else None

    async def revoke(self, handle: Handle) -> None:
        """Revoke this token, but not its grant (RFC 7009 §2.1)."""
        await self._redis.delete(handle_key("at", handle))
