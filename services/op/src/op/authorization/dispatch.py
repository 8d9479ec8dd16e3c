"""The one decision of every authorization: log in, ask for consent, respond, or refuse.

`/authorize`, the login page, the consent page and the device page all come back here after each thing that a person
did; none of them decides by itself what comes next.
"""

from dataclasses import dataclass
from enum import Enum, auto

from op import records
from op.errors import AccessDenied, ConsentRequired, LoginRequired, OAuthError
from op.protocol.authorization.consent import consent_is_needed
from op.protocol.authorization.request import is_logged_in_since, is_somebody_else, login_is_needed
from op.records import AuthorizationRequest, DeviceRequest, LoginRequest, Session


class Decision(Enum):
    """What a person has just decided on a page that asked for their consent."""

    ALLOWED = auto()
    DENIED = auto()


@dataclass(frozen=True, slots=True)
class Login:
    """The person has to log in."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The person has to be asked for consent."""


@dataclass(frozen=True, slots=True)
class Respond:
    """The client gets what it asked for."""


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

    `session` is the one of the browser, its `sub` as the client knows it; `consent` is what the person decided just
    now, else what is remembered of an earlier decision; `now` is in seconds since the epoch. `first_party` tells that
    the client needs no consent, `pending` that the request has waited for a login since, and in which session.
    """
    if isinstance(request, DeviceRequest):
        return _device_step(session, consent)
    step = _step_of_person(request, session, consent, now, first_party=first_party, pending=pending)
    if "none" in request.prompts and isinstance(step, Login):
        return Refuse(LoginRequired("The user must sign in. Send the request without prompt=none."))
    if "none" in request.prompts and isinstance(step, Consent):
        return Refuse(ConsentRequired("The user must give consent. Send the request without prompt=none."))
    return step


def _step_of_person(
    request: AuthorizationRequest,
    session: Session | None,
    consent: records.Consent | Decision | None,
    now: int,
    *,
    first_party: bool,
    pending: LoginRequest | None,
) -> Step:
    """What comes next where pages may be shown."""
    logged_in_since = pending is not None and is_logged_in_since(pending, session, now)
    if session is None or (login_is_needed(request, session, now) and not logged_in_since):
        return Login()
    if consent is Decision.DENIED:
        return Refuse(AccessDenied("The user denied the request."))
    if is_somebody_else(request, session):
        return Refuse(LoginRequired("The user who signed in is not the one that the request names."))
    remembered = consent if isinstance(consent, records.Consent) else None
    allowed = consent is Decision.ALLOWED
    if allowed or not consent_is_needed(request, remembered, now, first_party=first_party):
        return Respond()
    return Consent()


def _device_step(session: Session | None, consent: records.Consent | Decision | None) -> Step:
    """A device's request is always asked about; whoever has its code can deny it, a session is needed to allow it."""
    if consent is Decision.DENIED:
        return Refuse(AccessDenied("The user denied the request."))
    if session is None:
        return Login()
    return Respond() if consent is Decision.ALLOWED else Consent()
