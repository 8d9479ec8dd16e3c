"""The token endpoint (RFC 6749 §3.2)."""

import logging
from typing import Any

from op.context import Context
from op.errors import UnauthorizedClient, UnsupportedGrantType
from op.grants import GRANT_TYPES
from op.protocol.tokens.request import parse_form, parse_token_request
from op.tokens.issuer import Issued
from op.web.replies import NO_STORE
from servicekit.log import event
from servicekit.web.endpoints import Reply, Request, json_reply

log = logging.getLogger(__name__)


async def token(op: Context, request: Request) -> Reply:
    """Exchange a grant for tokens (RFC 6749 §4.1.3, §6).

    RFC 6749 §3.2, §5.2.
    """
    form = parse_form(request)
    token_request = parse_token_request(form)
    client = await op.client_authenticator.authenticate(request, form)
    grant_type = GRANT_TYPES.get(token_request.grant_type)
    if grant_type is None:
        raise UnsupportedGrantType("This provider does not support the grant_type.")
    if token_request.grant_type not in client.grant_types:
        raise UnauthorizedClient("This client may not use this grant_type. Add it to the client's grant_types.")
    issued = await grant_type(op, client, token_request)
    event(
        log,
        "tokens issued",
        grant_type=token_request.grant_type,
        client_id=client.client_id,
        scope=issued.scope,
        id_token="yes" if issued.id_token else "no",
    )
    return token_reply(issued)


def token_reply(issued: Issued) -> Reply:
    """The token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3)."""
    body: dict[str, Any] = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scope,
    }
    if issued.refresh_token is not None:
        body["refresh_token"] = issued.refresh_token
    if issued.id_token is not None:
        body["id_token"] = issued.id_token
    return json_reply(200, body, NO_STORE)
