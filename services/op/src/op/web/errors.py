"""The only place where an exception becomes a response: a page for users, JSON for machines."""

import logging

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
from servicekit.log import event
from servicekit.redis.client import RedisError
from servicekit.sealing import UnsealError
from servicekit.web.languages import gettext, translated
from servicekit.web.machine import Reply, Request, error_reply
from servicekit.web.pages import failure_page

log = logging.getLogger(__name__)


async def page_failure(exception: Exception) -> Response:
    """Any exception as a page."""
    if isinstance(exception, UnknownRedirect):
        event(log, "authorization refused", reason=exception.explanation)
        return await failure_page(
            400,
            translated(exception.title),
            translated(exception.explanation),
            code="invalid_request",
            received=exception.received,
        )
    if isinstance(exception, OAuthError):
        event(log, "request refused", error=exception.code, reason=exception)
        sentence, received = as_sentence(exception.description)
        return await failure_page(
            exception.status, _title(exception), translated(sentence), code=exception.code, received=received
        )
    if isinstance(exception, RedisError):
        event(log, "Redis is away", logging.ERROR, reason=exception)
        return await failure_page(
            503,
            gettext("Sign-in is temporarily unavailable"),
            gettext("Try again in a few seconds."),
            code="temporarily_unavailable",
            retry_after=RETRY_AFTER_SECONDS,
        )
    reason = "OP_SECRET_KEY does not open what is stored" if isinstance(exception, UnsealError) else None
    log.error("unforeseen failure", exc_info=exception, extra={"fields": {"reason": reason} if reason else {}})
    return await failure_page(
        500,
        gettext("Internal error"),
        gettext("Try again. If this happens again, contact the operator: details are in the provider's log."),
        code="server_error",
    )


def machine_failure(request: Request, exception: Exception) -> Reply:
    """Any exception of a machine endpoint, as JSON."""
    if isinstance(exception, OAuthError):
        event(log, "request refused", path=request.path, error=exception.code, reason=exception)
        return json_error(exception)
    if isinstance(exception, RedisError):
        event(log, "Redis is away", logging.ERROR, path=request.path, reason=exception)
        return json_error(TemporarilyUnavailable("try again in a moment"))
    log.error("unforeseen failure", exc_info=exception, extra={"fields": {"path": request.path}})
    return json_error(ServerError("it is written to the provider's log"))


def json_error(error: OAuthError) -> Reply:
    """The error in the form of RFC 6749 §5.2."""
    return error_reply(error.status, error.code, error.description, (*error.headers, *NO_STORE))


def _title(error: OAuthError) -> str:
    if isinstance(error, NonceRequired):
        return gettext("This sign-in has no nonce")
    return gettext("This request cannot be processed")


def as_sentence(description: str) -> tuple[str, str | None]:
    """A description as the sentence that catalogues have, and the names that follow a colon in it."""
    statement, _, received = description.partition(": ")
    begins_with_a_name = "_" in statement.partition(" ")[0]
    return f"{statement if begins_with_a_name else statement[:1].upper() + statement[1:]}.", received or None
