"""Logging in: a password is checked, and a session begins."""

from collections.abc import Callable

from op.handle import new_grant_id, new_secret
from op.records import Session, User
from op.sessions.passwords import PASSWORD_LIMIT, Passwords
from op.sessions.termination import Termination
from op.stores.sessions.login_attempts import LoginAttemptStore
from op.stores.sessions.session import SessionStore
from op.stores.users.user import UserStore

USER_AGENT_LIMIT = 200


class TooManyAttempts(Exception):
    """This user's password was guessed wrong too often from this address."""


class Logins:
    """`clock` gives seconds since the epoch."""

    def __init__(
        self,
        *,
        users: UserStore,
        attempts: LoginAttemptStore,
        passwords: Passwords,
        sessions: SessionStore,
        termination: Termination,
        clock: Callable[[], float],
    ) -> None:
        self._users = users
        self._attempts = attempts
        self._passwords = passwords
        self._sessions = sessions
        self._termination = termination
        self._clock = clock

    async def authenticate(self, username: str, password: str, address: str) -> User | None:
        """The user whose password this is; raises TooManyAttempts, and then the password was not looked at.

        The same work is done for an unknown user and for a wrong password.
        """
        attempt = (username, address)
        async with self._passwords.turn(*attempt):
            if not await self._attempts.allowed(*attempt):
                raise TooManyAttempts
            user = await self._users.find_by_username(username)
            right = await self._passwords.matches(user.password_hash if user else None, password[:PASSWORD_LIMIT])
            if right:
                await self._attempts.forget(*attempt)
        return user if right else None

    async def open_session(self, user: User, user_agent: str, address: str, before: str | None) -> tuple[Session, str]:
        """A session with a fresh id, whatever the browser came with (no session fixation), and its cookie.

        `before` is the session cookie that the browser had: the new session takes that one's place.
        """
        now = int(self._clock())
        session = Session(
            sid=new_grant_id(),
            sub=user.sub,
            auth_time=now,
            user_agent=user_agent[:USER_AGENT_LIMIT],
            address=address,
            used_at=now,
        )
        secret = new_secret()
        await self._sessions.save(secret, session)
        if before:
            await self._termination.replace_session(before, session)
        return session, secret
