"""The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2) and its checks, in order.

`recognise_redirect` comes first: an error before the redirect_uri is verified is never redirected (RFC 6749 §4.1.2.1).
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from op.errors import (
    InvalidRequest,
    InvalidScope,
    NonceRequired,
    RegistrationNotSupported,
    UnauthorizedClient,
    UnknownRedirect,
    UnsupportedResponseType,
)
from op.protocol.authorization.authentication_context import check_acr, with_acr_values
from op.protocol.authorization.claims_request import demanded_subject, parse_claims
from op.protocol.authorization.pkce import check_challenge
from op.protocol.authorization.response import RESPONSE_MODES, known_mode
from op.protocol.authorization.response_type import CODE, GRANT_TYPE_OF, canonical, needs_fragment
from op.protocol.authorization.scope import granted_scope, without_offline_access
from op.records import AuthorizationRequest, Client, Grant, LoginRequest, Session
from servicekit.web.parameters import Parameters

PROMPTS = ("none", "login", "consent", "select_account")
DISPLAYS = ("page", "popup", "touch")  # one layout serves all of them (§3.1.2.1)
TEXT_LIMIT = 2048
MAX_AGE_LIMIT = 9_999_999_999


@dataclass(frozen=True, slots=True)
class Policy:
    """What this provider demands of every request."""

    require_nonce: bool
    require_pkce: bool
    require_pushed: bool = False
    response_types: tuple[str, ...] = (CODE,)


@dataclass(frozen=True, slots=True)
class UncheckedRequest:
    """A request of a known client with one of its redirect URIs, before the other checks."""

    client: Client
    parameters: Parameters
    policy: Policy
    pushed: bool = False
    signed: bool = False

    def get(self, name: str) -> str | None:
        return self.parameters.get(name)

    @property
    def scope(self) -> str:
        """The scope to grant: `offline_access` only with a code, and if the user or administrator allows it.

        OpenID Connect Core §11.
        """
        granted = granted_scope(self.get("scope"), self.client.scope)
        allowed = self.client.first_party or "consent" in (self.get("prompt") or "").split()
        return granted if allowed and self.wants_code else without_offline_access(granted)

    @property
    def response_type(self) -> str:
        return canonical(self.get("response_type") or "")

    @property
    def wants_code(self) -> bool:
        return self.response_type == CODE

    @property
    def is_openid(self) -> bool:
        """Whether it is an OpenID Connect request, and not one of OAuth 2.0 alone (OpenID Connect Core §3.1.2.1)."""
        return "openid" in (self.get("scope") or "").split()


def recognise_client_id(parameters: Parameters) -> str:
    """The client_id of a request; raises UnknownRedirect (RFC 6749 §3.1.2.4)."""
    if parameters.repeated & {"client_id", "redirect_uri"}:
        raise UnknownRedirect(
            "The request does not name an application", "The request contains client_id or redirect_uri more than once."
        )
    if "client_id" not in parameters:
        raise UnknownRedirect("The request does not name an application", "The request has no client_id.")
    return parameters["client_id"]


def recognise_redirect(parameters: Parameters, client: Client) -> str:
    """The redirect_uri, compared as an exact string (RFC 6749 §3.1.2.3, RFC 9700 §4.1.3); raises UnknownRedirect."""
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None:
        raise UnknownRedirect("The request does not name a redirect URI", "The request has no redirect_uri.")
    if redirect_uri not in client.redirect_uris:
        raise UnknownRedirect(
            "The redirect URI is not registered",
            "The redirect_uri must exactly match one of the redirect URIs that are registered for this application.",
            redirect_uri,
        )
    return redirect_uri


def check_repeated(request: UncheckedRequest) -> None:
    """No parameter is a duplicate (RFC 6749 §3.1)."""
    repetition = request.parameters.repetition()
    if repetition:
        raise InvalidRequest(repetition)


def check_lengths(request: UncheckedRequest) -> None:
    """Parameters that are stored and returned unchanged, in a URL, a token or a page, have a maximum length.

    OpenID Connect Core §3.1.2.1; RFC 6749 §4.1.2.1.
    """
    for name in ("state", "nonce", "login_hint", "prompt", "acr_values", "ui_locales"):
        if len(request.get(name) or "") > TEXT_LIMIT:
            raise InvalidRequest(f"The parameter {name} must not be longer than {TEXT_LIMIT} characters.")


def check_registration(request: UncheckedRequest) -> None:
    """An unsupported parameter that would change the request is rejected, not ignored (OpenID Connect Core §7.2.1)."""
    if "registration" in request.parameters:
        raise RegistrationNotSupported(
            "The parameter registration is not supported. Register the client before the request."
        )


def check_delivery(request: UncheckedRequest) -> None:
    """Pushed or signed, if the client or the provider requires it (RFC 9126 §5, §6; RFC 9101 §10.5)."""
    if not request.pushed and (request.policy.require_pushed or request.client.require_pushed_authorization_requests):
        raise InvalidRequest(
            "This client must push its authorization requests. Send the parameters to /par, then use the request_uri."
        )
    if request.client.require_signed_request_object and not request.signed:
        raise InvalidRequest("This client must sign its authorization requests. Send a signed request object.")


def check_response_type(request: UncheckedRequest) -> None:
    """Supported, and registered for the client (RFC 6749 §3.1.1, Core §3.1.2.1, §3.2.2.1)."""
    if "response_type" not in request.parameters:
        raise InvalidRequest("The parameter response_type is missing.")
    if request.response_type not in request.policy.response_types:
        raise UnsupportedResponseType(f"The response_type must be {' or '.join(request.policy.response_types)}.")
    if GRANT_TYPE_OF[request.response_type] not in request.client.grant_types:
        raise UnauthorizedClient(
            "This client may not use this response_type. "
            f"Add {GRANT_TYPE_OF[request.response_type]} to its grant_types."
        )
    if request.response_type not in request.client.response_types:
        raise UnauthorizedClient("This client may not use this response_type. Add it to the client's response_types.")


def check_response_mode(request: UncheckedRequest) -> None:
    """Supported (OAuth 2.0 Multiple Response Types §2.1); tokens are never sent in a query (§5, JARM §2.3.1)."""
    response_mode = request.get("response_mode")
    if response_mode not in (None, *RESPONSE_MODES):
        raise InvalidRequest(f"The response_mode must be one of {', '.join(RESPONSE_MODES)}.")
    if response_mode in ("query", "query.jwt") and needs_fragment(request.response_type):
        raise InvalidRequest("The response_mode query cannot carry tokens. Use fragment or form_post.")


def check_scope(request: UncheckedRequest) -> None:
    """At least one registered scope (RFC 6749 §3.3); an ID token requires `openid`.

    OpenID Connect Core §3.2.2.1.
    """
    if "openid" not in request.scope.split() and not request.wants_code:
        raise InvalidScope("An ID token requires the scope openid. Add openid to the scope.")


def check_nonce(request: UncheckedRequest) -> None:
    """A nonce, if the client or the provider requires it (Core §3.1.2.1); always in the implicit flow (§3.2.2.1).

    In the implicit flow the client gets the error. The requirement for a code is the provider's own (NonceRequired).
    """
    if not request.is_openid or "nonce" in request.parameters:
        return
    if needs_fragment(request.response_type):
        raise InvalidRequest("A request with this response_type must have a nonce. Add `nonce`.")
    registered = request.client.require_nonce
    if request.policy.require_nonce if registered is None else registered:
        raise NonceRequired(
            "This client must send a nonce. Add `nonce`, or register the client with `require_nonce: false`."
        )


def check_pkce(request: UncheckedRequest) -> None:
    """PKCE with S256, if the client or the provider requires it (RFC 7636 §4.4.1; OpenID Connect Core §3.1.2.1).

    Public clients always need it (RFC 9700 §2.1.1).
    """
    registered = request.client.require_pkce
    required = request.client.public or (request.policy.require_pkce if registered is None else registered)
    challenge, method = request.get("code_challenge"), request.get("code_challenge_method")
    check_challenge(challenge, method, required=required and request.wants_code)


def check_prompt(request: UncheckedRequest) -> None:
    """`none` is not combined with another value (OpenID Connect Core §3.1.2.1)."""
    prompts = (request.get("prompt") or "").split()
    if "none" in prompts and len(set(prompts)) > 1:
        raise InvalidRequest("The prompt none cannot be combined with another value.")


def check_max_age(request: UncheckedRequest) -> None:
    """A whole number of seconds (OpenID Connect Core §3.1.2.1)."""
    max_age = request.get("max_age")
    if max_age is not None and not (max_age.isascii() and max_age.isdecimal() and len(max_age) <= 10):
        raise InvalidRequest("The parameter max_age must be a whole number of seconds.")


def check_claims(request: UncheckedRequest) -> None:
    """Well-formed (OpenID Connect Core §5.5), and with an `acr` that is supported if one is essential (§5.5.1.1)."""
    claims = parse_claims(request.get("claims"))
    demanded_subject(claims)
    check_acr(claims)


CHECKS: tuple[Callable[[UncheckedRequest], None], ...] = (
    check_repeated,
    check_lengths,
    check_registration,
    check_delivery,
    check_nonce,
    check_response_type,
    check_response_mode,
    check_scope,
    check_pkce,
    check_prompt,
    check_max_age,
    check_claims,
)


def validate(request: UncheckedRequest) -> AuthorizationRequest:
    """Run all checks in order; only this function creates an AuthorizationRequest. Raises OAuthError.

    OpenID Connect Core §3.1.2.2, §4; OpenID Connect Dynamic Client Registration §2; RFC 9101 §6.3.
    """
    for check in CHECKS:
        check(request)
    max_age = request.get("max_age")
    claims = parse_claims(request.get("claims"))
    return AuthorizationRequest(
        client_id=request.client.client_id,
        redirect_uri=request.parameters["redirect_uri"],
        scope=request.scope,
        state=request.get("state"),
        nonce=request.get("nonce"),
        code_challenge=request.get("code_challenge"),
        prompt=request.get("prompt") or "",
        max_age=request.client.default_max_age if max_age is None else int(max_age),
        login_hint=request.get("login_hint"),
        claims=with_acr_values(
            claims, request.get("acr_values") or " ".join(request.client.default_acr_values) or None
        ),
        sub=demanded_subject(claims),
        ui_locales=request.get("ui_locales"),
        response_type=request.response_type,
        response_mode=known_mode(request.get("response_mode"), request.response_type),
    )


def with_subject(request: AuthorizationRequest, sub: str) -> AuthorizationRequest:
    """The request, limited to the user whom an id_token_hint names (OpenID Connect Core §3.1.2.1)."""
    if request.sub not in (None, sub):
        raise InvalidRequest("The parameters id_token_hint and claims name different users.")
    return dataclasses.replace(request, sub=sub)


def is_for_another_user(request: AuthorizationRequest, session: Session) -> bool:
    """Whether the request names a user other than the one who is logged in (OpenID Connect Core §3.1.2.2).

    OpenID Connect Core §5.5.1.
    """
    return request.sub not in (None, session.sub)


def login_is_needed(request: AuthorizationRequest, session: Session | None, now: int) -> bool:
    """Whether the user must log in for this request (OpenID Connect Core §3.1.2.3; OpenID Connect Core §3.1.2.1)."""
    if session is None or request.prompts & {"login", "select_account"}:
        return True
    if is_for_another_user(request, session):
        return True
    if request.max_age == 0:  # the same as prompt=login, also within one second (§3.1.2.1)
        return True
    return request.max_age is not None and now - session.auth_time > request.max_age


def has_logged_in_since(login: LoginRequest, session: Session | None, now: int) -> bool:
    """Whether the user has logged in since the request, in another tab or before the browser sent its cookie.

    A request that demands a fresh login is satisfied only by a new session.

    OpenID Connect Core §3.1.2.1.
    """
    if session is None:
        return False
    fresh = session.sid != login.sid and session.auth_time >= login.created_at
    return fresh or not login_is_needed(login.request, session, now)


def grant_of(request: AuthorizationRequest, session: Session, gid: str) -> Grant:
    """The grant of a request, given in `session`."""
    return Grant(
        gid=gid,
        client_id=request.client_id,
        sub=session.sub,
        scope=request.scope,
        auth_time=session.auth_time,
        sid=session.sid,
        claims=request.claims,
    )
