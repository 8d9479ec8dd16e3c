"""The catalogues are complete, and what is wrong with one is found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from servicekit.web.languages import read_catalogue
from translations.catalogues import add, catalogues, check, update
from translations.extraction import Errors, Source, extract
from translations.packages import PACKAGES

TEMPLATE = """{{ _("Hello, %(name)s") }} {{ pgettext("button", "Open") }}
{% trans name %}
  by <b>{{ name }}</b>
{% endtrans %}"""
CODE = 'ngettext("%(num)d day", "%(num)d days", 2)\n'


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.folder.name)
def test_translations_are_complete(package: Source) -> None:
    """After a change to a text: `make locales`, translate what it reports, and remove the `fuzzy` marks."""
    assert list(check(package)) == []


def test_pages_are_translated() -> None:
    assert [path.parents[1].name for package in PACKAGES for path in catalogues(package)] == ["de", "de", "de"]


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A package with four texts and a complete German catalogue."""
    (tmp_path / "page.html").write_text(TEMPLATE)
    (tmp_path / "page.py").write_text(CODE)
    source = Source(tmp_path)
    add(source, "de")
    path = catalogue(source)
    path.write_text(complete(path.read_text()))
    assert list(check(source)) == []
    return source


def catalogue(source: Source) -> Path:
    return source.locales / "de" / "LC_MESSAGES" / "messages.po"


def complete(text: str) -> str:
    """The catalogue with each text as its own translation."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if line == 'msgstr ""' and lines[i - 1].startswith('msgid "') and lines[i - 1] != 'msgid ""':
            lines[i] = lines[i - 1].replace("msgid", "msgstr")
        if line in ('msgstr[0] ""', 'msgstr[1] ""'):
            lines[i] = line.replace('""', '"%(num)d Tage"')
    return "\n".join(lines) + "\n"


def without_open(text: str) -> str:
    return text.replace('msgctxt "button"\nmsgid "Open"\nmsgstr "Open"\n', "")


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (without_open, "missing: 'Open'"),
        (lambda text: text.replace('msgstr "Open"', 'msgstr ""'), "not translated: 'Open'"),
        (lambda text: text.replace('msgstr[1] "%(num)d Tage"', 'msgstr[1] ""'), "not translated: ('%(num)d day'"),
        (lambda text: text.replace('msgctxt "button"', '#, fuzzy\nmsgctxt "button"'), "fuzzy: 'Open'"),
        (lambda text: text + '\nmsgid "Gone"\nmsgstr "Weg"\n', "not in the sources: 'Gone'"),
        (lambda text: text.replace('msgstr "Hello, %(name)s"', 'msgstr "Hallo"'), "the placeholders differ: 'Hello"),
        (lambda text: text.replace('msgstr "by <b>', 'msgstr "von <i>'), "the markup differ"),
        (lambda text: text.replace('msgstr "Open"', 'msgstr "100 %"'), "a % is not part of a placeholder"),
        (lambda text: text + '\nmsgid "Unfinished', "PoFileError"),
    ],
    ids=["missing", "empty", "empty plural", "fuzzy", "stale", "placeholder", "markup", "percent", "malformed"],
)
def test_fault_of_a_catalogue_is_reported(source: Source, damage: Callable[[str], str], fault: str) -> None:
    text = catalogue(source).read_text()
    assert damage(text) != text
    catalogue(source).write_text(damage(text))
    assert [line for line in check(source) if fault in line] != []


def test_update_keeps_a_complete_catalogue_as_it_is(source: Source) -> None:
    update(source)
    before = catalogue(source).read_text()
    update(source)
    assert catalogue(source).read_text() == before
    assert list(check(source)) == []


def test_update_follows_the_sources(source: Source) -> None:
    (source.folder / "page.html").write_text(TEMPLATE.replace('pgettext("button", "Open")', '_("Something new")'))
    update(source)
    found = {(message.context, message.id) for message in read_catalogue(catalogue(source))}
    assert (None, "Something new") in found
    assert ("button", "Open") not in found
    assert [line for line in check(source) if "Something new" in line] != []


def test_errors_of_a_module_are_extracted() -> None:
    """Constants of the module are filled in; a text with a value of the request is left out."""
    errors = Errors("op.protocol.authorization.request_object", ("InvalidRequestUri",), str.upper)
    source = Source(Path(__file__).parent / "missing", (errors,))
    texts = {message.id for message in extract(source) if message.id}
    assert "THE REQUEST_URI MUST NOT BE LONGER THAN 512 CHARACTERS." in texts
    assert not any("\0" in text for text in texts)


def test_language_is_not_added_twice(source: Source) -> None:
    before = catalogue(source).read_text()
    assert not add(source, "de")
    assert catalogue(source).read_text() == before


def test_package_without_texts_gets_no_catalogue(tmp_path: Path) -> None:
    assert not add(Source(tmp_path), "de")
    assert catalogues(Source(tmp_path)) == []
