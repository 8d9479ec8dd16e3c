"""The pages in two languages (OpenID Connect Core §3.1.2.1: ui_locales; RFC 9110 §12.5.4: Accept-Language)."""

import re
from pathlib import Path

import pytest
from op_testing import ISSUER, RunningProvider

import op.endpoints
from op.endpoints import interaction, login, wording
from op.german import WORDS
from op.protocol import authorization_request
from op.protocol.languages import choose

SOURCES = Path(op.endpoints.__file__).parents[1]


@pytest.mark.parametrize(
    ("ui_locales", "accept", "language"),
    [
        (None, None, "en"),
        ("de", None, "de"),
        ("de-AT", "en", "de"),
        ("fr de en", None, "de"),
        ("fr", "de", "de"),
        ("xx yy", "zz", "en"),
        (None, "de-DE,de;q=0.9,en;q=0.8", "de"),
        (None, "en;q=0.5, de;q=0.8", "de"),
        (None, "de;q=0, en", "en"),
        (None, "de;q=0", "en"),
        (None, "*", "en"),
        (None, "de;q=x, en", "en"),
        (None, ";;,=,q", "en"),
    ],
)
def test_the_language_of_a_page(ui_locales: str | None, accept: str | None, language: str) -> None:
    assert choose(ui_locales, accept) == language


async def test_ui_locales_goes_before_accept_language(provider: RunningProvider) -> None:
    """It is kept with the request that waits."""
    location = (await provider.authorize(ui_locales="de")).location.removeprefix(ISSUER)
    page = await provider.client.get(location, headers={"Accept-Language": "en"})
    html = await page.get_data(as_text=True)
    assert '<html lang="de">' in html
    assert "Benutzername" in html
    assert "Username" not in html


async def test_accept_language_where_nothing_was_asked_for(provider: RunningProvider) -> None:
    location = (await provider.authorize()).location.removeprefix(ISSUER)
    for accept, lang, word in (("de", "de", "Passwort"), ("en", "en", "Password")):
        html = await (await provider.client.get(location, headers={"Accept-Language": accept})).get_data(as_text=True)
        assert f'<html lang="{lang}">' in html
        assert word in html


async def test_the_languages_are_advertised(provider: RunningProvider) -> None:
    metadata = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert metadata["ui_locales_supported"] == ["en", "de"]


async def test_an_error_page_too(provider: RunningProvider) -> None:
    response = await provider.client.get("/authorize?client_id=nobody&ui_locales=de")
    html = await response.get_data(as_text=True)
    assert '<html lang="de">' in html
    assert "Diese Anwendung ist nicht bekannt" in html


def test_every_text_of_the_pages_is_there_in_german() -> None:
    templates = "".join(path.read_text() for path in (SOURCES / "templates").glob("*.html"))
    texts = set(re.findall(r'\bt\("([^"]+)"', templates))
    texts |= {login.WRONG, login.TOO_MANY, *wording.SCOPES.values()}
    texts |= {f"{{n}} {unit}{plural}" for _, unit in wording._UNITS for plural in ("", "s")}
    for module in (authorization_request, interaction):
        source = re.sub(r'"\s*\n\s*"', "", Path(str(module.__file__)).read_text())
        for arguments in re.findall(r"(?:UnknownRedirect|super\(\).__init__)\(([^)]*)\)", source):
            texts |= set(re.findall(r'"([^"]+)"', arguments)) - {"client_id"}
    assert len(texts) > 40
    assert texts - WORDS.keys() == set()


def test_a_translation_keeps_its_places() -> None:
    for english, german in WORDS.items():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", german)), english


@pytest.mark.parametrize(
    ("seconds", "text", "number"),
    [
        (60, "{n} minute", 1),
        (300, "{n} minutes", 5),
        (90, "{n} seconds", 90),
        (3600, "{n} hour", 1),
        (1209600, "{n} days", 14),
        (1, "{n} second", 1),
    ],
)
def test_a_span_in_words(seconds: int, text: str, number: int) -> None:
    assert wording.lifetime(seconds) == (text, {"n": number})
