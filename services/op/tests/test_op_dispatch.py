"""The next step of every authorization, in tables, without an application."""

from typing import Any

import pytest

from op import records
from op.authorization.dispatch import Consent, Decision, Login, Refuse, Respond, Step, next_step
from op.errors import AccessDenied, ConsentRequired, LoginRequired
from op.records import AuthorizationRequest, DeviceRequest, LoginRequest, Session

NOW = 1000
ALLOWED, DENIED = Decision.ALLOWED, Decision.DENIED
REMEMBERED = records.Consent(scope="openid email", claims=("name",), given_at=0, expires_at=NOW + 1)
ENDED = records.Consent(scope="openid email", given_at=0, expires_at=NOW)
DEVICE = DeviceRequest(client_id="tv", scope="openid", expires_at=NOW + 1)


def request(**changes: Any) -> AuthorizationRequest:
    return AuthorizationRequest(
        **({"client_id": "web", "redirect_uri": "http://web.test/", "scope": "openid"} | changes)
    )


def session(sub: str = "ada", auth_time: int = 900, sid: str = "here") -> Session:
    return Session(sid=sid, sub=sub, auth_time=auth_time)


def pending(incoming: AuthorizationRequest, *, since: int = 950, sid: str | None = None) -> LoginRequest:
    return LoginRequest(id="id", browser="browser", created_at=since, request=incoming, sid=sid)


def shown(step: Step) -> object:
    """A step, or the class of its error."""
    return type(step.error) if isinstance(step, Refuse) else step


