"""The user of a browser."""

from dataclasses import dataclass

from quart import Request

from op.context import Context
from op.records import Session, User
from op.web.cookies import SESSION_COOKIE, cookie


@dataclass(frozen=True, slots=True)
class Visitor:
    """A user with a session, and the secret of its cookie."""

    user: User
    session: Session
    secret: str


async def visitor_of(op: Context, request: Request) -> Visitor | None:
    """The user of the session cookie; None without a session, or if the user was removed."""
    secret = cookie(op, request, SESSION_COOKIE)
    session = await op.sessions.find(secret)
    user = await op.users.find(session.sub) if session else None
    return Visitor(user, session, secret) if user and session and secret else None


async def session_of(op: Context, request: Request) -> Session | None:
    """The session of a user who still exists."""
    visitor = await visitor_of(op, request)
    return visitor.session if visitor else None
