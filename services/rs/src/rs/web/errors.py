"""The conversion of exceptions into responses: JSON, with a Bearer challenge where one is required."""

import json
import logging

from quart import Response
from werkzeug.exceptions import HTTPException

from oidc_discovery.errors import ProviderMisconfigured, ProviderUnavailable
from rs.errors import (
    ChallengedError,
    InsufficientScope,
    ProviderUnusable,
    ResourceError,
    ServerError,
    TemporarilyUnavailable,
    TokenMissing,
)
from servicekit.log import event
from servicekit.redis.client import RedisError
from servicekit.web.endpoints import FailureReply, HeaderList, Reply, Request, error_body, error_reply

NO_STORE: HeaderList = (("cache-control", "no-store"),)
REALM = "Trefoil"
RETRY_AFTER_SECONDS = 1

log = logging.getLogger(__name__)


def failure_renderer(metadata_url: str) -> FailureReply:
    """A function from an exception of a handler to a reply; challenges contain `metadata_url` (RFC 9728 §5.1)."""

    def failure(request: Request, exception: Exception) -> Reply:
        error = _as_resource_error(exception)
        _record(request, error)
        return resource_error_reply(error, metadata_url)

    return failure


def resource_error_reply(error: ResourceError, metadata_url: str) -> Reply:
    """An error as JSON in the format of RFC 6749 §5.2, which caches must not store."""
    headers = NO_STORE
    if isinstance(error, ChallengedError):
        headers = (("www-authenticate", _challenge(error, metadata_url)), *headers)
    if isinstance(error, TemporarilyUnavailable):
        headers = (("retry-after", str(RETRY_AFTER_SECONDS)), *headers)
    return error_reply(error.status, error.code, error.description, headers)


async def http_failure(failure: HTTPException) -> Response:
    """The response to a request without a matching route, as JSON, since this server has no pages."""
    code = "not_found" if failure.code == 404 else "invalid_request"
    body = json.dumps(error_body(code, failure.name))
    response = Response(body, status=failure.code or 400, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _challenge(error: ChallengedError, metadata_url: str) -> str:
    """The value of WWW-Authenticate (RFC 6750 §3, RFC 9728 §5.1)."""
    parameters = {"realm": REALM}
    if not isinstance(error, TokenMissing):
        parameters |= {"error": error.code, "error_description": error.description}
    if isinstance(error, InsufficientScope):
        parameters["scope"] = error.scope
    parameters["resource_metadata"] = metadata_url
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parameters.items())


def _as_resource_error(exception: Exception) -> ResourceError:
    match exception:
        case ResourceError():
            return exception
        case ProviderUnavailable():
            return TemporarilyUnavailable(f"provider unavailable: {exception}")
        case ProviderMisconfigured():
            return ProviderUnusable(str(exception))
        case RedisError():
            return TemporarilyUnavailable(f"Redis unavailable: {type(exception).__name__}")
    log.error("internal error", exc_info=exception)
    return ServerError(type(exception).__name__)


def _record(request: Request, error: ResourceError) -> None:
    """Log each error, with a level for what an operator must do about it."""
    level = logging.INFO
    if isinstance(error, ProviderUnusable):
        level = logging.ERROR
    elif isinstance(error, TemporarilyUnavailable):
        level = logging.WARNING
    event(log, "request refused", level, path=request.path, status=error.status, error=error.code, reason=error.detail)