@pytest.mark.parametrize(
    ("incoming", "present", "consent", "expected"),
    [
        pytest.param(request(), None, None, Login(), id="not logged in"),
        pytest.param(request(), session(), None, Consent(), id="logged in, never consented"),
        pytest.param(request(), session(), REMEMBERED, Respond(), id="logged in, allowed before"),
        pytest.param(request(), session(), ENDED, Consent(), id="the consent has ended"),
        pytest.param(request(scope="openid phone"), session(), REMEMBERED, Consent(), id="a wider scope"),
        pytest.param(request(claims={"userinfo": {"name": {}}}), session(), REMEMBERED, Respond(), id="a known claim"),
        pytest.param(request(claims={"userinfo": {"picture": {}}}), session(), REMEMBERED, Consent(), id="a new claim"),
        pytest.param(request(prompt="consent"), session(), REMEMBERED, Consent(), id="prompt=consent"),
        pytest.param(request(prompt="login"), session(), REMEMBERED, Login(), id="prompt=login"),
        pytest.param(request(prompt="select_account"), session(), REMEMBERED, Login(), id="prompt=select_account"),
        pytest.param(request(prompt="none"), None, None, LoginRequired, id="prompt=none, not logged in"),
        pytest.param(request(prompt="none"), session(), None, ConsentRequired, id="prompt=none, never consented"),
        pytest.param(
            request(prompt="none"), session(), REMEMBERED, Respond(), id="prompt=none, with session and consent"
        ),
        pytest.param(
            request(prompt="none", sub="bob"), session(), REMEMBERED, LoginRequired, id="prompt=none, another user"
        ),
        pytest.param(request(sub="ada"), session(), REMEMBERED, Respond(), id="about the one who is logged in"),
        pytest.param(request(sub="bob"), session(), REMEMBERED, Login(), id="for another user"),
        pytest.param(request(max_age=100), session(), REMEMBERED, Respond(), id="max_age is just kept"),
        pytest.param(request(max_age=99), session(), REMEMBERED, Login(), id="max_age has passed"),
        pytest.param(request(max_age=0), session(auth_time=NOW), REMEMBERED, Login(), id="max_age=0"),
        pytest.param(request(), session(), ALLOWED, Respond(), id="allowed just now"),
        pytest.param(request(prompt="consent"), session(), ALLOWED, Respond(), id="prompt=consent, allowed just now"),
        pytest.param(request(), session(), DENIED, AccessDenied, id="denied just now"),
        pytest.param(request(), None, ALLOWED, Login(), id="allowed, but the session has ended"),
        pytest.param(request(), None, DENIED, Login(), id="denied, but the session has ended"),
        pytest.param(DEVICE, None, None, Login(), id="device, not logged in"),
        pytest.param(DEVICE, session(), None, Consent(), id="device, logged in"),
        pytest.param(DEVICE, session(), REMEMBERED, Consent(), id="device, allowed before"),
        pytest.param(DEVICE, None, ALLOWED, Login(), id="device, allowed without session"),
        pytest.param(DEVICE, session(), ALLOWED, Respond(), id="device, allowed"),
        pytest.param(DEVICE, session(), DENIED, AccessDenied, id="device, denied"),
        pytest.param(DEVICE, None, DENIED, AccessDenied, id="device, denied without a login"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.3, §3.1.2.4, §3.1.2.6", "RFC 8628 §3.3")
def test_next_step_is_decided(
    incoming: AuthorizationRequest | DeviceRequest,
    present: Session | None,
    consent: records.Consent | Decision | None,
    expected: object,
) -> None:
    """One function decides between login, consent, response and error, for the authorization endpoint and the
    login, consent and device pages.
    """
    assert shown(next_step(incoming, present, consent, NOW)) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [("", Respond()), ("none", Respond()), ("consent", Consent()), ("none consent", ConsentRequired)],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.3, §3.1.2.4, §3.1.2.6", "RFC 8628 §3.3")
def test_first_party_client_needs_consent_only_when_prompted(prompt: str, expected: object) -> None:
    assert shown(next_step(request(prompt=prompt), session(), None, NOW, first_party=True)) == expected


@pytest.mark.parametrize(
    ("incoming", "present", "since_sid", "expected"),
    [
        pytest.param(request(prompt="login"), session(auth_time=950), "before", Respond(), id="a new session"),
        pytest.param(request(prompt="login"), session(auth_time=950), None, Respond(), id="the first session"),
        pytest.param(request(prompt="login"), session(auth_time=949), None, Login(), id="older than the request"),
        pytest.param(request(prompt="login"), session(auth_time=950), "here", Login(), id="the session of before"),
        pytest.param(request(), session(auth_time=900), "here", Respond(), id="no new login is demanded"),
        pytest.param(request(sub="bob"), session(auth_time=950), None, LoginRequired, id="another user logged in"),
        pytest.param(request(sub="bob"), session(auth_time=900), None, Login(), id="another user was logged in"),
        pytest.param(request(), None, None, Login(), id="no login yet"),
        pytest.param(request(max_age=49), session(auth_time=950), "before", Respond(), id="too old now, fresh then"),
        pytest.param(request(max_age=49), session(auth_time=950), "here", Login(), id="max_age has passed since"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.3, §3.1.2.4, §3.1.2.6", "RFC 8628 §3.3")
def test_pending_authorization_continues_after_login(
    incoming: AuthorizationRequest, present: Session | None, since_sid: str | None, expected: object
) -> None:
    waiting = pending(incoming, sid=since_sid)
    assert shown(next_step(incoming, present, REMEMBERED, NOW, pending=waiting)) == expected


@pytest.mark.parametrize(
    ("incoming", "present", "consent", "description"),
    [
        (request(prompt="none"), None, None, "The user must sign in. Send the request without prompt=none."),
        (request(prompt="none"), session(), None, "The user must give consent. Send the request without prompt=none."),
        (request(), session(), DENIED, "The user denied the request."),
        (DEVICE, session(), DENIED, "The user denied the request."),
        (
            request(sub="bob"),
            session(auth_time=950),
            None,
            "The user who signed in is not the one that the request names.",
        ),
    ],
)
@pytest.mark.spec("RFC 6749 §4.1.2.1")
def test_error_says_why(
    incoming: AuthorizationRequest | DeviceRequest,
    present: Session | None,
    consent: Decision | None,
    description: str,
) -> None:
    """The reason is the `error_description` for the client."""
    waiting = None if isinstance(incoming, DeviceRequest) else pending(incoming)
    step = next_step(incoming, present, consent, NOW, pending=waiting)
    assert isinstance(step, Refuse)
    assert step.error.description == description


@pytest.mark.spec("OpenID Connect Core §3.1.2.3, §3.1.2.4, §3.1.2.6", "RFC 8628 §3.3")
def test_denial_has_precedence_over_another_user() -> None:
    incoming = request(sub="bob")
    step = next_step(incoming, session(auth_time=950), DENIED, NOW, pending=pending(incoming))
    assert shown(step) is AccessDenied
