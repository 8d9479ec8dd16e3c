"""When a user must log in (OpenID Connect Core §3.1.2.1, §3.1.2.2, §3.1.2.3)."""

from typing import Any

import pytest

from op.protocol.authorization.request import has_logged_in_since, is_for_another_user, login_is_needed
from op.records import AuthorizationRequest, LoginRequest, Session

SESSION = Session(sid="sid", sub="user0", auth_time=100)


def request(**changes: Any) -> AuthorizationRequest:
    return AuthorizationRequest(**({"client_id": "app", "redirect_uri": "http://a/b", "scope": "openid"} | changes))


@pytest.mark.parametrize(("sub", "expected"), [(None, False), ("user0", False), ("ada", True), ("", True)])
@pytest.mark.spec("OpenID Connect Core §3.1.2.2")
def test_request_for_another_user_is_recognised(sub: str | None, expected: bool) -> None:
    """OpenID Connect Core §3.1.2.2."""
    assert is_for_another_user(request(sub=sub), SESSION) is expected


@pytest.mark.parametrize(
    ("changes", "session", "now", "needed"),
    [
        pytest.param({}, None, 100, True, id="no session"),
        pytest.param({}, SESSION, 10**9, False, id="a session of any age"),
        pytest.param({"prompt": "login"}, SESSION, 100, True, id="prompt=login"),
        pytest.param({"prompt": "select_account"}, SESSION, 100, True, id="prompt=select_account"),
        pytest.param({"prompt": "consent login"}, SESSION, 100, True, id="several prompts"),
        pytest.param({"prompt": "consent"}, SESSION, 100, False, id="prompt=consent"),
        pytest.param({"prompt": "none"}, SESSION, 100, False, id="prompt=none"),
        pytest.param({"sub": "ada"}, SESSION, 100, True, id="for another user"),
        pytest.param({"sub": "user0"}, SESSION, 100, False, id="about the one who is logged in"),
        pytest.param({"max_age": 0}, SESSION, 100, True, id="max_age 0 within the same second"),
        pytest.param({"max_age": 60}, SESSION, 160, False, id="as old as max_age"),
        pytest.param({"max_age": 60}, SESSION, 161, True, id="a second older"),
        pytest.param({"max_age": 1}, SESSION, 100, False, id="max_age 1"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_login_is_needed_as_the_request_demands(
    changes: dict[str, Any], session: Session | None, now: int, needed: bool
) -> None:
    """`prompt=none` must be the only value and shows no page. `login` requires a new login."""
    assert login_is_needed(request(**changes), session, now) is needed


@pytest.mark.parametrize(
    ("changes", "session", "expected"),
    [
        pytest.param(
            {"prompt": "login"}, Session(sid="new", sub="user0", auth_time=100), True, id="a login in the same second"
        ),
        pytest.param({"prompt": "login"}, Session(sid="new", sub="user0", auth_time=101), True, id="a later login"),
        pytest.param({"prompt": "login"}, Session(sid="new", sub="user0", auth_time=99), False, id="an earlier login"),
        pytest.param(
            {"prompt": "login"}, Session(sid="before", sub="user0", auth_time=101), False, id="the session from before"
        ),
        pytest.param({"prompt": "login"}, None, False, id="no session"),
        pytest.param({}, Session(sid="before", sub="user0", auth_time=99), True, id="no new login is demanded"),
        pytest.param({}, Session(sid="new", sub="user0", auth_time=99), True, id="any session if no login is demanded"),
        pytest.param({}, None, False, id="no session, no login demanded"),
        pytest.param(
            {"max_age": 101}, Session(sid="before", sub="user0", auth_time=99), True, id="just within max_age"
        ),
        pytest.param({"max_age": 100}, Session(sid="before", sub="user0", auth_time=99), False, id="beyond max_age"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §3.1.2.1")
def test_later_login_satisfies_a_pending_authorization(
    changes: dict[str, Any], session: Session | None, expected: bool
) -> None:
    """prompt=login is satisfied only by a new session."""
    login = LoginRequest(id="x", browser="y", created_at=100, request=request(**changes), sid="before")
    assert has_logged_in_since(login, session, 200) is expected
