"""Verification of the tokens that the provider signs: fetches the keys and calls the checks in `protocol`.

All functions raise ProviderUnavailable and ProviderMisconfigured if the keys cannot be fetched, and the errors of the
checks.
"""

from rp.check import Check, shown
from rp.errors import IdTokenRefused, LogoutTokenRefused
from rp.message import Message
from rp.protocol.logout import logout_token
from rp.protocol.logout.logout_token import Logout
from rp.protocol.tokens import id_token, refreshed_id_token, signed_token, token_response
from rp.protocol.tokens.id_token import VerifiedClaims
from rp.protocol.tokens.received_token import ReceivedToken
from rp.protocol.tokens.token_response import TokenResponse
from rp.provider_client import ProviderClient
from rp.providers import Providers
from rp.records import Session


async def of_sign_in(provider: ProviderClient, tokens: TokenResponse, nonce: str, now: float) -> VerifiedClaims:
    """The ID token of a sign-in (OpenID Connect Core §3.1.3.7), which is required (RFC 9700 §4.4.2)."""
    received = ReceivedToken.parse(token_response.require_id_token(tokens))
    common = await _expected(provider, received, now, solicited=True)
    expected = id_token.Expected.of_sign_in(common, nonce=nonce, access_token=tokens.access_token)
    return id_token.verify(received, expected)


async def of_refresh(provider: ProviderClient, tokens: TokenResponse, session: Session, now: float) -> None:
    """The ID token of a refresh response, if there is one (OpenID Connect Core §12.2)."""
    if tokens.id_token is None:
        return
    received = ReceivedToken.parse(tokens.id_token)
    common = await _expected(provider, received, now, solicited=True)
    sign_in = id_token.Expected.of_sign_in(common, nonce=session.nonce, access_token=tokens.access_token)
    refreshed_id_token.verify(received, refreshed_id_token.Expected.of_refresh(sign_in, session.claims))


async def of_logout(providers: Providers, compact: str, now: float) -> Logout:
    """A logout token (OpenID Connect Back-Channel Logout §2.6). Its `iss` selects the provider to verify it for.

    OpenID Connect Core §2, §10.1.1.
    """
    try:
        received = ReceivedToken.parse(compact)
        issuer = received.claims.get("iss")
        provider = providers.find(issuer)
        if provider is None:
            expected_issuer = Message("check", "a provider of this client")
            raise LogoutTokenRefused(Check("iss", "OIDC Core §3.1.3.7 (2)", expected_issuer, shown(issuer)))
        expected = await _expected(provider, received, now, solicited=False)
        return logout_token.verify(received, expected)
    except IdTokenRefused as refusal:  # items 2 to 4: the checks of an ID token
        raise LogoutTokenRefused(refusal.check) from None


async def _expected(
    provider: ProviderClient, received: ReceivedToken, now: float, *, solicited: bool
) -> signed_token.Expected:
    """The relying party does not contact a provider that waits for the response: it has the keys of the sign-in,
    and a token of another algorithm needs none (OpenID Connect Back-Channel Logout §2.8).
    """
    registration = provider.registration
    # The first check rejects a token with another algorithm, so no keys are fetched for it.
    registered = received.header.get("alg") == registration.id_token_alg
    return signed_token.Expected(
        issuer=registration.issuer,
        client_id=registration.client.client_id,
        client_secret=registration.client.client_secret,
        algorithm=registration.id_token_alg,
        keys=await provider.keys(received.kid, solicited=solicited) if registered else (),
        now=now,
    )
