"""What can be wrong with a call to the protected resource, as classes that carry their OAuth code.

    ResourceError
    ├── ChallengedError                              with WWW-Authenticate: Bearer (RFC 6750 §3)
    │   ├── TokenMissing 401                         without an error code
    │   ├── InvalidRequest 400 invalid_request
    │   ├── InvalidToken 401 invalid_token
    │   └── InsufficientScope 403 insufficient_scope, with the scope that is needed
    ├── ProfileNotFound 404 not_found
    ├── TemporarilyUnavailable 503 temporarily_unavailable, with Retry-After
    │   └── ProviderUnusable                         the same to the caller; an operator must act
    └── ServerError 500 server_error                 a fault of this program

Each has a public `description` for the caller's developer and a private `detail` for the log, which never holds a
token. `web/errors.py` renders them.
"""

from typing import ClassVar


class ResourceError(Exception):
    """A refusal, with the status and the code that the caller sees."""

    status: ClassVar[int]
    code: ClassVar[str]
    description: ClassVar[str]

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.description)
        self.detail = detail


class ChallengedError(ResourceError):
    """A refusal that tells the caller how to authenticate (RFC 6750 §3)."""


class TokenMissing(ChallengedError):
    """No bearer token came: the challenge names no error (RFC 6750 §3.1)."""

    status = 401
    code = "invalid_request"
    description = "an access token is needed: send it as Authorization: Bearer"


class InvalidRequest(ChallengedError):
    status = 400
    code = "invalid_request"
    description = "send one access token, in one Authorization header and nowhere else"


class InvalidToken(ChallengedError):
    """The token is malformed, expired, revoked, or not meant for this resource; the caller is not told which."""

    status = 401
    code = "invalid_token"
    description = "the access token is not valid here"


class InsufficientScope(ChallengedError):
    status = 403
    code = "insufficient_scope"
    description = "the access token lacks the scope that is needed"

    def __init__(self, scope: str, detail: str | None = None) -> None:
        super().__init__(detail)
        self.scope = scope


class ProfileNotFound(ResourceError):
    status = 404
    code = "not_found"
    description = "there is no profile for the subject of this token"


class TemporarilyUnavailable(ResourceError):
    """The token could not be judged, and may be good: never a 401."""

    status = 503
    code = "temporarily_unavailable"
    description = "try again in a moment"


class ProviderUnusable(TemporarilyUnavailable):
    """The provider answers, but not as this configuration needs it."""


class ServerError(ResourceError):
    status = 500
    code = "server_error"
    description = "something went wrong here"
