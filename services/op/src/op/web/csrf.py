"""CSRF protection: forms that only our own pages can send."""

import hmac
from hashlib import sha256

from quart import Request

from op.context import Context
from op.errors import InvalidRequest


def csrf_token(secret: str, purpose: str) -> str:
    """The token of a form for this browser and purpose."""
    return hmac.new(secret.encode(), purpose.encode(), sha256).hexdigest()


def check_csrf(op: Context, request: Request, secret: str | None, purpose: str, token: str | None) -> None:
    """Reject a form that was not sent from our own page; raises InvalidRequest."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != op.settings.origin:
        raise InvalidRequest("this form was sent from another site")
    if not secret or not token or not hmac.compare_digest(csrf_token(secret, purpose).encode(), token.encode()):
        raise InvalidRequest("this form was opened in another browser, or cookies are disabled")
