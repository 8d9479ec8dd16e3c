"""Refresh tokens: `op:{gid}:rt:<hash>`, each rotated once."""

from dataclasses import dataclass

from op.handle import Handle
from op.records import Grant, RefreshToken
from op.stores.codec import from_json, to_json
from op.stores.tokens.grant import Entry, GrantStore, handle_key, parse_presented


@dataclass(frozen=True, slots=True)
class FoundRefreshToken:
    """A refresh token, its grant, and when it was rotated, or None."""

    token: RefreshToken
    grant: Grant
    rotated_at: int | None


class RefreshTokenStore:
    """A token may be rotated again within `grace` seconds after its rotation."""

    def __init__(self, grants: GrantStore, grace: int) -> None:
        self._grants = grants
        self.grace = grace

    @staticmethod
    def entry(handle: Handle, token: RefreshToken) -> Entry:
        """The record of a token, to be written when it is issued."""
        return Entry(handle_key("rt", handle), to_json(token), token.expires_at - token.issued_at)

    async def find(self, handle: Handle) -> FoundRefreshToken | None:
        """A refresh token whose grant exists; rotated tokens are found as such until they expire."""
        found = await self._grants.find_with(handle.gid, handle_key("rt", handle))
        if found is None:
            return None
        grant, presented = found
        rotated_at, json = parse_presented(presented)
        return FoundRefreshToken(from_json(RefreshToken, json), grant, rotated_at)

    async def rotate(self, handle: Handle, entries: list[Entry], now: int) -> None:
        """Replace the token by those of `entries`; raises AlreadySpent, after revoking the grant, and Gone.

        RFC 9700 §4.14.2.
        """
        await self._grants.exchange(handle.gid, handle_key("rt", handle), entries, now, self.grace)
