"""The one place where an exception becomes a response: a page for people, JSON for machines."""

import logging
import re

from quart import Response

from op.errors import (
    RETRY_AFTER_SECONDS,
    NonceRequired,
    OAuthError,
    ServerError,
    TemporarilyUnavailable,
    UnknownRedirect,
)
from op.web.replies import NO_STORE
from servicekit.encryption import DecryptionError
from servicekit.log import event
from servicekit.redis.client import RedisError
from servicekit.web.endpoints import Reply, Request, error_reply
from servicekit.web.pages import failure_page

log = logging.getLogger(__name__)

_FINAL_NAMES = re.compile(r": ([\w, ?]*)\.$")


async def page_failure(exception: Exception) -> Response:
    """Any exception as a page for the person (RFC 6749 §3.1.2.4)."""
    if isinstance(exception, UnknownRedirect):
        event(log, "authorization refused", reason=exception.explanation)
        return await failure_page(
            400, exception.title, exception.explanation, code="invalid_request", received=exception.received
        )
    if isinstance(exception, OAuthError):
        event(log, "request refused", error=exception.code, reason=exception)
        sentence, received = _sentence(exception)
        return await failure_page(exception.status, _title(exception), sentence, code=exception.code, received=received)
    if isinstance(exception, RedisError):
        event(log, "Redis is away", logging.ERROR, reason=exception)
        return await failure_page(
            503,
            "The sign-in is away for a moment",
            "It cannot reach its memory. Try again in a few seconds; nothing that you did is lost.",
            code="temporarily_unavailable",
            retry_after=RETRY_AFTER_SECONDS,
        )
    reason = "OP_SECRET_KEY does not open what is stored" if isinstance(exception, DecryptionError) else None
    log.error("unforeseen failure", exc_info=exception, extra={"fields": {"reason": reason} if reason else {}})
    return await failure_page(
        500, "Something went wrong here", "It is written to the provider's log.", code="server_error"
    )


def machine_failure(request: Request, exception: Exception) -> Reply:
    """Any exception of an endpoint for machines, as JSON."""
    if isinstance(exception, OAuthError):
        event(log, "request refused", path=request.path, error=exception.code, reason=exception)
        return json_error(exception)
    if isinstance(exception, RedisError):
        event(log, "Redis is away", logging.ERROR, path=request.path, reason=exception)
        return json_error(TemporarilyUnavailable("try again in a moment"))
    log.error("unforeseen failure", exc_info=exception, extra={"fields": {"path": request.path}})
    return json_error(ServerError("it is written to the provider's log"))


def json_error(error: OAuthError) -> Reply:
    """The error as a machine gets it (RFC 6749 §5.2).

    OpenID Connect Core §3.1.3.4.
    """
    return error_reply(error.status, error.code, error.description, (*error.headers, *NO_STORE))


def _title(error: OAuthError) -> str:
    if isinstance(error, NonceRequired):
        return "This sign-in has no nonce"
    return "This request cannot be answered"


def _sentence(error: OAuthError) -> tuple[str, str | None]:
    """The description as a text that can be translated, and the names after a final colon, which cannot."""
    names = _FINAL_NAMES.search(error.description)
    text = error.description if names is None else error.description[: names.start()]
    if "_" not in text.partition(" ")[0]:
        text = text[:1].upper() + text[1:]
    return f"{text.removesuffix('.')}.", (names[1] or None) if names else None
