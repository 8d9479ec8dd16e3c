"""The ID token that a client sends as a hint (OpenID Connect Core §3.1.2.1)."""

from op.errors import InvalidRequest
from op.keys.ring import InvalidSignature, KeyRing
from op.protocol.tokens.claims import ID_TOKEN_TYPE
from op.records import Client


async def subject_of_hint(keys: KeyRing, client: Client, hint: str, issuer: str) -> str:
    """The subject of an ID token that was issued to this client, even if it has expired; raises InvalidRequest.

    OpenID Connect Core §3.1.2.1.
    """
    try:
        claims = await keys.verify(
            hint, client.id_token_signed_response_alg, typ=ID_TOKEN_TYPE, secret=client.client_secret
        )
    except InvalidSignature:
        raise InvalidRequest("The id_token_hint was not issued by this provider.") from None
    sub = claims.get("sub")
    if claims.get("iss") != issuer or claims.get("aud") != client.client_id or not isinstance(sub, str):
        raise InvalidRequest("The id_token_hint was not issued to this client.")
    return sub
