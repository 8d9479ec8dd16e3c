"""Renewing a session's access token, so that two requests never do it twice."""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable

from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable
from rp.errors import IdTokenRefused, RelyingPartyError, SignInEnded, TokenRequestRefused
from rp.protocol.tokens.token_response import TokenResponse
from rp.providers import Providers
from rp.records import Session
from rp.stores.refresh_lock import RefreshLockStore
from rp.stores.session import SessionStore
from rp.tokens import verification
from servicekit.clock import Clock
from servicekit.http import HttpResponse
from servicekit.log import event
from servicekit.redis.client import RedisError

log = logging.getLogger(__name__)

_STORE_TRIES = 10
_STORE_PAUSE = 0.2


class Refreshing:
    """Refreshes tokens (RFC 6749 §6); `clock` gives the time in seconds since the epoch."""

    def __init__(self, providers: Providers, sessions: SessionStore, lock: RefreshLockStore, clock: Clock) -> None:
        self._providers = providers
        self._sessions = sessions
        self._lock = lock
        self._clock = clock
        self._running: set[asyncio.Task[Session]] = set()

    def is_due(self, session: Session) -> bool:
        """Whether the access token has ended by what the provider said of it, and can be renewed (RFC 6749 §5.1)."""
        return (
            session.refresh_token is not None and session.expires_at is not None and session.expires_at <= self._clock()
        )

    async def renew(self, cookie: str, stale: str) -> Session:
        """The session of `cookie` with another access token than `stale`.

        Raises SignInEnded when there will be none, ProviderUnavailable, RefreshBusy.

        RFC 6749 §6; RFC 9700 §4.14.2.
        """
        # A browser that goes away must not lose the refresh token that the provider has just rotated.
        task = asyncio.create_task(self._renew(cookie, stale))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _renew(self, cookie: str, stale: str) -> Session:
        async with self._lock.hold(cookie):
            session = await self._sessions.find(cookie)
            if session is None:
                raise SignInEnded
            if session.access_token != stale:
                return session
            return await self._refresh(cookie, session)

    async def _refresh(self, cookie: str, session: Session) -> Session:
        """While the keys cannot be fetched, nothing of the refresh is shown, and the newest refresh token is
        kept for the next attempt (OpenID Connect Core §12.2).
        """
        if session.refresh_token is None:
            raise SignInEnded
        provider = self._providers.of(session.issuer)
        try:
            tokens = await provider.refresh(session.refresh_token)
        except TokenRequestRefused as refusal:
            if refusal.code != "invalid_grant":
                raise
            await self._sessions.replace(cookie, dataclasses.replace(session, refresh_token=None))
            event(log, "sign-in ended at the provider", sub=session.sub)
            raise SignInEnded from None
        try:
            # The session goes on showing the id_token of its sign-in.
            await verification.of_refresh(provider, tokens, session, self._clock())
        except IdTokenRefused:
            await self._end(cookie, session, tokens)
            raise
        except (ProviderUnavailable, ProviderMisconfigured):
            # Its keys cannot be had just now: the next try begins with the refresh token that is good by now.
            newest = tokens.refresh_token or session.refresh_token
            await self._keep(cookie, dataclasses.replace(session, refresh_token=newest))
            raise
        renewed = dataclasses.replace(
            session,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or session.refresh_token,
            scope=tokens.scope or session.scope,
            latest_id_token=tokens.id_token or session.latest_id_token,
            expires_at=None if tokens.expires_in is None else int(self._clock()) + tokens.expires_in,
        )
        if not await self._keep(cookie, renewed):
            await self.revoke(renewed)
            raise SignInEnded
        event(log, "access token refreshed", sub=session.sub)
        return renewed

    async def _keep(self, cookie: str, session: Session) -> bool:
        """Store what the provider has rotated; False when the session has ended.

        Whoever comes with the refresh token of before ends the grant (RFC 9700 §4.14.2), so Redis gets some seconds to
        come back.
        """
        for _ in range(_STORE_TRIES):
            try:
                return await self._sessions.replace(cookie, session)
            except RedisError:
                await asyncio.sleep(_STORE_PAUSE)
        return await self._sessions.replace(cookie, session)

    async def _end(self, cookie: str, session: Session, tokens: TokenResponse) -> None:
        """The provider speaks of another login: nothing of what it gave is used, and it is not asked again.

        OpenID Connect Core §12.2.
        """
        await self._sessions.replace(cookie, dataclasses.replace(session, refresh_token=None))
        await self.revoke(dataclasses.replace(session, refresh_token=tokens.refresh_token or session.refresh_token))

    async def revoke(self, session: Session) -> bool:
        """Have the provider forget a session's tokens, if it can be reached; whether it can (RFC 7009 §2.1)."""
        if session.refresh_token is None:
            return True
        try:
            await self._providers.of(session.issuer).revoke(session.refresh_token)
        except (ProviderUnavailable, ProviderMisconfigured, RelyingPartyError) as failure:
            event(log, "refresh token not revoked", logging.WARNING, sub=session.sub, reason=failure)
            return not isinstance(failure, ProviderUnavailable)
        return True


class Access:
    """A session's access token during one request: renewed at most once, and the new one used for all that follows."""

    def __init__(self, refreshing: Refreshing, cookie: str, session: Session) -> None:
        self.session = session
        self._refreshing = refreshing
        self._cookie = cookie

    async def ask(self, fetch: Callable[[str], Awaitable[HttpResponse]]) -> HttpResponse:
        """`fetch` with the access token, renewed when its time is over; after a 401 once more (RFC 6750 §3.1).

        RFC 6749 §5.1.
        """
        token = self.session.access_token
        if not self._refreshing.is_due(self.session):
            answer = await fetch(token)
            if answer.status != 401:
                return answer
        if self.session.access_token == token:
            self.session = await self._refreshing.renew(self._cookie, token)
        return await fetch(self.session.access_token)
