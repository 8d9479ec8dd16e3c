"""The bindings of a code and of a refresh token (RFC 6749 §4.1.3, §6)."""

import hmac

from op.errors import InvalidGrant, InvalidRequest
from op.protocol.authorization.pkce import check_verifier
from op.protocol.tokens.request import TokenRequest
from op.records import AuthorizationCode, Client, Grant, RefreshToken


def check_code(code: AuthorizationCode, grant: Grant, client: Client, request: TokenRequest, now: int) -> None:
    """Check the client, redirect_uri, age and verifier of a code (RFC 6749 §4.1.3, RFC 7636 §4.6).

    OpenID Connect Core §3.1.3.2; RFC 6749 §4.1.2.
    """
    if grant.client_id != client.client_id:
        raise InvalidGrant("The authorization code is invalid.", "issued to another client")
    if now >= code.expires_at:
        raise InvalidGrant("The authorization code is invalid.", "expired")
    if request.redirect_uri is None:
        raise InvalidRequest("The parameter redirect_uri is missing. Send the one from the authorization request.")
    if not hmac.compare_digest(request.redirect_uri.encode(), code.redirect_uri.encode()):
        raise InvalidGrant("The redirect_uri differs from the one in the authorization request.")
    check_verifier(code.code_challenge, request.code_verifier)


def check_refresh_token(token: RefreshToken, client: Client, now: int) -> None:
    """Check the client and age of a refresh token (RFC 6749 §6)."""
    if token.client_id != client.client_id:
        raise InvalidGrant("The refresh token is invalid.", "issued to another client")
    if now >= token.expires_at:
        raise InvalidGrant("The refresh token is invalid.", "expired")


def is_reuse(rotated_at: int | None, now: int, grace: int) -> bool:
    """Whether a refresh token was rotated longer ago than the grace period, in seconds (RFC 9700 §4.14.2).

    Without a grace period the time does not matter, since the clocks of two replicas may differ.
    """
    return rotated_at is not None and (grace == 0 or now - rotated_at >= grace)
