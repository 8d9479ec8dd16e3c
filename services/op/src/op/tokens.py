"""The only mint: every code, access token, refresh token and id_token is made here."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from op.keys import KeyRing
from op.protocol.claims import ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE, access_token_claims, id_token_claims
from op.protocol.handle import Handle, is_grant_id, new_grant_id, new_handle, new_secret
from op.protocol.logout_token import LOGOUT_TOKEN_TYPE, logout_token_claims
from op.protocol.scope import gives_refresh_token
from op.protocol.subject import Subjects
from op.records import AccessToken, Client, Grant, RefreshToken, User
from op.settings import Settings
from op.stores.access_token import AccessTokenStore
from op.stores.grant import Entry
from op.stores.refresh_token import RefreshTokenStore

TOKEN_LIMIT = 8 * 1024

_JWT_SEGMENTS = 3


@dataclass(frozen=True, slots=True)
class Issued:
    """Tokens that were made, and the entries that make them live once they are written."""

    access_token: str
    expires_in: int
    scope: str
    entries: list[Entry]
    refresh_token: str | None = None
    id_token: str | None = None

    def with_id_token(self, id_token: str) -> "Issued":
        return replace(self, id_token=id_token)


class Mint:
    """Makes tokens by the provider's settings and each client's registration."""

    def __init__(self, settings: Settings, keys: KeyRing) -> None:
        self._settings = settings
        self._keys = keys
        self.subjects = Subjects(settings.op_secret_key)

    async def issue(self, grant: Grant, client: Client, scope: str, now: int, *, refreshable: bool = True) -> Issued:
        """An access token of `scope`, and a refresh token of all that was granted where the client may use one."""
        record = AccessToken(
            gid=grant.gid,
            client_id=client.client_id,
            sub=self.subjects.of(client, grant.sub),
            scope=scope,
            audience=client.audience or self._settings.access_token_audience,
            issued_at=now,
            expires_at=now + self._settings.access_token_ttl,
        )
        access_token = await self._access_token(record, client)
        entries = [AccessTokenStore.entry(Handle.of(grant.gid, access_token), record)]
        refresh_token = None
        may_refresh = "refresh_token" in client.grant_types and gives_refresh_token(client.scope, grant.scope)
        if refreshable and may_refresh:
            refresh_token = new_handle(grant.gid)
            entries.append(self._refresh_entry(grant, client, refresh_token, now))
        return Issued(access_token, self._settings.access_token_ttl, scope, entries, refresh_token)

    async def _access_token(self, record: AccessToken, client: Client) -> str:
        """Opaque, or a JWT (RFC 9068) whose `jti` leads to its grant."""
        if (client.access_token_format or self._settings.access_token_format) == "opaque":
            return new_handle(record.gid)
        claims = access_token_claims(self._settings.oidc_issuer, record, f"{record.gid}.{new_secret()}")
        return await self._keys.sign(claims, self._settings.access_token_signing_alg, typ=ACCESS_TOKEN_TYPE)

    def _refresh_entry(self, grant: Grant, client: Client, refresh_token: str, now: int) -> Entry:
        record = RefreshToken(
            gid=grant.gid,
            client_id=grant.client_id,
            sub=self.subjects.of(client, grant.sub),
            scope=grant.scope,
            issued_at=now,
            expires_at=now + self._settings.refresh_token_ttl,
        )
        return RefreshTokenStore.entry(Handle.of(grant.gid, refresh_token), record)

    async def id_token(
        self, grant: Grant, client: Client, user: User, *, access_token: str | None, nonce: str | None, now: int
    ) -> str:
        """The id_token: always a JWT, signed as the client registered (OpenID Connect Core §2).

        Without an access token there is no UserInfo either, so that it has all that was granted (§5.4).
        """
        claims = id_token_claims(
            issuer=self._settings.oidc_issuer,
            grant=replace(grant, sub=self.subjects.of(client, grant.sub), sid=self.subjects.sid_of(client, grant.sid)),
            user=user,
            scope=grant.scope if client.scope_claims_in_id_token or access_token is None else "",
            nonce=nonce,
            access_token=access_token,
            now=now,
            ttl=self._settings.id_token_ttl,
        )
        return await self._keys.sign(
            claims, client.id_token_signed_response_alg, typ=ID_TOKEN_TYPE, secret=client.client_secret
        )

    async def logout_token(self, client: Client, sub: str, sid: str, now: Callable[[], int]) -> str:
        """A logout token, signed like the client's id_tokens (Back-Channel Logout 1.0 §2.4)."""
        claims = logout_token_claims(
            issuer=self._settings.oidc_issuer,
            client_id=client.client_id,
            sub=self.subjects.of(client, sub),
            sid=self.subjects.sid_of(client, sid),
            jti=new_grant_id(),
            now=now(),
        )
        return await self._keys.sign(
            claims, client.id_token_signed_response_alg, typ=LOGOUT_TOKEN_TYPE, secret=client.client_secret
        )


def handle_of(token: str) -> Handle | None:
    """The handle in a token of either form; None when it is none of ours.

    A JWT's signature need not be checked for this: the handle is the hash of the whole token, and Redis has only
    those of tokens that were minted here.
    """
    if len(token) > TOKEN_LIMIT or not token.isascii():
        return None
    if token.count(".") != _JWT_SEGMENTS - 1:
        return Handle.parse(token)
    payload = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        gid = claims["jti"].partition(".")[0]
    except (binascii.Error, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    return Handle.of(gid, token) if is_grant_id(gid) else None
