"""The pushed authorization request endpoint (RFC 9126 §2)."""

import logging

from op.authorization.request_source import PUSHED, opened_request
from op.context import Context
from op.errors import InvalidRequest, UnknownRedirect
from op.handle import new_secret
from op.protocol.authorization.request import UncheckedRequest, recognise_client_id, recognise_redirect, validate
from op.protocol.tokens.request import parse_form
from op.records import PushedRequest
from op.stores.authorization.pushed_request import TTL
from op.web.replies import NO_STORE
from servicekit.log import event
from servicekit.web.endpoints import Reply, Request, json_reply
from servicekit.web.parameters import Parameters

log = logging.getLogger(__name__)

_CREDENTIALS = ("client_secret", "client_assertion", "client_assertion_type")


async def par(op: Context, request: Request) -> Reply:
    """Check a request like /authorize does, store it, and return a reference to it (§2.1, §2.2; RFC 9126 §3)."""
    form = parse_form(request)
    client = await op.client_authenticator.authenticate(request, form)
    if "request_uri" in form:
        raise InvalidRequest("A pushed authorization request must not contain request_uri.")
    parameters = {name: value for name, value in form.items() if name not in _CREDENTIALS}
    source = await opened_request(op, client, Parameters({**parameters, "client_id": client.client_id}))
    try:
        recognise_redirect(source.parameters, client)
        recognise_client_id(source.parameters)
    except UnknownRedirect as unknown:
        raise InvalidRequest(unknown.explanation) from None
    validate(UncheckedRequest(client, source.parameters, op.policy, pushed=True, signed=source.signed))
    reference = new_secret()
    pushed = PushedRequest(
        client_id=client.client_id,
        parameters=dict(source.parameters),
        signed=source.signed,
        expires_at=op.now() + TTL,
    )
    await op.pushed_requests.save(reference, pushed)
    event(log, "authorization request pushed", client_id=client.client_id)
    return json_reply(201, {"request_uri": PUSHED + reference, "expires_in": TTL}, NO_STORE)
