"""The errors of the relying party.

RelyingPartyError                   status, title and explanation for the user; detail for the log
├── BadRequest                      400  the request cannot be read
│   └── ForeignTarget               400  the sign-in would lead to another site
├── UnknownProvider                 400  an issuer that this client is not registered with
├── CrossSiteRequest                403  a form that was not sent by one of our pages
├── UnknownSignIn                   400  no binding for this state: expired, already used, or never created here
├── ForeignBrowser                  400  another browser started this sign-in
├── AuthorizationRefused            400  an authorization response with `error` (RFC 6749 §4.1.2.1)
├── TokenRequestRefused             400/502  a token response with `error` (RFC 6749 §5.2)
├── CheckRefused                    a check of a specification failed; carries the check
│   ├── ResponseRefused             400  of the authorization response
│   ├── TokenResponseRefused        502  of the token response
│   ├── IdTokenRefused              400  of the ID token
│   ├── SignOutRefused              400  of the response to a logout request
│   ├── LogoutTokenRefused          400  of the logout token
│   └── UserInfoRefused             502  of UserInfo
├── ResourceRefused                 502  no usable response from a protected resource
│   └── ResourceNotFound            502  the protected resource has no data about this user
├── SignedOutMeanwhile              400  the provider ended the session before it was opened here
├── SignInEnded                     401  the provider issues no more tokens for this sign-in
└── RefreshBusy                     503  another request is refreshing the token and does not finish

`oidc_discovery` and `servicekit` add ProviderUnavailable, ProviderMisconfigured, MalformedParameters and RedisError.
`rp.web.errors` renders them all.
"""

from rp.check import Check
from rp.message import Message

_DESCRIPTION_LENGTH = 300
_STATE = "RFC 6749 §10.12"


class RelyingPartyError(Exception):
    """The `explanation` and the failed `check` are for the user, `detail` is for the log.

    `reason` is a technical addition in English, for users and programs. `offers_sign_in`: whether the page offers to
    start a new sign-in.
    """

    status = 400
    title = Message("error", "This request cannot be processed")
    code: str | None = None
    check: Check | None = None
    retry_after: int | None = None
    offers_sign_in = True

    def __init__(self, explanation: str, detail: str | None = None, *, reason: str | None = None) -> None:
        super().__init__(detail or explanation)
        self.explanation = explanation
        self.reason = reason


class BadRequest(RelyingPartyError):
    title = Message("error", "This request cannot be read")
    code = "invalid_request"

    @classmethod
    def unless_single(cls, repeated: frozenset[str]) -> None:
        """Raises this class if there is a duplicate parameter (RFC 6749 §3.1)."""
        if repeated:
            names = ", ".join(sorted(repeated))
            raise cls(Message("error", "Duplicate parameters: %(names)s. Send each parameter once.", names=names))


class ForeignTarget(BadRequest):
    title = Message("error", "This sign-in would lead to another site")

    def __init__(self) -> None:
        super().__init__(Message("error", "The parameter target_link_uri must be the URL of a page of this site."))


class UnknownProvider(RelyingPartyError):
    title = Message("error", "Unknown provider")
    code = "iss"

    def __init__(self) -> None:
        super().__init__(
            Message(
                "error",
                "The parameter iss does not name a provider of this application. Its operator can add providers with "
                "RP_PROVIDERS.",
            )
        )


class CrossSiteRequest(RelyingPartyError):
    status = 403
    title = Message("error", "This form was sent from another site")
    offers_sign_in = False


class UnknownSignIn(RelyingPartyError):
    title = Message("error", "This sign-in has expired or was already completed")
    code = "state"
    check = Check(
        "state", _STATE, Message("check", "a sign-in that is in progress"), Message("check", "none with this state")
    )

    def __init__(self) -> None:
        super().__init__(
            Message(
                "error",
                "A sign-in must be completed within ten minutes, and only once. This one was already completed, has "
                "expired, or was not started here.",
            )
        )


