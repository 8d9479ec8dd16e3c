"""The next step of every authorization: login, consent, a response or an error.

`/authorize`, the login page, the consent page and the device page return here after each action of the user; none of
them decides by itself what comes next.
"""

from dataclasses import dataclass
from enum import Enum, auto

from op import records
from op.errors import AccessDenied, ConsentRequired, LoginRequired, OAuthError
from op.protocol.authorization.consent import consent_is_needed
from op.protocol.authorization.request import has_logged_in_since, is_for_another_user, login_is_needed
from op.records import AuthorizationRequest, DeviceRequest, LoginRequest, Session


class Decision(Enum):
    """What a user has just decided on a page that asks for consent."""

    ALLOWED = auto()
    DENIED = auto()


@dataclass(frozen=True, slots=True)
class Login:
    """The user must log in."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The user must be asked for consent."""


@dataclass(frozen=True, slots=True)
class Respond:
    """The client gets what it requested."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The client gets an error."""

    error: OAuthError


Step = Login | Consent | Respond | Refuse


def next_step(
    request: AuthorizationRequest | DeviceRequest,
    session: Session | None,
    consent: records.Consent | Decision | None,
    now: int,
    *,
    first_party: bool = False,
    pending: LoginRequest | None = None,
) -> Step:
    """What comes next for a request that passed every check (OpenID Connect Core §3.1.2.3, §3.1.2.4, RFC 8628 §3.3).

    `session` is that of the browser, with the `sub` that the client knows; `consent` is the decision that the user has
    just made, or else a stored consent; `now` is in seconds since the epoch. A `first_party` client needs no consent;
    `pending` is the pending authorization if the user has already been sent to a page.
    """
    if isinstance(request, DeviceRequest):
        return _device_step(session, consent)
    step = _interactive_step(request, session, consent, now, first_party=first_party, pending=pending)
    if "none" in request.prompts and isinstance(step, Login):
        return Refuse(LoginRequired("The user must sign in. Send the request without prompt=none."))
    if "none" in request.prompts and isinstance(step, Consent):
        return Refuse(ConsentRequired("The user must give consent. Send the request without prompt=none."))
    return step


def _interactive_step(
    request: AuthorizationRequest,
    session: Session | None,
    consent: records.Consent | Decision | None,
    now: int,
    *,
    first_party: bool,
    pending: LoginRequest | None,
) -> Step:
    """The next step if pages may be shown."""
    logged_in_since = pending is not None and has_logged_in_since(pending, session, now)
    if session is None or (login_is_needed(request, session, now) and not logged_in_since):
        return Login()
    if consent is Decision.DENIED:
        return Refuse(AccessDenied("The user denied the request."))
    if is_for_another_user(request, session):
        return Refuse(LoginRequired("The user who signed in is not the one that the request names."))
    remembered = consent if isinstance(consent, records.Consent) else None
    allowed = consent is Decision.ALLOWED
    if allowed or not consent_is_needed(request, remembered, now, first_party=first_party):
        return Respond()
    return Consent()


def _device_step(session: Session | None, consent: records.Consent | Decision | None) -> Step:
    """A device always needs consent; everybody with its code can deny it, but allowing it requires a session."""
    if consent is Decision.DENIED:
        return Refuse(AccessDenied("The user denied the request."))
    if session is None:
        return Login()
    return Respond() if consent is Decision.ALLOWED else Consent()
