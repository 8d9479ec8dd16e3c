"""The only issuer of codes, access tokens, refresh tokens, ID tokens and logout tokens."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from op.handle import Handle, new_grant_id, new_handle, new_secret
from op.keys.ring import KeyRing
from op.protocol.authorization.scope import gives_refresh_token
from op.protocol.clients.subject import Subjects
from op.protocol.sessions.logout_token import LOGOUT_TOKEN_TYPE, logout_token_claims
from op.protocol.tokens.claims import ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE, access_token_claims, id_token_claims
from op.records import AccessToken, AuthorizationCode, AuthorizationRequest, Client, Grant, RefreshToken, User
from op.settings import Settings
from op.stores.tokens.access_token import AccessTokenStore
from op.stores.tokens.grant import Entry
from op.stores.tokens.refresh_token import RefreshTokenStore


@dataclass(frozen=True, slots=True)
class Issued:
    """New tokens, and the entries that make them valid once they are written."""

    access_token: str
    expires_in: int
    scope: str
    entries: list[Entry]
    refresh_token: str | None = None
    id_token: str | None = None

    def with_id_token(self, id_token: str) -> "Issued":
        return replace(self, id_token=id_token)


class TokenIssuer:
    """Issues codes and tokens by the provider's settings and each client's registration."""

    def __init__(self, settings: Settings, keys: KeyRing, subjects: Subjects) -> None:
        self._settings = settings
        self._keys = keys
        self._subjects = subjects

    def code(self, grant: Grant, request: AuthorizationRequest, now: int) -> tuple[str, AuthorizationCode]:
        """A code of a grant, and its bindings (RFC 6749 §4.1.2)."""
        record = AuthorizationCode(
            redirect_uri=request.redirect_uri,
            nonce=request.nonce,
            code_challenge=request.code_challenge,
            expires_at=now + self._settings.authorization_code_ttl,
        )
        return new_handle(grant.gid), record

    async def issue(self, grant: Grant, client: Client, scope: str, now: int, *, refreshable: bool = True) -> Issued:
        """An access token with `scope`, and a refresh token with the whole granted scope if the client may use one.

        OpenID Connect Core §11; RFC 9700 §4.10.2.
        """
        record = AccessToken(
            gid=grant.gid,
            client_id=client.client_id,
            sub=self._subjects.of(client, grant.sub),
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
        """An opaque token, or a JWT (RFC 9068) whose `jti` contains the grant id (RFC 9068 §2.1)."""
        if (client.access_token_format or self._settings.access_token_format) == "opaque":
            return new_handle(record.gid)
        claims = access_token_claims(self._settings.oidc_issuer, record, f"{record.gid}.{new_secret()}")
        return await self._keys.sign(claims, self._settings.access_token_signing_alg, typ=ACCESS_TOKEN_TYPE)

    def _refresh_entry(self, grant: Grant, client: Client, refresh_token: str, now: int) -> Entry:
        record = RefreshToken(
            gid=grant.gid,
            client_id=grant.client_id,
            sub=self._subjects.of(client, grant.sub),
            scope=grant.scope,
            issued_at=now,
            expires_at=now + self._settings.refresh_token_ttl,
        )
        return RefreshTokenStore.entry(Handle.of(grant.gid, refresh_token), record)

    async def id_token(
        self, grant: Grant, client: Client, user: User, *, access_token: str | None, nonce: str | None, now: int
    ) -> str:
        """The ID token, a JWT that is signed as the client registered (OpenID Connect Core §2).

        Without an access token the client cannot call UserInfo, so the ID token contains all granted claims (§5.4).
        """
        claims = id_token_claims(
            issuer=self._settings.oidc_issuer,
            grant=replace(
                grant, sub=self._subjects.of(client, grant.sub), sid=self._subjects.sid_of(client, grant.sid)
            ),
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
        """A logout token, signed like the client's ID tokens (Back-Channel Logout 1.0 §2.4)."""
        claims = logout_token_claims(
            issuer=self._settings.oidc_issuer,
            client_id=client.client_id,
            sub=self._subjects.of(client, sub),
            sid=self._subjects.sid_of(client, sid),
            jti=new_grant_id(),
            now=now(),
        )
        return await self._keys.sign(
            claims, client.id_token_signed_response_alg, typ=LOGOUT_TOKEN_TYPE, secret=client.client_secret
        )
