"""The address that a request comes from."""

from quart import Request

from op.context import Context
from servicekit.web.proxies import client_address


def address(op: Context, request: Request) -> str:
    """The address of the user's browser, as the trusted proxies report it."""
    forwarded_for = ", ".join(request.headers.getlist("X-Forwarded-For"))
    return client_address(request.remote_addr or "", forwarded_for, op.settings.trusted_proxies)
