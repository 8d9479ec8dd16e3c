"""The end of a session: its grants, and its clients (Back-Channel Logout 1.0, Front-Channel Logout 1.0)."""

import asyncio
from functools import partial

from op.protocol.logout_token import frame_url
from op.provider import Provider
from op.records import Session, SessionGrant


async def end_session(op: Provider, session: Session) -> tuple[str, ...]:
    """End what was given in a session, as configured, and tell its clients without waiting for them.

    The URLs are those that the person's browser must visit in frames. Call it after the session's own end.
    """
    grants = await op.session_grants.take(session.sid)
    ended = [grant.gid for grant in grants if _ends(op, grant)]
    await asyncio.gather(*(op.grants.revoke(gid) for gid in ended))
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


async def replace_session(op: Provider, before: str, session: Session) -> None:
    """End the session of the cookie `before`, after a new login in the same browser.

    The clients of the same person's session belong to the new one; those of somebody else's are told that it ended.
    """
    old = await op.sessions.find(before)
    await op.sessions.end(before)
    if old is None:
        return
    if old.sub == session.sub:
        await op.session_grants.move(old.sid, session.sid)
    else:
        await end_session(op, old)


def _ends(op: Provider, grant: SessionGrant) -> bool:
    """Offline access goes on without a session, unless it is configured otherwise (Back-Channel Logout 1.0 §2.7)."""
    rule = op.settings.logout_ends_grants
    return rule == "all" or (rule == "online" and not grant.offline)
