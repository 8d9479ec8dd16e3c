"""The end of a session: its grants, and its clients (Back-Channel Logout 1.0, Front-Channel Logout 1.0)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from op.clients.http import ClientHttp
from op.protocol.clients.subject import Subjects
from op.protocol.sessions.logout_token import frame_url
from op.records import Session, SessionGrant
from op.sessions.back_channel import BackChannel
from op.settings import Settings
from op.stores.clients.client import ClientStore
from op.stores.sessions.session import SessionStore
from op.stores.sessions.session_grants import SessionGrantStore
from op.stores.tokens.grant import GrantStore
from op.stores.users.index import UserGrantStore
from op.tokens.issuer import TokenIssuer


@dataclass(frozen=True, slots=True)
class Termination:
    """Ends sessions and grants; `clock` gives seconds since the epoch."""

    settings: Settings
    clock: Callable[[], float]
    sessions: SessionStore
    session_grants: SessionGrantStore
    grants: GrantStore
    user_grants: UserGrantStore
    clients: ClientStore
    tokens: TokenIssuer
    subjects: Subjects
    http: ClientHttp
    back_channel: BackChannel

    async def end_session(
        self, session: Session, end: Callable[[], Awaitable[object]] | None = None
    ) -> tuple[str, ...]:
        """End what was given in a session, as configured, and the session itself by `end`, where it has not ended yet.

        Its clients are told, and nobody waits for them; the URLs are those that the person's browser must visit in
        frames. The session ends last: where Redis fails on the way, it is there for another try, which ends what is
        left. What was given in it meanwhile is looked for afterwards.
        """
        frames = await self._end_what_was_given(session)
        if end is None:
            return frames
        await end()
        return (*frames, *await self._end_what_was_given(session))

    async def end_grants(self, sub: str, client_id: str | None = None) -> int:
        """End a user's grants, all of them or those to one client, in one round trip each; how many there were."""
        grants = await self.user_grants.all(sub)
        ending = [grant for grant in grants if client_id in (None, grant.client_id)]
        await self.grants.revoke(*(grant.gid for grant in ending))
        await self.user_grants.drop(sub, ending)
        return len(ending)

    async def end_everything(self, sub: str) -> int:
        """End all sessions and grants of a user, whatever is configured; how many sessions there were."""
        sessions = await self.sessions.all(sub)
        for session in sessions:
            await self.end_session(session, partial(self.sessions.end_by_sid, sub, session.sid))
        await self.end_grants(sub)
        return len(sessions)

    async def end_other_sessions(self, session: Session) -> int:
        """End a user's sessions in other browsers, as a logout in each would; how many there were."""
        others = [other for other in await self.sessions.all(session.sub) if other.sid != session.sid]
        for other in others:
            await self.end_session(other, partial(self.sessions.end_by_sid, other.sub, other.sid))
        return len(others)

    async def replace_session(self, before: str, session: Session) -> None:
        """End the session of the cookie `before`, after a new login in the same browser.

        The clients of the same user's session belong to the new one; those of another user's are told that it ended.
        """
        old = await self.sessions.find(before)
        if old is None:
            return
        end = partial(self.sessions.end, before)
        if old.sub == session.sub:
            await self.session_grants.move(old.sid, session.sid)
            await end()
            await self.session_grants.move(old.sid, session.sid)  # what was given in it meanwhile
        else:
            await self.end_session(old, end)

    async def _end_what_was_given(self, session: Session) -> tuple[str, ...]:
        """The grants end before they are taken out of the record that names them, which is all that another try has."""
        known = await self.session_grants.all(session.sid)
        await self._revoke(known)
        grants = await self.session_grants.take(session.sid)
        await self._revoke([grant for grant in grants if grant not in known])
        frames = []
        for client_id, sid in dict.fromkeys((grant.client_id, grant.sid) for grant in grants):
            client = await self.clients.find(client_id)
            if client is None:
                continue
            if client.backchannel_logout_uri:
                token = partial(self.tokens.logout_token, client, session.sub, sid, self._now)
                self.back_channel.send(self.http.of(client), client_id, client.backchannel_logout_uri, token)
            if client.frontchannel_logout_uri:
                known_as = self.subjects.sid_of(client, sid)
                frames.append(frame_url(client.frontchannel_logout_uri, self.settings.oidc_issuer, known_as))
        return tuple(frames)

    async def _revoke(self, grants: list[SessionGrant]) -> None:
        await self.grants.revoke(*(grant.gid for grant in grants if self._ends(grant)))

    def _ends(self, grant: SessionGrant) -> bool:
        """Offline access outlives its session, unless it is configured otherwise (Back-Channel Logout 1.0 §2.7)."""
        rule = self.settings.logout_ends_grants
        return rule == "all" or (rule == "online" and not grant.offline)

    def _now(self) -> int:
        return int(self.clock())
