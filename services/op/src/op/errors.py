"""What can be wrong with a request, as classes that carry their OAuth code.

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
    UnknownRedirect 400                         a page for the person, never a redirect (RFC 6749 §4.1.2.1)

Each has a public `description` for the client's developer and a private `detail` for the log. `web.errors` renders them
for machines and people, `protocol.authorization.response.error_response` for the redirect.
"""

from servicekit.web.machine import HeaderList, error_description

RETRY_AFTER_SECONDS = 1


class OAuthError(Exception):
    """An error of RFC 6749 §5.2 or §4.1.2.1, or of a specification that adds to them.

    What of a caller's text may not be in a description is `?` there.
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
    """The person has not answered yet (RFC 8628 §3.5)."""

    code = "authorization_pending"


class SlowDown(OAuthError):
    """The device asks more often than it may (RFC 8628 §3.5)."""

    code = "slow_down"


class ExpiredToken(OAuthError):
    """The person did not answer in time (RFC 8628 §3.5)."""

    code = "expired_token"


class UnauthorizedClient(OAuthError):
    code = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    code = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    code = "unsupported_response_type"


class InvalidClientMetadata(OAuthError):
    """What a client says about itself makes no client (RFC 7591 §3.2.2)."""

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
    code = "login_required"


class ConsentRequired(OAuthError):
    code = "consent_required"


class AccessDenied(OAuthError):
    code = "access_denied"


class UnmetAuthenticationRequirements(OAuthError):
    """No login at this provider is as the request demands (OpenID Connect Core Unmet Authentication Requirements)."""

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
    """A refusal of a protected resource (RFC 6750 §3)."""

    status = 401

    @property
    def headers(self) -> HeaderList:
        challenge = f'Bearer realm="Trefoil", error="{self.code}", error_description="{self.description}"'
        return (("www-authenticate", challenge),)


class TokenMissing(BearerError):
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
    code = "insufficient_scope"
    status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(f"the scope {scope} is needed")
        self.scope = scope

    @property
    def headers(self) -> HeaderList:
        challenge = f'Bearer realm="Trefoil", error="{self.code}", error_description="{self.description}"'
        return (("www-authenticate", f'{challenge}, scope="{self.scope}"'),)


class UnknownRedirect(Exception):
    """It is not known where to send the browser: the client or its redirect_uri is not registered."""

    def __init__(self, title: str, explanation: str, received: str | None = None) -> None:
        super().__init__(title)
        self.title = title
        self.explanation = explanation
        self.received = received


class UnknownClient(UnknownRedirect):
    """No client has this client_id."""

    def __init__(self, client_id: str) -> None:
        super().__init__("This application is not known", "No client is registered with this client_id.", client_id)
