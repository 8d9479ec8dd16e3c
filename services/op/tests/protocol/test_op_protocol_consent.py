"""When consent is needed (OpenID Connect Core §3.1.2.4)."""

from typing import Any

import pytest

from op.protocol.authorization.consent import claims_beyond_scope, consent_is_needed, consented
from op.records import AuthorizationRequest, Consent

NICKNAME: dict[str, Any] = {"id_token": {"nickname": {}}}


def request(**changes: Any) -> AuthorizationRequest:
    return AuthorizationRequest(**({"client_id": "app", "redirect_uri": "http://a/b", "scope": "openid"} | changes))


def consent(scope: str = "openid email", claims: tuple[str, ...] = (), expires_at: int = 200) -> Consent:
    return Consent(scope=scope, claims=claims, given_at=0, expires_at=expires_at)


@pytest.mark.parametrize(
    ("changes", "given", "now", "needed"),
    [
        pytest.param({}, None, 100, True, id="never asked"),
        pytest.param({}, consent(), 199, False, id="allowed, one second before it ends"),
        pytest.param({}, consent(), 200, True, id="ended"),
        pytest.param({}, consent("email"), 100, True, id="another scope"),
        pytest.param({"scope": "openid email"}, consent("email openid"), 100, False, id="in another order"),
        pytest.param({"scope": "openid email"}, consent("openid"), 100, True, id="a wider scope"),
        pytest.param({"claims": NICKNAME}, consent(), 100, True, id="a claim beyond the scope"),
        pytest.param({"claims": NICKNAME}, consent(claims=("nickname",)), 100, False, id="a claim that was allowed"),
        pytest.param({"claims": NICKNAME}, consent(claims=("name",)), 100, True, id="another claim"),
        pytest.param(
            {"claims": {"userinfo": {"email": {}}}, "scope": "openid email"}, consent(), 100, False, id="in the scope"
        ),
        pytest.param({"prompt": "consent"}, consent(), 100, True, id="prompt=consent"),
        pytest.param({"prompt": "login consent"}, consent(), 100, True, id="prompt=consent among others"),
        pytest.param({"prompt": "login"}, consent(), 100, False, id="another prompt"),
    ],
)
def test_consent_is_needed_for_what_is_not_allowed_yet(
    changes: dict[str, Any], given: Consent | None, now: int, needed: bool
) -> None:
    assert consent_is_needed(request(**changes), given, now) is needed


@pytest.mark.parametrize(("prompt", "needed"), [("", False), ("consent", True)])
def test_first_party_client_needs_consent_only_on_demand(prompt: str, needed: bool) -> None:
    assert consent_is_needed(request(prompt=prompt), None, 100, first_party=True) is needed


@pytest.mark.parametrize(
    ("scope", "claims", "beyond"),
    [
        pytest.param("openid", {}, (), id="nothing requested"),
        pytest.param("openid", {"userinfo": {"email": {}}}, ("email",), id="no scope opens it"),
        pytest.param("openid email", {"userinfo": {"email": {}}}, (), id="a scope opens it"),
        pytest.param("openid unknown", {"userinfo": {"sub": {}, "x": {}}}, (), id="no standard claim"),
        pytest.param(
            "openid email",
            {"userinfo": {"phone_number": {}, "email": {}}, "id_token": {"name": {}}},
            ("name", "phone_number"),
            id="in both places, in the order of Core §5.4",
        ),
    ],
)
def test_claims_beyond_the_scope_need_consent(scope: str, claims: dict[str, Any], beyond: tuple[str, ...]) -> None:
    assert claims_beyond_scope(request(scope=scope, claims=claims)) == beyond


@pytest.mark.parametrize(
    ("before", "scope", "claims"),
    [
        pytest.param(None, "openid", ("nickname",), id="the first one"),
        pytest.param(
            consent("openid profile", ("email", "nickname"), 101),
            "openid profile",
            ("email", "nickname"),
            id="added to one that has not ended",
        ),
        pytest.param(
            consent("openid profile", ("email",), 100), "openid", ("nickname",), id="in place of an ended one"
        ),
    ],
)
def test_consent_is_added_to_the_earlier_one(before: Consent | None, scope: str, claims: tuple[str, ...]) -> None:
    remembered = consented("openid", ("nickname",), before, 100, 10)
    assert remembered == Consent(scope=scope, claims=claims, given_at=100, expires_at=110)
