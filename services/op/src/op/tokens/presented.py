"""Finding the handle in a token that a caller presents."""

import base64
import binascii
import json

from op.handle import Handle, is_grant_id

TOKEN_LIMIT = 8 * 1024

_JWT_SEGMENTS = 3


def handle_of(token: str) -> Handle | None:
    """The handle in an opaque token or a JWT; None if this provider cannot have issued it.

    The signature of a JWT need not be verified for this: the handle contains the hash of the whole token, and Redis
    contains only the hashes of issued tokens.
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
