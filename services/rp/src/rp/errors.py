"""What goes wrong in the relying party.

RelyingPartyError                   status, title, explanation for the person; detail for the log
├── BadRequest                      400  the request cannot be read
│   └── ForeignTarget               400  a sign-in that would lead to another site
├── UnknownProvider                 400  an issuer that this client is not registered with
├── CrossSiteRequest                403  a form that none of our pages sent
├── UnknownSignIn                   400  no binding for this state: expired, replayed, or never ours
├── ForeignBrowser                  400  another browser started this sign-in
├── AuthorizationRefused            400  the provider answered with `error` (RFC 6749 §4.1.2.1)
├── TokenRequestRefused             400/502  the token endpoint answered with `error` (RFC 6749 §5.2)
├── CheckRefused                    one check of a spec failed; carries it
│   ├── ResponseRefused             400  of the authorization response
│   ├── TokenResponseRefused        502  of the token response
│   ├── IdTokenRefused              400  of the id_token
│   ├── SignOutRefused              400  of the provider's answer to a sign-out
│   ├── LogoutTokenRefused          400  of the logout token
│   └── UserInfoRefused             502  of UserInfo
├── ResourceRefused                 502  a protected resource did not give its answer
├── SignedOutMeanwhile              400  the provider ended the session while it was opened here
├── SignInEnded                     401  the provider renews no token for this sign-in
└── RefreshBusy                     503  another request renews the token and does not finish

`servicekit` adds ProviderUnavailable, ProviderMisconfigured, MalformedParameters and RedisError.
`pages` renders them all.
"""

from rp.check import Check

_DESCRIPTION_LENGTH = 300
_STATE = "RFC 6749 §10.12"


class RelyingPartyError(Exception):
    """Says to the person what happened (`explanation`, and the `check` that saw it) and to the log why (`detail`).

    `of_a_sign_in`: whether to start one again is what a person would do now.
    """

    status = 400
    title = "This request cannot be answered"
    code: str | None = None
    check: Check | None = None
    retry_after: int | None = None
    of_a_sign_in = True

    def __init__(self, explanation: str, detail: str | None = None) -> None:
        super().__init__(detail or explanation)
        self.explanation = explanation


class BadRequest(RelyingPartyError):
    title = "This request cannot be read"
    code = "invalid_request"


class ForeignTarget(BadRequest):
    title = "This sign-in would lead elsewhere"

    def __init__(self) -> None:
        super().__init__("The parameter target_link_uri must be the address of a page of this site.")


class UnknownProvider(RelyingPartyError):
    title = "This provider is not known here"
    code = "iss"

    def __init__(self) -> None:
        super().__init__("The parameter iss is no provider of this relying party: it is registered with others.")


class CrossSiteRequest(RelyingPartyError):
    status = 403
    title = "This form was not sent from here"
    of_a_sign_in = False


class UnknownSignIn(RelyingPartyError):
    title = "This sign-in is not known"
    code = "state"
    check = Check("state", _STATE, "a sign-in that waits for its answer", "none with this state")

    def __init__(self) -> None:
        super().__init__(
            "A sign-in can be finished once, within ten minutes after it was started. "
            "This one was finished already, ran out of time, or was never started here."
        )


class ForeignBrowser(RelyingPartyError):
    title = "Another browser started this sign-in"
    code = "state"
    check = Check("state", _STATE, "the cookie of the browser that started it", "another one, or none")

    def __init__(self) -> None:
        super().__init__(
            "A sign-in can only be finished in the browser that started it, and at the address where it was started: "
            "localhost and 127.0.0.1 have cookies of their own. Start one in this browser."
        )


class AuthorizationRefused(RelyingPartyError):
    """The provider's `error` and `error_description`; the latter is text of a stranger, to be escaped.

    RFC 6749 §4.1.2.1.
    """

    title = "The provider did not sign you in"

    def __init__(self, error: str, description: str | None) -> None:
        said = f"The provider says: {description[:_DESCRIPTION_LENGTH]}" if description else ""
        super().__init__(said or "The provider answered with an error and no explanation.", error)
        self.code = error[:_DESCRIPTION_LENGTH]


class TokenRequestRefused(RelyingPartyError):
    """The token endpoint's `error`; `invalid_grant` is about the code or token, all else about this client.

    RFC 6749 §5.2.
    """

    title = "The provider gave no tokens"

    def __init__(self, error: str, description: str | None) -> None:
        said = f" It says: {description[:_DESCRIPTION_LENGTH]}" if description else ""
        super().__init__(f"The provider's token endpoint refused this request.{said}", error)
        self.code = error[:_DESCRIPTION_LENGTH]
        self.status = 400 if error == "invalid_grant" else 502


class CheckRefused(RelyingPartyError):
    """A check that failed; the page shows what was expected and found, and which checks had `passed` before it."""

    def __init__(self, check: Check) -> None:
        super().__init__(
            f"The check “{check.name}” of {check.section} refused it.",
            f"{check.name}: expected {check.expected}, found {check.found}",
        )
        self.check: Check = check
        self.code = check.name
        self.passed: tuple[Check, ...] = ()

    @classmethod
    def unless(cls, passed: bool, check: Check) -> Check:
        """The check when it passed; raises this class with it when not."""
        if not passed:
            raise cls(check)
        return check


class ResponseRefused(CheckRefused):
    title = "The provider's answer was refused"


class TokenResponseRefused(CheckRefused):
    status = 502
    title = "The provider's tokens were refused"


class IdTokenRefused(CheckRefused):
    title = "The id_token was refused"


class SignOutRefused(CheckRefused):
    title = "The way back from the sign-out was refused"
    of_a_sign_in = False


class LogoutTokenRefused(CheckRefused):
    title = "The logout token was refused"


class UserInfoRefused(CheckRefused):
    status = 502
    title = "UserInfo was refused"


class ResourceRefused(RelyingPartyError):
    status = 502
    title = "A protected resource did not answer"


class SignedOutMeanwhile(RelyingPartyError):
    title = "You were signed out meanwhile"

    def __init__(self) -> None:
        super().__init__("The provider ended your session while you were signing in here.")


class SignInEnded(RelyingPartyError):
    status = 401
    title = "The sign-in has ended"

    def __init__(self) -> None:
        super().__init__("The sign-in has ended at the provider: it gives no new access token.")


class RefreshBusy(RelyingPartyError):
    status = 503
    title = "The access token is being renewed"
    retry_after = 1

    def __init__(self) -> None:
        super().__init__("Another page of yours is renewing the access token and has not finished. Try again.")
