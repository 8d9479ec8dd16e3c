"""The key set (RFC 7517 §5)."""

from op.context import Context
from op.protocol.keys.schedule import KEY_SET_SECONDS
from servicekit.web.endpoints import Reply, Request, json_reply

_CACHE = (("cache-control", f"public, max-age={KEY_SET_SECONDS}"),)


async def jwks(op: Context, _request: Request) -> Reply:
    """The public keys of the tokens' signatures; HS256 does not have one (RFC 7517 §5)."""
    return json_reply(200, await op.keys.jwks(), _CACHE)
