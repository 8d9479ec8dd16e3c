"""Scopes, and the claims that they request (RFC 6749 §3.3, OpenID Connect Core §5.4)."""

import pytest
from protocol_testing import refused

from op.errors import InvalidScope
from op.protocol.authorization.scope import (
    ADDRESS_MEMBERS,
    CLAIM_TYPES,
    CLAIMS_BY_SCOPE,
    STANDARD_CLAIMS,
    claims_of,
    client_scope,
    gives_refresh_token,
    granted_scope,
    is_scope,
    narrowed_scope,
    still_registered,
    without_offline_access,
)

MALFORMED = [
    "",
    " ",
    " openid",
    "openid ",
    "openid  email",
    "öpenid",
    'a"b',
    "a\\b",
    "a\nb",
    "a\tb",
    "openid\n",
    "a\x7f",
]
PROFILE = (
    "name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate "
    "zoneinfo locale updated_at"
)
NOTHING_LEFT = "This client may not use the requested scopes. Request scopes that it is registered for."
BAD_FORM = "The scope must consist of names separated by single spaces."


@pytest.mark.parametrize("text", ["openid", "openid email", "!", "#", "[", "]", "~", "api:read", "https://a.test/x?y"])
def test_scope_is_names_with_single_spaces(text: str) -> None:
    assert is_scope(text)


@pytest.mark.parametrize("text", MALFORMED, ids=repr)
@pytest.mark.spec("RFC 6749 §3.3")
def test_malformed_scope_is_rejected(text: str) -> None:
    """A scope is a list of names separated by single spaces, in printable ASCII without quotes and backslashes."""
    assert not is_scope(text)


@pytest.mark.parametrize(
    ("requested", "registered", "granted"),
    [
        pytest.param("openid email", "openid email profile", "openid email", id="a part of it"),
        pytest.param("email openid", "openid email", "email openid", id="in the order of the request"),
        pytest.param("openid openid", "openid", "openid", id="a repeated name"),
        pytest.param("openid api", "openid", "openid", id="Core §3.1.2.1 an unknown name"),
        pytest.param(None, "openid email profile", "email profile", id="the default, without openid"),
        pytest.param(None, "a openid b", "a b", id="the default, in the order of the registration"),
    ],
)
@pytest.mark.spec("RFC 6749 §3.3")
def test_granted_scope_is_registered_and_requested(requested: str | None, registered: str, granted: str) -> None:
    """The granted scope is the part of the requested scope that the client is registered for. The token response
    says what was granted.
    """
    assert granted_scope(requested, registered) == granted


@pytest.mark.parametrize(
    ("requested", "registered", "description"),
    [
        pytest.param("api", "openid", NOTHING_LEFT, id="not registered"),
        pytest.param("open", "openid", NOTHING_LEFT, id="part of a name"),
        pytest.param("OPENID", "openid", NOTHING_LEFT, id="another case"),
        pytest.param(None, "openid", NOTHING_LEFT, id="openid is not a default"),
        *(pytest.param(text, "openid email", BAD_FORM, id=repr(text)) for text in MALFORMED),
    ],
)
@pytest.mark.spec("RFC 6749 §3.3")
def test_scope_that_cannot_be_granted_is_rejected(requested: str | None, registered: str, description: str) -> None:
    """A scope must have at least one name."""
    with refused(InvalidScope, description):
        granted_scope(requested, registered)


@pytest.mark.parametrize(
    ("requested", "registered", "granted"),
    [
        (None, "openid offline_access profile reports", "profile reports"),
        ("reports openid", "openid reports", "reports"),
        ("reports", "openid reports invoices", "reports"),
        ("reports offline_access", "offline_access reports", "reports"),
    ],
)
@pytest.mark.spec("RFC 6749 §4.4.2")
def test_client_scope_excludes_user_scopes(requested: str | None, registered: str, granted: str) -> None:
    """RFC 6749 §4.4.2."""
    assert client_scope(requested, registered) == granted


@pytest.mark.parametrize("requested", [None, "openid", "offline_access"])
def test_empty_client_scope_is_rejected(requested: str | None) -> None:
    with refused(InvalidScope, NOTHING_LEFT):
        client_scope(requested, "openid offline_access")


