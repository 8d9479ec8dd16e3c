"""The languages of pages (OpenID Connect Core §3.1.2.1; RFC 9110 §12.5.4; RFC 4647 §3.4), and their catalogues."""

import json
from pathlib import Path

import pytest
from quart import Quart, render_template_string

from servicekit.web.languages import Languages, gettext, gettext_lazy, ngettext, pgettext, pgettext_lazy, use_language
from servicekit.web.pages import install

HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""
CATALOGUE = """
msgid "Hello, %(name)s"
msgstr "Hallo, %(name)s"

msgctxt "button"
msgid "Open"
msgstr "Öffnen"

msgctxt "state"
msgid "Open"
msgstr "offen"

msgid "%(num)d day"
msgid_plural "%(num)d days"
msgstr[0] "%(num)d Tag"
msgstr[1] "%(num)d Tage"

msgid "by <b>%(name)s</b>"
msgstr "von <b>%(name)s</b>"
"""


def catalogue(folder: Path, language: str, entries: str = "", header: str = HEADER) -> Path:
    path = folder / language / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True)
    path.write_text(header + entries, encoding="utf-8")
    return path


@pytest.fixture
def languages(tmp_path: Path) -> Languages:
    catalogue(tmp_path, "de", CATALOGUE)
    catalogue(tmp_path, "pt_BR")
    return Languages.load(tmp_path)


@pytest.fixture
def app(languages: Languages) -> Quart:
    app = Quart(__name__)
    install(app, "Test", languages)
    return app


def test_english_is_the_first_language(languages: Languages) -> None:
    assert languages.tags == ("en", "de", "pt-BR")


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
        ("pt-BR", None, "pt-BR"),
        ("PT-br-x-private", None, "pt-BR"),
        ("pt", "de", "de"),
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
@pytest.mark.spec("RFC 4647 §3.4", "OpenID Connect Core §3.1.2.1")
def test_first_available_language_is_chosen(
    languages: Languages, ui_locales: str | None, accept: str | None, language: str
) -> None:
    assert languages.choose(ui_locales, accept).tag == language


async def test_texts_are_translated_in_code(app: Quart) -> None:
    greeting, button = gettext_lazy("Hello, %(name)s", name="Ada"), pgettext_lazy("button", "Open")
    assert (str(greeting), str(button)) == ("Hello, Ada", "Open")
    async with app.test_request_context("/?ui_locales=de"):
        assert gettext("Hello, %(name)s", name="Ada") == str(greeting) == "Hallo, Ada"
        assert (pgettext("state", "Open"), str(button)) == ("offen", "Öffnen")
        assert [ngettext("%(num)d day", "%(num)d days", n) for n in (1, 2)] == ["1 Tag", "2 Tage"]
        use_language("en")
        assert gettext("Hello, %(name)s", name="Ada") == "Hello, Ada"


async def test_values_are_escaped_in_templates(app: Quart) -> None:
    template = """{{ _("Hello, %(name)s", name=name) }}|{{ pgettext("button", "Open") }}|
      {%- trans name %} by <b>{{ name }}</b> {% endtrans -%}|{{ lang }}|{{ ui_locales }}"""
    async with app.test_request_context("/?ui_locales=de"):
        html = await render_template_string(template, name="<i>")
    assert html == "Hallo, &lt;i&gt;|Öffnen|von <b>&lt;i&gt;</b>|de|de"


@pytest.mark.parametrize(
    ("language", "shown"),
    [("en", "Jan 15, 2027, 8:00:00\N{NARROW NO-BREAK SPACE}AM UTC"), ("de", "15.01.2027, 08:00:00 UTC")],
)
async def test_time_names_its_zone(app: Quart, language: str, shown: str) -> None:
    async with app.test_request_context(f"/?ui_locales={language}"):
        html = await render_template_string("{{ seconds | time }}", seconds=1_800_000_000)
    assert html == f'<time datetime="2027-01-15T08:00:00Z">{shown}</time>'


async def test_shared_templates_are_translated(app: Quart) -> None:
    response = await app.test_client().get("/missing", headers={"Accept-Language": "de"})
    html = await response.get_data(as_text=True)
    assert '<html lang="de">' in html
    assert "Seite nicht gefunden" in html


async def test_right_to_left_language_is_marked(tmp_path: Path) -> None:
    catalogue(tmp_path, "ar", header=HEADER.replace("nplurals=2; plural=(n != 1)", "nplurals=1; plural=0"))
    app = Quart(__name__)
    install(app, "Test", Languages.load(tmp_path))
    html = await (await app.test_client().get("/missing?ui_locales=ar")).get_data(as_text=True)
    assert '<html lang="ar" dir="rtl">' in html


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Hello, %(name)s", "Hallo"),
        ("Hello, %(name)s", "Hallo, %(nam)s"),
        ("Hello, %(name)s", "Hallo, %(name)s %"),
        ("Hello", "Hallo %s"),
        ("Hello", "Hallo <script>alert(1)</script>"),
        ("by <b>%(name)s</b>", "von <b>%(name)s"),
        ("by <b>%(name)s</b>", 'von <b class="x">%(name)s</b>'),
        ("Hello", ""),
    ],
)
async def test_unusable_entry_is_shown_in_english(tmp_path: Path, source: str, translation: str) -> None:
    catalogue(tmp_path, "de", f"\nmsgid {json.dumps(source)}\nmsgstr {json.dumps(translation)}\n")
    app = Quart(__name__)
    install(app, "Test", Languages.load(tmp_path))
    async with app.test_request_context("/?ui_locales=de"):
        assert gettext(source, name="Ada") == source % {"name": "Ada"}


async def test_fuzzy_entry_is_shown_in_english(tmp_path: Path) -> None:
    catalogue(tmp_path, "de", '\n#, fuzzy\nmsgid "Hello"\nmsgstr "Tschüss"\n')
    app = Quart(__name__)
    install(app, "Test", Languages.load(tmp_path))
    async with app.test_request_context("/?ui_locales=de"):
        assert gettext("Hello") == "Hello"


@pytest.mark.parametrize(
    ("language", "content"),
    [
        ("de", b'msgid "Hello'),
        ("de", b"this is not a catalogue"),
        ("de", b"\xff\xfe\x00"),
        ("de", HEADER.replace("utf-8", "no-such-charset").encode()),
        ("de", HEADER.replace("(n != 1)", "(n !=").encode() + b'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\n'),
        ("no language", HEADER.encode()),
        ("xx", HEADER.encode()),
    ],
    ids=["unfinished", "no catalogue", "not UTF-8", "charset", "plural forms", "no language", "unknown language"],
)
def test_unusable_catalogue_is_left_out_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, language: str, content: bytes
) -> None:
    catalogue(tmp_path, language).write_bytes(content)
    catalogue(tmp_path, "nl", '\nmsgid "Hello"\nmsgstr "Hallo"\n')
    assert Languages.load(tmp_path).tags == ("en", "nl")
    assert "language left out" in caplog.text
