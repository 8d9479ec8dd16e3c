"""The errors of the protected resource, as classes with their OAuth error codes.

    ResourceError
    ├── ChallengedError                              with WWW-Authenticate: Bearer (RFC 6750 §3)
    │   ├── TokenMissing 401                         without an error code
    │   ├── InvalidRequest 400 invalid_request
    │   ├── InvalidToken 401 invalid_token
    │   └── InsufficientScope 403 insufficient_scope, with the required scope
    ├── ProfileNotFound 404 not_found
    ├── TemporarilyUnavailable 503 temporarily_unavailable, with Retry-After
    │   └── ProviderUnusable                         the same for the caller; an operator must act
    └── ServerError 500 server_error                 an internal error

Each has a public `description` for the caller's developer and a private `detail` for the log, which never holds a
token. `web/errors.py` renders them.
"""

from typing import ClassVar


class ResourceError(Exception):
    """An error with the status and the code of its response."""

    status: ClassVar[int]
    code: ClassVar[str]
    description: ClassVar[str]

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.description)
        self.detail = detail


class ChallengedError(ResourceError):
    """An error that tells the caller how to authenticate (RFC 6750 §3)."""


class TokenMissing(ChallengedError):
    """The request has no bearer token; the challenge has no error code (RFC 6750 §3.1)."""

    status = 401
    code = "invalid_request"
    description = "The access token is missing. Send it in the Authorization header with the Bearer scheme."


class InvalidRequest(ChallengedError):
    status = 400
    code = "invalid_request"
    description = "The request must have exactly one access token, in one Authorization header."


class InvalidToken(ChallengedError):
    """The token is malformed, expired, revoked, or not meant for this resource; the caller is not told which."""

    status = 401
    code = "invalid_token"
    description = "The access token is not valid for this resource server."


class InsufficientScope(ChallengedError):
    status = 403
    code = "insufficient_scope"
    description = "The access token lacks the required scope."

    def __init__(self, scope: str, detail: str | None = None) -> None:
        super().__init__(detail)
        self.scope = scope


class ProfileNotFound(ResourceError):
    status = 404
    code = "not_found"
    description = "The subject of the access token has no profile."


class TemporarilyUnavailable(ResourceError):
    """The token could not be validated but may be valid, so the status is not 401."""

    status = 503
    code = "temporarily_unavailable"
    description = "The resource server is temporarily unavailable. Try again in a few seconds."


class ProviderUnusable(TemporarilyUnavailable):
    """The provider is reachable, but its responses do not fit this configuration."""


class ServerError(ResourceError):
    status = 500
    code = "server_error"
    description = "Internal error. See the log of the resource server."
