"""The only place where an error becomes a response: a page for people, JSON for machines."""

import logging

from quart import Quart, Response, render_template

from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable, WrongIssuer
from rp.check import Check, shown
from rp.errors import BadRequest, CheckRefused, RelyingPartyError
from rp.web.reasons import why
from servicekit.log import event
from servicekit.redis.client import RedisError
from servicekit.web.endpoints import HeaderList, Reply, Request, error_reply
from servicekit.web.parameters import MalformedParameters

FAILURES = (RelyingPartyError, ProviderUnavailable, ProviderMisconfigured, MalformedParameters, RedisError)
"""What has a page or a JSON response of its own; anything else is an internal error."""

_MACHINE_ERRORS = {400: "invalid_request", 503: "temporarily_unavailable"}

log = logging.getLogger(__name__)


class _Unavailable(RelyingPartyError):
    status = 503
    title = "Not available right now"
    code = "temporarily_unavailable"
    retry_after = 1


class _ProviderFault(RelyingPartyError):
    status = 502
    title = "The provider cannot be used"
    code = "discovery"


class _DocumentRefused(CheckRefused):
    status = 502
    title = "The provider's discovery document was refused"


def install(app: Quart) -> None:
    """Give the application a page for every failure."""
    for failure in FAILURES:
        app.register_error_handler(failure, failure_page)


async def failure_page(exception: Exception) -> Response:
    """The page for any exception that a view raises.

    OpenID Connect Core §3.1.3.7.
    """
    failure = as_failure(exception)
    event(log, "refused", logging.WARNING, kind=type(exception).__name__, reason=exception)
    body = await render_template(
        "failure.html",
        status=failure.status,
        title=failure.title,
        explanation=failure.explanation,
        code=failure.code,
        why=why(failure),
        check=failure.check,
        passed=failure.passed if isinstance(failure, CheckRefused) else (),
        of_a_sign_in=failure.of_a_sign_in,
    )
    response = Response(body, status=failure.status)
    if failure.retry_after is not None:
        response.headers["Retry-After"] = str(failure.retry_after)
    return response


def machine_failure(_: Request, exception: Exception) -> Reply:
    """The JSON response of a machine endpoint to any exception (RFC 6749 §5.2).

    OpenID Connect Back-Channel Logout §2.8.
    """
    if not isinstance(exception, FAILURES):
        event(log, "failed", logging.ERROR, kind=type(exception).__name__, reason=exception)
        return error_reply(500, "server_error")
    event(log, "refused", logging.WARNING, kind=type(exception).__name__, reason=exception)
    failure = as_failure(exception)
    said = str(failure) if isinstance(failure, CheckRefused) else failure.explanation
    headers: HeaderList = (("cache-control", "no-store"),)
    if failure.retry_after is not None:
        headers += (("retry-after", str(failure.retry_after)),)
    return error_reply(failure.status, _MACHINE_ERRORS.get(failure.status, "server_error"), said, headers)


def as_failure(exception: Exception) -> RelyingPartyError:
    """What a person is told of any exception that has a page."""
    if isinstance(exception, RelyingPartyError):
        return exception
    if isinstance(exception, MalformedParameters):
        return BadRequest(f"The parameters cannot be read: {exception}.")
    if isinstance(exception, WrongIssuer):
        return _DocumentRefused(
            Check("issuer", "OIDC Discovery §4.3", shown(exception.expected), shown(exception.found))
        )
    if isinstance(exception, ProviderMisconfigured):
        return _ProviderFault(f"The provider's settings do not fit: {exception}.")
    if isinstance(exception, ProviderUnavailable):
        return _Unavailable("The provider does not answer. Try again in a moment.")
    return _Unavailable("The store of the sign-ins does not answer. Try again in a moment.")