@pytest.mark.parametrize(
    ("granted", "left"),
    [
        ("openid", "openid"),
        ("openid offline_access", "openid"),
        ("a offline_access b", "a b"),
        ("offline_access2", "offline_access2"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §11")
def test_offline_access_is_removed(granted: str, left: str) -> None:
    """OpenID Connect Core §11."""
    assert without_offline_access(granted) == left


def test_offline_access_alone_is_rejected() -> None:
    with refused(InvalidScope, "The scope offline_access requires prompt=consent and at least one other scope."):
        without_offline_access("offline_access")


@pytest.mark.parametrize(
    ("registered", "granted", "gives"),
    [
        pytest.param("openid", "openid", True, id="not registered for offline_access"),
        pytest.param("openid offline_access", "openid", False, id="registered, and not requested"),
        pytest.param("openid offline_access", "openid offline_access", True, id="registered, and requested"),
        pytest.param("openid", "openid offline_access", True, id="no longer registered"),
        pytest.param("openid offline_access2", "openid", True, id="a longer name"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §11")
def test_refresh_token_depends_on_offline_access(registered: str, granted: str, gives: bool) -> None:
    """OpenID Connect Core §11."""
    assert gives_refresh_token(registered, granted) is gives


@pytest.mark.parametrize(
    ("requested", "narrowed"),
    [
        (None, "openid email"),
        ("email", "email"),
        ("email openid", "email openid"),
        ("email email", "email"),
    ],
)
@pytest.mark.spec("RFC 6749 §6")
def test_refreshed_scope_may_be_narrower(requested: str | None, narrowed: str) -> None:
    assert narrowed_scope(requested, "openid email") == narrowed


@pytest.mark.parametrize(
    ("requested", "description"),
    [
        ("openid profile", "The requested scope exceeds the granted scope."),
        ("profile", "The requested scope exceeds the granted scope."),
        *((text, BAD_FORM) for text in MALFORMED),
    ],
    ids=repr,
)
@pytest.mark.spec("RFC 6749 §6")
def test_refreshed_scope_is_never_wider(requested: str, description: str) -> None:
    """The scope may become narrower but never wider. Scopes that the client is no longer registered for are removed."""
    with refused(InvalidScope, description):
        narrowed_scope(requested, "openid email")


@pytest.mark.parametrize(
    ("granted", "registered", "left"),
    [("openid email", "email openid", "openid email"), ("openid email", "email", "email"), ("a b", "b c", "b")],
)
def test_grant_keeps_scopes_that_are_still_registered(granted: str, registered: str, left: str) -> None:
    assert still_registered(granted, registered) == left


def test_grant_without_registered_scopes_is_rejected() -> None:
    with refused(InvalidScope, "This client is no longer registered for any of the granted scopes."):
        still_registered("openid email", "api")


@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        pytest.param("openid email", {"email": "a@b.c", "email_verified": False}, id="false is a value"),
        pytest.param("profile", {}, id="null is not a value"),
        pytest.param("phone email", {"phone_number": "1", "email": "a@b.c", "email_verified": False}, id="two scopes"),
        pytest.param("unknown", {}, id="an unknown scope"),
        pytest.param("openid", {}, id="only openid"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §5.3.2, §5.4")
def test_scope_selects_known_claims(scope: str, claims: dict[str, object]) -> None:
    """OpenID Connect Core §5.3.2: The response is JSON with `sub` and the claims of the scope. Unknown claims
    are omitted.
    """
    user = {"email": "a@b.c", "email_verified": False, "name": None, "phone_number": "1", "shoe_size": "44"}
    assert claims_of(user, scope) == claims


@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        ("openid", "sub"),
        ("email", "email email_verified"),
        ("profile", PROFILE),
        ("address", "address"),
        ("phone", "phone_number phone_number_verified"),
        ("offline_access", ""),
    ],
)
@pytest.mark.spec("OpenID Connect Core §5.4")
def test_claims_of_each_scope_are_those_of_core(scope: str, claims: str) -> None:
    assert " ".join(CLAIMS_BY_SCOPE[scope]) == claims


@pytest.mark.spec("OpenID Connect Core §5.1, §5.1.1")
def test_standard_claims_are_those_of_core_except_sub() -> None:
    assert len(STANDARD_CLAIMS) == 19
    assert "sub" not in STANDARD_CLAIMS
    types = {claim: kind.__name__ for claim, kind in CLAIM_TYPES.items()}
    assert types == {
        "email_verified": "bool",
        "phone_number_verified": "bool",
        "updated_at": "int",
        "address": "dict",
    }
    assert " ".join(ADDRESS_MEMBERS) == "formatted street_address locality region postal_code country"
