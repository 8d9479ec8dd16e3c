"""The device authorization endpoint (RFC 8628 §3.1, §3.2)."""

import logging

from op.context import Context
from op.errors import TemporarilyUnavailable, UnauthorizedClient
from op.handle import new_secret
from op.protocol.authorization.scope import granted_scope
from op.protocol.authorization.user_code import DEVICE_CODE_GRANT, new_user_code
from op.protocol.tokens.request import parse_form
from op.records import DeviceRequest
from op.stores.authorization.device import DEVICE_TTL, INTERVAL
from op.web.replies import NO_STORE
from servicekit.log import event
from servicekit.web.endpoints import Reply, Request, json_reply

log = logging.getLogger(__name__)

_TRIES = 3


async def device_authorization(op: Context, request: Request) -> Reply:
    """Issue a device code, and a user code that the user enters at /device (RFC 8628 §3.1, §3.2)."""
    form = parse_form(request)
    client = await op.client_authenticator.authenticate(request, form)
    if DEVICE_CODE_GRANT not in client.grant_types:
        raise UnauthorizedClient("This client may not use the device grant. Add it to the client's grant_types.")
    scope = granted_scope(form.get("scope"), client.scope)
    waiting = DeviceRequest(client_id=client.client_id, scope=scope, expires_at=op.now() + DEVICE_TTL)
    device_code = new_secret()
    for _ in range(_TRIES):
        user_code = new_user_code()
        if await op.devices.save(device_code, user_code, waiting):
            break
    else:
        raise TemporarilyUnavailable(
            "The provider is temporarily unavailable. Try again in a few seconds.", "no unused user code was found"
        )
    event(log, "device authorization started", client_id=client.client_id, scope=scope)
    page = f"{op.issuer}/device"
    body = {
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={user_code}",
        "expires_in": DEVICE_TTL,
        "interval": INTERVAL,
    }
    return json_reply(200, body, NO_STORE)
