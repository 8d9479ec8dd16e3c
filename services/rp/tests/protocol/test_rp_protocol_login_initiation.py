"""The parameters that start a sign-in (OpenID Connect Core §4)."""

import pytest

from rp.errors import BadRequest, ForeignTarget
from rp.protocol.authorization.login_initiation import NAMES, LoginInitiation, language_tags
from servicekit.web.parameters import Parameters

SITE = "http://localhost:25001"


def initiation(**parameters: str) -> LoginInitiation:
    return LoginInitiation.of(Parameters(parameters), SITE)


def test_parameters_of_login_initiation() -> None:
    assert NAMES == ("iss", "login_hint", "target_link_uri", "ui_locales")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        pytest.param({}, LoginInitiation(None, None, "/profile"), id="none"),
        pytest.param(
            {"iss": "http://op", "login_hint": "user0", "target_link_uri": f"{SITE}/profile?a=b"},
            LoginInitiation("http://op", "user0", "/profile?a=b"),
            id="all of §4",
        ),
        pytest.param({"ui_locales": "de-AT fr"}, LoginInitiation(None, None, "/profile", "de-AT fr"), id="languages"),
        pytest.param({"ui_locales": "de,fr"}, LoginInitiation(None, None, "/profile"), id="malformed languages"),
        pytest.param({"target_link_uri": SITE}, LoginInitiation(None, None, "/"), id="this site without a path"),
        pytest.param({"return_to": "/a"}, LoginInitiation(None, None, "/a"), id="a link of ours"),
        pytest.param({"return_to": "//evil.example"}, LoginInitiation(None, None, "/profile"), id="return_to, foreign"),
        pytest.param({"return_to": "/a", "target_link_uri": f"{SITE}/b"}, LoginInitiation(None, None, "/b"), id="both"),
    ],
)
def test_login_initiation_is_read(parameters: dict[str, str], expected: LoginInitiation) -> None:
    assert initiation(**parameters) == expected


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "http://localhost:25001.evil.example/",
        "http://localhost:25001@evil.example/",
        "http://localhost:250011/",
        "https://localhost:25001/",
        "//localhost:25001/profile",
        "/profile",
        "http://localhost:25001//evil.example",
        "http://localhost:25001/\\evil.example",
        "http://localhost:25001/login",
        "javascript:alert(1)",
    ],
)
@pytest.mark.spec("OpenID Connect Core §4")
def test_target_on_another_site_is_rejected(target: str) -> None:
    """A target on another site is rejected, or the relying party would be an open redirector."""
    with pytest.raises(ForeignTarget):
        initiation(target_link_uri=target)


@pytest.mark.parametrize(
    ("ui_locales", "accepted"),
    [
        ("de", True),
        ("de-AT fr", True),
        ("d" * 35, True),
        (" ".join(["de"] * 10), True),
        ("d" * 36, False),
        (" ".join(["de"] * 11), False),
        ("de  fr", False),
        ("de_AT", False),
        ("dé", False),
        ("de\n", False),
        ("", False),
        (None, False),
    ],
    ids=repr,
)
def test_language_tags_are_limited(ui_locales: str | None, accepted: bool) -> None:
    """OpenID Connect Core §3.1.2.1: tags separated by spaces."""
    assert language_tags(ui_locales) == (ui_locales if accepted else None)


def test_duplicate_parameter_of_login_initiation_is_rejected() -> None:
    with pytest.raises(BadRequest, match="iss, x"):
        LoginInitiation.of(Parameters({"iss": "a", "x": "b"}, frozenset({"x", "iss"})), SITE)


@pytest.mark.parametrize(
    ("read", "query"),
    [
        pytest.param(LoginInitiation("http://op", "ö", "/a"), {"return_to": "/a", "login_hint": "ö"}, id="with a hint"),
        pytest.param(LoginInitiation("http://op", None, "/a"), {"return_to": "/a"}, id="without a hint"),
        pytest.param(
            LoginInitiation(None, None, "/a", "de"), {"return_to": "/a", "ui_locales": "de"}, id="with languages"
        ),
    ],
)
def test_login_initiation_as_parameters_has_no_issuer(read: LoginInitiation, query: dict[str, str]) -> None:
    assert read.query() == query
