"""The only place that turns an error into a response: a page for users, JSON for programs."""

import logging

from quart import Quart, Response, render_template

from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable, WrongIssuer
from rp.check import equality
from rp.errors import BadRequest, CheckRefused, RelyingPartyError
from rp.message import Message
from rp.web.reasons import why
from rp.web.translation import translated
from servicekit.log import event
from servicekit.redis.client import RedisError
from servicekit.web.endpoints import HeaderList, Reply, Request, error_reply
from servicekit.web.parameters import MalformedParameters

FAILURES = (RelyingPartyError, ProviderUnavailable, ProviderMisconfigured, MalformedParameters, RedisError)
"""The errors with a response of their own. Any other is an internal error."""

_MACHINE_ERRORS = {400: "invalid_request", 503: "temporarily_unavailable"}

log = logging.getLogger(__name__)


class _Unavailable(RelyingPartyError):
    status = 503
    title = Message("error", "Temporarily unavailable")
    code = "temporarily_unavailable"
    retry_after = 1


class _ProviderFault(RelyingPartyError):
    status = 502
    title = Message("error", "The provider cannot be used")
    code = "discovery"


class _DocumentRefused(CheckRefused):
    status = 502
    title = Message("error", "The provider's discovery document was rejected")


def install(app: Quart) -> None:
    """Register the error page for every error."""
    for failure in FAILURES:
        app.register_error_handler(failure, failure_page)


async def failure_page(exception: Exception) -> Response:
    """The page for an exception that a view raised (OpenID Connect Core §3.1.3.7)."""
    failure = as_failure(exception)
    event(log, "request rejected", logging.WARNING, kind=type(exception).__name__, reason=exception)
    body = await render_template(
        "failure.html",
        status=failure.status,
        title=translated(failure.title),
        explanation=translated(failure.explanation),
        code=failure.code,
        reason=failure.reason,
        why=why(failure),
        check=failure.check,
        passed=failure.passed if isinstance(failure, CheckRefused) else (),
        offers_sign_in=failure.offers_sign_in,
    )
    response = Response(body, status=failure.status)
    if failure.retry_after is not None:
        response.headers["Retry-After"] = str(failure.retry_after)
    return response


def machine_failure(_: Request, exception: Exception) -> Reply:
    """The JSON response of a machine endpoint for an exception (RFC 6749 §5.2).

    OpenID Connect Back-Channel Logout §2.8.
    """
    if not isinstance(exception, FAILURES):
        event(log, "internal error", logging.ERROR, kind=type(exception).__name__, reason=exception)
        return error_reply(500, "server_error")
    event(log, "request rejected", logging.WARNING, kind=type(exception).__name__, reason=exception)
    failure = as_failure(exception)
    description = str(failure) if isinstance(failure, CheckRefused) else failure.explanation
    if failure.reason is not None:
        description = f"{description} {failure.reason}"
    headers: HeaderList = (("cache-control", "no-store"),)
    if failure.retry_after is not None:
        headers += (("retry-after", str(failure.retry_after)),)
    return error_reply(failure.status, _MACHINE_ERRORS.get(failure.status, "server_error"), description, headers)


def as_failure(exception: Exception) -> RelyingPartyError:
    """The error that the page shows for an exception."""
    if isinstance(exception, RelyingPartyError):
        return exception
    if isinstance(exception, MalformedParameters):
        return BadRequest(Message("error", "The parameters cannot be read."), reason=f"{exception}.")
    if isinstance(exception, WrongIssuer):
        return _DocumentRefused(equality("issuer", "OIDC Discovery §4.3", exception.expected, exception.found))
    if isinstance(exception, ProviderMisconfigured):
        return _ProviderFault(
            Message("error", "The provider's metadata does not match this application."), reason=f"{exception}."
        )
    if isinstance(exception, ProviderUnavailable):
        return _Unavailable(Message("error", "The provider does not respond. Try again in a moment."))
    return _Unavailable(Message("error", "Sessions are temporarily unavailable. Try again in a few seconds."))
