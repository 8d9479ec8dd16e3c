"""The language of a page (OpenID Connect Core §3.1.2.1, RFC 9110 §12.5.4)."""

import pytest

from op.protocol.authorization.ui_locales import LANGUAGES, choose


def test_default_language_is_first() -> None:
    assert list(LANGUAGES) == ["en", "de"]


@pytest.mark.parametrize(
    ("ui_locales", "accept", "language"),
    [
        (None, None, "en"),
        ("", "", "en"),
        ("de", None, "de"),
        ("DE", None, "de"),
        ("de-AT", "en", "de"),
        ("fr de en", None, "de"),
        ("fr en de", None, "en"),
        ("fr", "de", "de"),
        ("en", "de", "en"),
        ("xx yy", "zz", "en"),
        ("dee", None, "en"),
        ("x " * 19 + "de", None, "de"),
        ("x " * 20 + "de", None, "en"),
        (None, "de-DE,de;q=0.9,en;q=0.8", "de"),
        (None, "en;q=0.5, de;q=0.8", "de"),
        (None, "de;q=0.5, en;q=0.8", "en"),
        (None, "de;q=0.5, en", "en"),
        (None, "de;q=1, en", "de"),
        (None, "de;q=0.5, en;q=0.5", "de"),
        (None, "de;q=0, en", "en"),
        (None, "de;q=0", "en"),
        (None, "de;q=-1", "en"),
        (None, "de; Q = 0", "en"),
        (None, "en;q=0.5, de;level=1", "de"),
        (None, "*", "en"),
        (None, "de;q=x, en", "en"),
        (None, "de;q", "en"),
        (None, "de;q=0.5=1", "en"),
        (None, "en;q=x, de", "de"),
        (None, ";;,=,q", "en"),
        (None, "x," * 19 + "de", "de"),
        (None, "x," * 20 + "de", "en"),
    ],
)
def test_language_is_the_first_supported_preference(ui_locales: str | None, accept: str | None, language: str) -> None:
    assert choose(ui_locales, accept) == language
