"""Refreshing the access token of a session, once even for concurrent requests."""

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

_SAVE_ATTEMPTS = 10
_SAVE_PAUSE_SECONDS = 0.2


class Refreshing:
    """Refreshes tokens (RFC 6749 §6); `clock` gives the time in seconds since the epoch."""

    def __init__(self, providers: Providers, sessions: SessionStore, lock: RefreshLockStore, clock: Clock) -> None:
        self._providers = providers
        self._sessions = sessions
        self._lock = lock
        self._clock = clock
        self._running: set[asyncio.Task[Session]] = set()

    def is_due(self, session: Session) -> bool:
        """Whether the access token has expired according to `expires_in` (RFC 6749 §5.1) and can be refreshed."""
        return (
            session.refresh_token is not None and session.expires_at is not None and session.expires_at <= self._clock()
        )

    async def renew(self, cookie: str, stale: str) -> Session:
        """The session of `cookie` with another access token than `stale` (RFC 6749 §6; RFC 9700 §4.14.2).

        Raises SignInEnded if the tokens cannot be renewed, ProviderUnavailable, RefreshBusy.
        """
        # If the browser disconnects, the refresh token that the provider has just rotated must still be saved.
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
            event(log, "refresh token rejected by the provider", sub=session.sub)
            raise SignInEnded from None
        try:
            # The session continues to show the ID token of its sign-in.
            await verification.of_refresh(provider, tokens, session, self._clock())
        except IdTokenRefused:
            await self._end(cookie, session, tokens)
            raise
        except (ProviderUnavailable, ProviderMisconfigured):
            # The keys cannot be fetched. The next attempt must use the refresh token that is valid now.
            newest = tokens.refresh_token or session.refresh_token
            await self._save(cookie, dataclasses.replace(session, refresh_token=newest))
            raise
        renewed = dataclasses.replace(
            session,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or session.refresh_token,
            scope=tokens.scope or session.scope,
            latest_id_token=tokens.id_token or session.latest_id_token,
            expires_at=None if tokens.expires_in is None else int(self._clock()) + tokens.expires_in,
        )
        if not await self._save(cookie, renewed):
            await self.revoke(renewed)
            raise SignInEnded
        event(log, "access token refreshed", sub=session.sub)
        return renewed

    async def _save(self, cookie: str, session: Session) -> bool:
        """Save the rotated tokens; False if the session has ended.

        Using the previous refresh token again would end the grant (RFC 9700 §4.14.2), so this waits a few seconds for
        Redis to recover.
        """
        for _ in range(_SAVE_ATTEMPTS):
            try:
                return await self._sessions.replace(cookie, session)
            except RedisError:
                await asyncio.sleep(_SAVE_PAUSE_SECONDS)
        return await self._sessions.replace(cookie, session)

    async def _end(self, cookie: str, session: Session, tokens: TokenResponse) -> None:
        """The ID token belongs to another login: revoke the new tokens, and do not refresh again.

        OpenID Connect Core §12.2.
        """
        await self._sessions.replace(cookie, dataclasses.replace(session, refresh_token=None))
        await self.revoke(dataclasses.replace(session, refresh_token=tokens.refresh_token or session.refresh_token))

    async def revoke(self, session: Session) -> bool:
        """Revoke the tokens of a session at the provider. False if the provider is unavailable (RFC 7009 §2.1)."""
        if session.refresh_token is None:
            return True
        try:
            await self._providers.of(session.issuer).revoke(session.refresh_token)
        except (ProviderUnavailable, ProviderMisconfigured, RelyingPartyError) as failure:
            event(log, "refresh token not revoked", logging.WARNING, sub=session.sub, reason=failure)
            return not isinstance(failure, ProviderUnavailable)
        return True


class Access:
    """The access token of a session during one request, refreshed at most once."""

    def __init__(self, refreshing: Refreshing, cookie: str, session: Session) -> None:
        self.session = session
        self._refreshing = refreshing
        self._cookie = cookie

    async def call(self, fetch: Callable[[str], Awaitable[HttpResponse]]) -> HttpResponse:
        """Call `fetch` with the access token. It is refreshed if it has expired, or after a 401 (RFC 6750 §3.1).

        RFC 6749 §5.1.
        """
        token = self.session.access_token
        if not self._refreshing.is_due(self.session):
            response = await fetch(token)
            if response.status != 401:
                return response
        if self.session.access_token == token:
            self.session = await self._refreshing.renew(self._cookie, token)
        return await fetch(self.session.access_token)
