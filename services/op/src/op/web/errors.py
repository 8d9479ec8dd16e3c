"""The only place where an exception becomes a response: a page for users, JSON for machines."""

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
from servicekit.web.languages import gettext, translated
from servicekit.web.pages import failure_page

log = logging.getLogger(__name__)

_FINAL_NAMES = re.compile(r": ([\w, ?]*)\.$")


async def page_failure(exception: Exception) -> Response:
    """Any exception as a page (RFC 6749 §3.1.2.4)."""
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
        event(log, "Redis is unavailable", logging.ERROR, reason=exception)
        return await failure_page(
            503,
            gettext("Sign-in is temporarily unavailable"),
            gettext("Try again in a few seconds."),
            code="temporarily_unavailable",
            retry_after=RETRY_AFTER_SECONDS,
        )
    reason = "OP_SECRET_KEY cannot decrypt the stored values" if isinstance(exception, DecryptionError) else None
    log.error("unexpected failure", exc_info=exception, extra={"fields": {"reason": reason} if reason else {}})
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
        event(log, "Redis is unavailable", logging.ERROR, path=request.path, reason=exception)
        return json_error(TemporarilyUnavailable("Redis is unavailable. Try again in a few seconds."))
    log.error("unexpected failure", exc_info=exception, extra={"fields": {"path": request.path}})
    return json_error(ServerError("Internal error. See the provider's log."))


def json_error(error: OAuthError) -> Reply:
    """The error in the form of RFC 6749 §5.2 (OpenID Connect Core §3.1.3.4)."""
    return error_reply(error.status, error.code, error.description, (*error.headers, *NO_STORE))


def _title(error: OAuthError) -> str:
    if isinstance(error, NonceRequired):
        return gettext("This sign-in has no nonce")
    return gettext("This request cannot be processed")


def as_sentence(description: str) -> tuple[str, str | None]:
    """A description as the sentence that catalogues have, and the names that follow a colon in it."""
    names = _FINAL_NAMES.search(description)
    text = description if names is None else description[: names.start()]
    if "_" not in text.partition(" ")[0]:
        text = text[:1].upper() + text[1:]
    return f"{text.removesuffix('.')}.", (names[1] or None) if names else None
