"""The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2): what is checked, in order.

`recognise_redirect` comes first: what fails before the redirect_uri is known never redirects (RFC 6749 §4.1.2.1).
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
from op.protocol.authorization.response_type import CODE, GRANT_TYPE_OF, answers_in_fragment, canonical
from op.protocol.authorization.scope import granted_scope, without_offline_access
from op.records import AuthorizationRequest, Client, Grant, LoginRequest, Session
from servicekit.web.parameters import Parameters

PROMPTS = ("none", "login", "consent", "select_account")
DISPLAYS = ("page", "popup", "touch")  # one layout that fits them all (§3.1.2.1)
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
class Asked:
    """A request of a known client whose redirect_uri is its own, before the checks."""

    client: Client
    parameters: Parameters
    policy: Policy
    pushed: bool = False
    signed: bool = False

    def get(self, name: str) -> str | None:
        return self.parameters.get(name)

    @property
    def scope(self) -> str:
        """`offline_access` is granted only for a code, and if a user or an administrator allows it (OIDC Core §11)."""
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
        """Whether it is an OpenID Connect request at all (OpenID Connect Core §3.1.2.1)."""
        return "openid" in (self.get("scope") or "").split()


def recognise_client_id(parameters: Parameters) -> str:
    """The client_id; raises UnknownRedirect (RFC 6749 §3.1.2.4)."""
    if parameters.repeated & {"client_id", "redirect_uri"}:
        raise UnknownRedirect("Which application is this?", "client_id or redirect_uri was sent more than once.")
    if "client_id" not in parameters:
        raise UnknownRedirect("Which application is this?", "The request has no client_id.")
    return parameters["client_id"]


def recognise_redirect(parameters: Parameters, client: Client) -> str:
    """The redirect_uri, compared as an exact string (RFC 6749 §3.1.2.3, RFC 9700 §4.1.3); raises UnknownRedirect."""
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None:
        raise UnknownRedirect("Where should this sign-in return to?", "The request has no redirect_uri.")
    if redirect_uri not in client.redirect_uris:
        raise UnknownRedirect(
            "This return address is not registered",
            "The redirect_uri is not exactly one of those registered for this application.",
            redirect_uri,
        )
    return redirect_uri


def check_repeated(asked: Asked) -> None:
    """No parameter more than once (RFC 6749 §3.1)."""
    repetition = asked.parameters.repetition()
    if repetition:
        raise InvalidRequest(repetition)


def check_lengths(asked: Asked) -> None:
    """What is kept as it came, and sent back in a URL, a token or a page, has a bounded length.

    OpenID Connect Core §3.1.2.1; RFC 6749 §4.1.2.1.
    """
    for name in ("state", "nonce", "login_hint", "prompt", "acr_values", "ui_locales"):
        if len(asked.get(name) or "") > TEXT_LIMIT:
            raise InvalidRequest(f"{name} is longer than {TEXT_LIMIT} characters")


def check_registration(asked: Asked) -> None:
    """`registration` is rejected, not ignored, since it would change the request (OpenID Connect Core §7.2.1)."""
    if "registration" in asked.parameters:
        raise RegistrationNotSupported("registration is not supported")


def check_origin(asked: Asked) -> None:
    """Pushed or signed, where the client is registered so, or all have to (RFC 9126 §5, §6; RFC 9101 §10.5)."""
    if not asked.pushed and (asked.policy.require_pushed or asked.client.require_pushed_authorization_requests):
        raise InvalidRequest("this request must be pushed first")
    if asked.client.require_signed_request_object and not asked.signed:
        raise InvalidRequest("this client must sign its requests")


def check_response_type(asked: Asked) -> None:
    """One that there is, and that the client is registered for (RFC 6749 §3.1.1, Core §3.1.2.1, §3.2.2.1)."""
    if "response_type" not in asked.parameters:
        raise InvalidRequest("response_type is required")
    if asked.response_type not in asked.policy.response_types:
        raise UnsupportedResponseType(f"response_type must be {' or '.join(asked.policy.response_types)}")
    if GRANT_TYPE_OF[asked.response_type] not in asked.client.grant_types:
        raise UnauthorizedClient(f"this client is not registered for {GRANT_TYPE_OF[asked.response_type]}")
    if asked.response_type not in asked.client.response_types:
        raise UnauthorizedClient("this client is not registered for this response_type")


def check_response_mode(asked: Asked) -> None:
    """One that there is (OAuth 2.0 Multiple Response Types §2.1); no tokens travel in a query (§5, JARM §2.3.1)."""
    response_mode = asked.get("response_mode")
    if response_mode not in (None, *RESPONSE_MODES):
        raise InvalidRequest(f"response_mode must be one of {', '.join(RESPONSE_MODES)}")
    if response_mode in ("query", "query.jwt") and answers_in_fragment(asked.response_type):
        raise InvalidRequest("response_mode query is for a code alone")


def check_scope(asked: Asked) -> None:
    """A scope that the client is registered for (RFC 6749 §3.3); `openid` for an id_token (OIDC Core §3.2.2.1)."""
    if "openid" not in asked.scope.split() and not asked.wants_code:
        raise InvalidScope("an id_token needs the scope openid")


def check_nonce(asked: Asked) -> None:
    """A nonce with `openid`: by client, else for all (Core §3.1.2.1); always where no code is asked for (§3.2.2.1)."""
    registered = asked.client.require_nonce
    required = asked.policy.require_nonce if registered is None else registered
    required = required or answers_in_fragment(asked.response_type)
    if asked.is_openid and required and "nonce" not in asked.parameters:
        raise NonceRequired("nonce is required when the scope has openid")


def check_pkce(asked: Asked) -> None:
    """PKCE with S256 (RFC 7636 §4.4.1): by client, else for all; public clients always need it (RFC 9700 §2.1.1).

    OpenID Connect Core §3.1.2.1.
    """
    registered = asked.client.require_pkce
    required = asked.client.public or (asked.policy.require_pkce if registered is None else registered)
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
    check_challenge(challenge, method, required=required and asked.wants_code)


def check_prompt(asked: Asked) -> None:
    """`none` stands alone (OpenID Connect Core §3.1.2.1)."""
    prompts = (asked.get("prompt") or "").split()
    if "none" in prompts and len(set(prompts)) > 1:
        raise InvalidRequest("prompt=none cannot be combined with another value")


def check_max_age(asked: Asked) -> None:
    """A whole number of seconds (OpenID Connect Core §3.1.2.1)."""
    max_age = asked.get("max_age")
    if max_age is not None and not (max_age.isascii() and max_age.isdecimal() and len(max_age) <= 10):
        raise InvalidRequest("max_age must be a whole number of seconds")


def check_claims(asked: Asked) -> None:
    """JSON of the right form (OpenID Connect Core §5.5), and a login that there is (§5.5.1.1)."""
    claims = parse_claims(asked.get("claims"))
    demanded_subject(claims)
    check_acr(claims)


CHECKS: tuple[Callable[[Asked], None], ...] = (
    check_repeated,
    check_lengths,
    check_registration,
    check_origin,
    check_nonce,
    check_response_type,
    check_response_mode,
    check_scope,
    check_pkce,
    check_prompt,
    check_max_age,
    check_claims,
)


def validate(asked: Asked) -> AuthorizationRequest:
    """All checks in order; only this makes an AuthorizationRequest. Raises OAuthError.

    OpenID Connect Core §3.1.2.2, §4; OpenID Connect Dynamic Client Registration §2; RFC 9101 §6.3.
    """
    for check in CHECKS:
        check(asked)
    max_age = asked.get("max_age")
    claims = parse_claims(asked.get("claims"))
    return AuthorizationRequest(
        client_id=asked.client.client_id,
        redirect_uri=asked.parameters["redirect_uri"],
        scope=asked.scope,
        state=asked.get("state"),
        nonce=asked.get("nonce"),
        code_challenge=asked.get("code_challenge"),
        prompt=asked.get("prompt") or "",
        max_age=asked.client.default_max_age if max_age is None else int(max_age),
        login_hint=asked.get("login_hint"),
        claims=with_acr_values(claims, asked.get("acr_values") or " ".join(asked.client.default_acr_values) or None),
        sub=demanded_subject(claims),
        ui_locales=asked.get("ui_locales"),
        response_type=asked.response_type,
        response_mode=known_mode(asked.get("response_mode"), asked.response_type),
    )


def about(request: AuthorizationRequest, sub: str) -> AuthorizationRequest:
    """The request, about the person whom an id_token_hint names (OpenID Connect Core §3.1.2.1)."""
    if request.sub not in (None, sub):
        raise InvalidRequest("id_token_hint and claims name two persons")
    return dataclasses.replace(request, sub=sub)


def is_somebody_else(request: AuthorizationRequest, session: Session) -> bool:
    """Whether the request is about another person than the one who is logged in (OpenID Connect Core §3.1.2.2).

    OpenID Connect Core §5.5.1.
    """
    return request.sub not in (None, session.sub)


def login_is_needed(request: AuthorizationRequest, session: Session | None, now: int) -> bool:
    """Whether the person must log in for this request (OpenID Connect Core §3.1.2.3).

    OpenID Connect Core §3.1.2.1.
    """
    if session is None or request.prompts & {"login", "select_account"}:
        return True
    if is_somebody_else(request, session):
        return True
    if request.max_age == 0:  # the same as prompt=login, also within one second (§3.1.2.1)
        return True
    return request.max_age is not None and now - session.auth_time > request.max_age


def is_logged_in_since(login: LoginRequest, session: Session | None, now: int) -> bool:
    """Whether a login that came after the request answers it, in another tab or because the cookie came late.

    A request that demands a fresh login is answered by a new session alone.

    OpenID Connect Core §3.1.2.1.
    """
    if session is None:
        return False
    fresh = session.sid != login.sid and session.auth_time >= login.created_at
    return fresh or not login_is_needed(login.request, session, now)


def grant_of(request: AuthorizationRequest, session: Session, gid: str) -> Grant:
    """What is granted to the client of a request, in the session that answers it."""
    return Grant(
        gid=gid,
        client_id=request.client_id,
        sub=session.sub,
        scope=request.scope,
        auth_time=session.auth_time,
        sid=session.sid,
        claims=request.claims,
    )
