"""The errors of requests, as classes with their OAuth error codes.

    OAuthError
    ├── InvalidRequest 400 invalid_request
    │   └── NonceRequired                       for a code; shown as a page, never redirected
    ├── InvalidClient 401 invalid_client        with WWW-Authenticate
    ├── InvalidGrant 400 invalid_grant
    ├── InvalidScope 400 invalid_scope
    ├── AuthorizationPending, SlowDown, ExpiredToken 400
    ├── UnauthorizedClient 400 unauthorized_client
    ├── UnsupportedGrantType 400 unsupported_grant_type
    ├── UnsupportedResponseType 400 unsupported_response_type
    ├── InvalidClientMetadata 400 invalid_client_metadata
    │   └── InvalidRedirectUri 400 invalid_redirect_uri
    ├── TooManyRegistrations 429 temporarily_unavailable, with Retry-After
    ├── InvalidRequestObject, InvalidRequestUri 400
    ├── RequestNotSupported, RequestUriNotSupported, RegistrationNotSupported 400
    ├── LoginRequired 400 login_required
    ├── ConsentRequired, AccessDenied 400
    ├── UnmetAuthenticationRequirements 400 unmet_authentication_requirements
    ├── TemporarilyUnavailable 503 temporarily_unavailable, with Retry-After
    ├── ServerError 500 server_error
    └── BearerError                             with WWW-Authenticate: Bearer (RFC 6750 §3)
        ├── TokenMissing 401                    without an error code
        ├── TokenUnreadable 400 invalid_request
        ├── InvalidToken 401 invalid_token
        └── InsufficientScope 403 insufficient_scope
    UnknownRedirect 400                         a page, never a redirect (RFC 6749 §4.1.2.1)

Each has a public `description` for the client's developer and a private `detail` for the log. A description is one or
two sentences: what is wrong, and who can fix it and how. `web.errors` renders errors as JSON and as pages,
`protocol.authorization.response.error_response` as a redirect.
"""

from servicekit.web.endpoints import HeaderList, error_description

RETRY_AFTER_SECONDS = 1


class OAuthError(Exception):
    """An error of RFC 6749 §5.2 or §4.1.2.1, or of an extension.

    Characters that a description must not contain are replaced by `?`.
    """

    code = "server_error"
    status = 400

    def __init__(self, description: str, detail: str | None = None) -> None:
        super().__init__(detail or description)
        self.description = error_description(description)
        self.detail = detail

    @property
    def headers(self) -> HeaderList:
        return ()


class InvalidRequest(OAuthError):
    code = "invalid_request"


class NonceRequired(InvalidRequest):
    """A code with the scope openid was requested without a nonce, which this provider requires."""


class InvalidClient(OAuthError):
    """Failed client authentication is a 401 with a challenge, and is the same for an unknown client and for a
    wrong secret (RFC 6749 §5.2).
    """

    code = "invalid_client"
    status = 401

    @property
    def headers(self) -> HeaderList:
        return (("www-authenticate", 'Basic realm="Trefoil", charset="UTF-8"'),)


class InvalidGrant(OAuthError):
    code = "invalid_grant"


class InvalidScope(OAuthError):
    code = "invalid_scope"


class AuthorizationPending(OAuthError):
    """The user has not decided yet (RFC 8628 §3.5)."""

    code = "authorization_pending"


class SlowDown(OAuthError):
    """The device polls more often than allowed (RFC 8628 §3.5)."""

    code = "slow_down"


class ExpiredToken(OAuthError):
    """The user did not decide in time (RFC 8628 §3.5)."""

    code = "expired_token"


class UnauthorizedClient(OAuthError):
    code = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    code = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    code = "unsupported_response_type"


class InvalidClientMetadata(OAuthError):
    """The metadata of a client is invalid (RFC 7591 §3.2.2)."""

    code = "invalid_client_metadata"


class InvalidRedirectUri(InvalidClientMetadata):
    code = "invalid_redirect_uri"


class TooManyRegistrations(OAuthError):
    code = "temporarily_unavailable"
    status = 429

    @property
    def headers(self) -> HeaderList:
        return (("retry-after", "3600"),)


class InvalidRequestObject(OAuthError):
    code = "invalid_request_object"


class InvalidRequestUri(OAuthError):
    code = "invalid_request_uri"


class RequestNotSupported(OAuthError):
    code = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    code = "request_uri_not_supported"


class RegistrationNotSupported(OAuthError):
    code = "registration_not_supported"


class LoginRequired(OAuthError):
    """An error is returned in the query of the redirect URI too: `login_required`, and those of RFC 6749 (OpenID
    Connect Core §3.1.2.6).
    """

    code = "login_required"


class ConsentRequired(OAuthError):
    """With `prompt=none`, missing consent is `consent_required` (OpenID Connect Core §3.1.2.6)."""

    code = "consent_required"


class AccessDenied(OAuthError):
    code = "access_denied"


class UnmetAuthenticationRequirements(OAuthError):
    """The provider cannot authenticate users as requested (OpenID Connect Core Unmet Authentication Requirements)."""

    code = "unmet_authentication_requirements"


class TemporarilyUnavailable(OAuthError):
    code = "temporarily_unavailable"
    status = 503

    @property
    def headers(self) -> HeaderList:
        return (("retry-after", str(RETRY_AFTER_SECONDS)),)


class ServerError(OAuthError):
    code = "server_error"
    status = 500


class BearerError(OAuthError):
    """An error of a protected resource (RFC 6750 §3; OpenID Connect Core §5.3.3)."""

    status = 401

    @property
    def headers(self) -> HeaderList:
        challenge = f'Bearer realm="Trefoil", error="{self.code}", error_description="{self.description}"'
        return (("www-authenticate", challenge),)


class TokenMissing(BearerError):
    """If no token was sent, the challenge has no error code (RFC 6750 §3.1)."""

    code = "invalid_request"

    @property
    def headers(self) -> HeaderList:
        return (("www-authenticate", 'Bearer realm="Trefoil"'),)


class TokenUnreadable(BearerError):
    code = "invalid_request"
    status = 400


class InvalidToken(BearerError):
    code = "invalid_token"


class InsufficientScope(BearerError):
    """Insufficient scope is a 403 that names the required scope (RFC 6750 §3.1)."""

    code = "insufficient_scope"
    status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(f"The access token lacks the scope {scope}.")
        self.scope = scope

    @property
    def headers(self) -> HeaderList:
        challenge = f'Bearer realm="Trefoil", error="{self.code}", error_description="{self.description}"'
        return (("www-authenticate", f'{challenge}, scope="{self.scope}"'),)


class UnknownRedirect(Exception):
    """The browser cannot be redirected, because the client or its redirect_uri is not registered."""

    def __init__(self, title: str, explanation: str, received: str | None = None) -> None:
        super().__init__(title)
        self.title = title
        self.explanation = explanation
        self.received = received


class UnknownClient(UnknownRedirect):
    """No client is registered with this client_id."""

    def __init__(self, client_id: str) -> None:
        super().__init__("Unknown application", "No client is registered with this client_id.", client_id)
