"""The end of a session: its grants, and its clients (Back-Channel Logout 1.0, Front-Channel Logout 1.0)."""

from collections.abc import Awaitable, Callable
from functools import partial

from op.protocol.logout_token import frame_url
from op.provider import Provider
from op.records import Session, SessionGrant


async def end_session(
    op: Provider, session: Session, end: Callable[[], Awaitable[object]] | None = None
) -> tuple[str, ...]:
    """End what was given in a session, as configured, and the session itself by `end`, where it has not ended yet.

    Its clients are told, and nobody waits for them; the URLs are those that the person's browser must visit in frames.
    The session ends last: where Redis fails on the way, it is there for another try, which ends what is left. What was
    given in it meanwhile is looked for afterwards.
    """
    frames = await _end_what_was_given(op, session)
    if end is None:
        return frames
    await end()
    return (*frames, *await _end_what_was_given(op, session))


async def _end_what_was_given(op: Provider, session: Session) -> tuple[str, ...]:
    """The grants end before they are taken out of the record that names them, which is all that another try has."""
    known = await op.session_grants.all(session.sid)
    await _revoke(op, known)
    grants = await op.session_grants.take(session.sid)
    await _revoke(op, [grant for grant in grants if grant not in known])
    frames = []
    for client_id, sid in dict.fromkeys((grant.client_id, grant.sid) for grant in grants):
        client = await op.clients.find(client_id)
        if client is None:
            continue
        if client.backchannel_logout_uri:
            token = partial(op.mint.logout_token, client, session.sub, sid, op.now)
            op.back_channel.send(op.http.of(client), client_id, client.backchannel_logout_uri, token)
        if client.frontchannel_logout_uri:
            known_as = op.mint.subjects.sid_of(client, sid)
            frames.append(frame_url(client.frontchannel_logout_uri, op.issuer, known_as))
    return tuple(frames)


async def end_everything(op: Provider, sub: str) -> int:
    """End all sessions of a person and all that came of them, whatever is configured; how many sessions there were."""
    sessions = await op.sessions.all(sub)
    for session in sessions:
        await end_session(op, session, partial(op.sessions.end_by_sid, sub, session.sid))
    grants = await op.user_grants.all(sub)
    await op.grants.revoke(*(grant.gid for grant in grants))
    for grant in grants:
        await op.user_grants.drop(sub, grant)
    return len(sessions)


async def replace_session(op: Provider, before: str, session: Session) -> None:
    """End the session of the cookie `before`, after a new login in the same browser.

    The clients of the same person's session belong to the new one; those of somebody else's are told that it ended.
    """
    old = await op.sessions.find(before)
    if old is None:
        return
    end = partial(op.sessions.end, before)
    if old.sub == session.sub:
        await op.session_grants.move(old.sid, session.sid)
        await end()
        await op.session_grants.move(old.sid, session.sid)  # what was given in it meanwhile
    else:
        await end_session(op, old, end)


async def _revoke(op: Provider, grants: list[SessionGrant]) -> None:
    await op.grants.revoke(*(grant.gid for grant in grants if _ends(op, grant)))


def _ends(op: Provider, grant: SessionGrant) -> bool:
    """Offline access goes on without a session, unless it is configured otherwise (Back-Channel Logout 1.0 §2.7)."""
    rule = op.settings.logout_ends_grants
    return rule == "all" or (rule == "online" and not grant.offline)
