"""Authorization codes: `op:{gid}:code:<hash>`."""

import asyncio
from dataclasses import dataclass

from op.handle import Handle
from op.records import AuthorizationCode, Grant, SessionGrant
from op.stores.codec import from_json, to_json
from op.stores.sessions.session_grants import SessionGrantStore
from op.stores.tokens.grant import Entry, GrantStore, handle_key, parse_presented


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A code, its grant, and whether it has been redeemed."""

    code: AuthorizationCode
    grant: Grant
    redeemed: bool


class AuthorizationCodeStore:
    """A code is stored with its grant, which is added to its session, and is redeemed once."""

    def __init__(self, grants: GrantStore, session_grants: SessionGrantStore, ttl: int) -> None:
        self._grants = grants
        self._session_grants = session_grants
        self._ttl = ttl

    async def save(self, handle: Handle, code: AuthorizationCode, grant: Grant) -> None:
        offline = "offline_access" in grant.scope.split()
        noted = SessionGrant(gid=grant.gid, client_id=grant.client_id, sid=grant.sid, offline=offline)
        await asyncio.gather(
            self._grants.save(grant, Entry(handle_key("code", handle), to_json(code), self._ttl)),
            self._session_grants.add(grant.sid, noted),
        )

    async def find(self, handle: Handle) -> FoundCode | None:
        """A code whose grant exists; redeemed codes are found as such until they expire."""
        found = await self._grants.find_with(handle.gid, handle_key("code", handle))
        if found is None:
            return None
        grant, presented = found
        spent_at, json = parse_presented(presented)
        return FoundCode(from_json(AuthorizationCode, json), grant, spent_at is not None)

    async def redeem(self, handle: Handle, entries: list[Entry], now: int) -> None:
        """Replace the code by the tokens of `entries`; raises AlreadySpent, after revoking the grant, and Gone.

        RFC 6749 §4.1.2.
        """
        await self._grants.exchange(handle.gid, handle_key("code", handle), entries, now)
