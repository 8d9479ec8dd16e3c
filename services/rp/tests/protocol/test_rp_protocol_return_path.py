"""The path after a sign-in, which must be on this site (RFC 9700 §4.11.1)."""

import pytest

from rp.protocol.authorization.return_path import DEFAULT, local_path


@pytest.mark.parametrize(
    "path",
    [
        *("/profile", "/", "/a/b?c=d#e", "/a?next=//x", "/a?next=/../x", "/login-help", "/~user", "/a%20b"),
        *("/logout/callback/x", "/callbacks/x", "/.x", "/...", "/a/..b", "/" + "x" * 1999),
    ],
)
@pytest.mark.spec("RFC 9700 §4.11.1")
def test_path_of_this_site_is_returned_to(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        *(None, "", "profile", "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example"),
        *("\\\\evil.example", "/a\\b", "/\tevil", "/a\nb", "/a b", "/ä", "javascript:alert(1)", "/" + "x" * 2000),
        *("/%2fevil.example", "/%5cevil.example", "/./x", "/a/../login", "/..", "/%2e%2e/login", "/\x00", "/\x7f"),
        *("/login", "/login?x=y", "/%6cogin", "/login#x", "/login#x?y", "/callback", "/callback?code=x"),
        *("/callback/", "/callback/x", "/logout", "/logout/callback"),
    ],
)
@pytest.mark.spec("RFC 9700 §4.11.1")
def test_any_other_path_is_ignored(path: str | None) -> None:
    """The relying party is not an open redirector: it redirects only to paths of its own site."""
    assert local_path(path) == DEFAULT == "/profile"