class ForeignBrowser(RelyingPartyError):
    title = Message("error", "This sign-in was started in another browser")
    code = "state"
    check = Check(
        "state",
        _STATE,
        Message("check", "the cookie of the browser that started it"),
        Message("check", "another cookie, or none"),
    )

    def __init__(self) -> None:
        super().__init__(
            Message(
                "error",
                "A sign-in must be completed in the browser that started it, and under the same host name: localhost "
                "and 127.0.0.1 have separate cookies. Start a new sign-in in this browser.",
            )
        )


class AuthorizationRefused(RelyingPartyError):
    """The provider's `error` and `error_description`; the latter is untrusted text, to be escaped.

    RFC 6749 §4.1.2.1.
    """

    title = Message("error", "The provider did not sign you in")

    def __init__(self, error: str, description: str | None) -> None:
        super().__init__(
            Message("error", "The provider says: %(description)s", description=description[:_DESCRIPTION_LENGTH])
            if description
            else Message("error", "The provider returned an error without an explanation."),
            error,
        )
        self.code = error[:_DESCRIPTION_LENGTH]


class TokenRequestRefused(RelyingPartyError):
    """The token endpoint's `error`; `invalid_grant` concerns the code or token, any other this client.

    RFC 6749 §5.2.
    """

    title = Message("error", "The provider did not issue tokens")

    def __init__(self, error: str, description: str | None) -> None:
        super().__init__(
            Message(
                "error",
                "The provider's token endpoint rejected the request. It says: %(description)s",
                description=description[:_DESCRIPTION_LENGTH],
            )
            if description
            else Message("error", "The provider's token endpoint rejected the request."),
            error,
        )
        self.code = error[:_DESCRIPTION_LENGTH]
        self.status = 400 if error == "invalid_grant" else 502


class CheckRefused(RelyingPartyError):
    """A check that failed. The page shows what was expected and found, and which checks `passed` before it."""

    def __init__(self, check: Check) -> None:
        super().__init__(
            Message("error", "The check “%(name)s” of %(section)s failed.", name=check.name, section=check.section),
            f"{check.name}: expected {check.expected}, found {check.found}",
        )
        self.check: Check = check
        self.code = check.name
        self.passed: tuple[Check, ...] = ()

    @classmethod
    def unless(cls, passed: bool, check: Check) -> Check:
        """The check if it passed; raises this class with it if not."""
        if not passed:
            raise cls(check)
        return check


class ResponseRefused(CheckRefused):
    title = Message("error", "The provider's authorization response was rejected")


class TokenResponseRefused(CheckRefused):
    status = 502
    title = Message("error", "The provider's token response was rejected")


class IdTokenRefused(CheckRefused):
    title = Message("error", "The ID token was rejected")


class SignOutRefused(CheckRefused):
    title = Message("error", "The provider's logout response was rejected")
    offers_sign_in = False


class LogoutTokenRefused(CheckRefused):
    title = Message("error", "The logout token was rejected")


class UserInfoRefused(CheckRefused):
    status = 502
    title = Message("error", "The UserInfo response was rejected")


class ResourceRefused(RelyingPartyError):
    status = 502
    title = Message("error", "A protected resource is not available")


class ResourceNotFound(ResourceRefused):
    """404: the access token is valid, and there is nothing about this user."""


class SignedOutMeanwhile(RelyingPartyError):
    title = Message("error", "You were signed out in the meantime")

    def __init__(self) -> None:
        super().__init__(Message("error", "The provider ended your session while you were signing in here."))


class SignInEnded(RelyingPartyError):
    status = 401
    title = Message("error", "Your sign-in has ended")

    def __init__(self) -> None:
        super().__init__(
            Message("error", "The provider has ended this sign-in and issues no new access token. Sign in again.")
        )


class RefreshBusy(RelyingPartyError):
    status = 503
    title = Message("error", "The access token is being refreshed")
    retry_after = 1

    def __init__(self) -> None:
        super().__init__(
            Message(
                "error", "Another request is refreshing the access token and has not finished. Try again in a moment."
            )
        )
