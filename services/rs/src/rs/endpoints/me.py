"""`GET /api/me`: the protected resource."""

import logging
from dataclasses import asdict

from rs.context import Context
from rs.errors import ProfileNotFound
from rs.protocol.bearer import bearer_token
from rs.protocol.verified_token import require_scope
from rs.web.errors import NO_STORE
from servicekit.log import event
from servicekit.web.endpoints import Reply, Request, json_reply

log = logging.getLogger(__name__)


async def me(rs: Context, request: Request) -> Reply:
    """The profile of the token's subject; raises an error of `rs.errors`.

    RFC 6750 §2.1.
    """
    received = bearer_token(
        [value for name, value in request.headers if name == b"authorization"],
        request.query,
        form_body=request.has_form_body() and _has_body(request),
    )  # RFC 6750 §2
    token = await rs.validator.validate(received)  # RFC 7662 §2.2 or RFC 9068 §4
    require_scope(token, rs.settings.rs_required_scope)  # RFC 6750 §3.1
    profile = await rs.profiles.find(token.sub)
    if profile is None:
        raise ProfileNotFound(f"no profile for the subject {token.sub!r}")
    event(log, "profile served", sub=token.sub, client_id=token.client_id)
    return json_reply(200, asdict(profile), NO_STORE)


def _has_body(request: Request) -> bool:
    return request.header("transfer-encoding") is not None or request.header("content-length") not in (None, "0")
