"""Updating and checking the catalogues of a package."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages import Catalog, Message
from babel.messages.pofile import write_po

from servicekit.web.languages import CATALOGUE, fault_of, read_catalogue
from translations.extraction import Source, extract

_WIDTH = 118
# Header fields with times, or that nobody fills in: an update without a change leaves a file as it is.
_CHANGING = tuple(
    f'"{name}'.encode()
    for name in ("Project", "Report", "POT", "PO-Revision", "Last-Translator", "Language-Team", "Generated")
)


def catalogues(source: Source) -> list[Path]:
    return sorted(source.locales.glob(CATALOGUE))


def update(source: Source) -> None:
    """Bring each catalogue in line with the sources; what resembles an earlier text gets its translation as fuzzy."""
    template = extract(source)
    for path in catalogues(source):
        catalogue = read_catalogue(path)
        catalogue.update(template)
        catalogue.obsolete.clear()
        _write(path, catalogue)


def add(source: Source, language: str) -> bool:
    """Make a catalogue without translations; False if there is one, or nothing to translate.

    Raises ValueError for an unknown language.
    """
    locale = Locale.parse(language.replace("-", "_"))
    path = source.locales / str(locale) / "LC_MESSAGES" / "messages.po"
    template = extract(source)
    if path.exists() or not len(template):
        return False
    catalogue = Catalog(locale=locale, fuzzy=False)
    catalogue.update(template)
    path.parent.mkdir(parents=True)
    _write(path, catalogue)
    return True


def check(source: Source) -> Iterator[str]:
    """What is wrong with the catalogues of a package, a line each."""
    template = extract(source)
    expected = {(message.id, message.context): message for message in template if message.id}
    for path in catalogues(source):
        try:
            catalogue = read_catalogue(path)
        except ValueError as fault:
            yield f"{path}: {fault}"
            continue
        present = {(message.id, message.context): message for message in catalogue if message.id}
        for key in expected.keys() - present.keys():
            yield f"{path}: missing: {key[0]!r}"
        for key in present.keys() - expected.keys():
            yield f"{path}: not in the sources: {key[0]!r}"
        for message in present.values():
            fault_found = _fault(message)
            if fault_found:
                yield f"{path}: {fault_found}: {message.id!r}"


def _fault(message: Message) -> str | None:
    strings = message.string if isinstance(message.string, list | tuple) else (message.string,)
    if message.fuzzy:
        return "fuzzy"
    return fault_of(message) if strings and all(strings) else "not translated"


def _write(path: Path, catalogue: Catalog) -> None:
    catalogue.header_comment = (
        f"# {Locale.parse(path.parents[1].name).english_name} translations; `make locales` updates this file."
    )
    written = BytesIO()
    write_po(written, catalogue, width=_WIDTH, sort_by_file=True, include_lineno=False)
    path.write_bytes(b"".join(line for line in written.getvalue().splitlines(True) if not line.startswith(_CHANGING)))
