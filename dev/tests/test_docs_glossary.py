"""The glossary: in order, short, and with a section or a file for each term."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
SENTENCES = 2
SPECIFICATION = re.compile(
    r"(?:RFC \d{4}|OpenID Connect [\w -]+ 1\.0|OAuth 2\.0 [A-Z]\w+(?: [A-Z]\w+)*"
    r"|JWT Secured Authorization Response Mode)"
    r"(?P<sections> §\d+(?:\.\d+)*(?:, §\d+(?:\.\d+)*)*)?"
)
WHOLE_DOCUMENT = re.compile(r"RFC \d{4}|OpenID Connect Dynamic Client Registration 1\.0")
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)(?:#[^)]+)?\)")


def entries(text: str) -> dict[str, str]:
    """The text below each term; a term that appears twice is an error."""
    parts = text.split("\n## ")[1:]
    found = dict(part.split("\n", 1) for part in parts)
    assert len(found) == len(parts)
    return found


def faults(text: str) -> list[str]:
    """What is wrong with the glossary, by term."""
    found = []
    for term, body in entries(text).items():
        form = re.fullmatch(r"\n([^\n*]+)\n\n\*([^*\n]+)\*\n*", body)
        if not form:
            found.append(f"{term}: must be one paragraph and one line of sources")
            continue
        explanation, sources = form.groups()
        if not 1 <= len(re.findall(r"[.!?](?= |$)", explanation)) <= SENTENCES or explanation[-1] != ".":
            found.append(f"{term}: must be one or two sentences")
        found += [f"{term}: {source}" for source in sources.split("; ") if not is_source(source)]
    return found


def is_source(source: str) -> bool:
    """Whether it is a section of a specification, a specification as a whole, or a file of this repository."""
    if link := LINK.fullmatch(source):
        return (GLOSSARY.parent / link[1]).is_file()
    named = SPECIFICATION.fullmatch(source)
    return bool(named and (named["sections"] or WHOLE_DOCUMENT.fullmatch(source)))


def test_terms_are_in_alphabetical_order() -> None:
    terms = list(entries(GLOSSARY.read_text()))
    assert len(terms) > 80
    assert terms == sorted(terms, key=str.casefold)


def test_every_entry_is_short_and_has_a_source() -> None:
    assert faults(GLOSSARY.read_text()) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("One. Two.\n\n*RFC 6749 §1.4; RFC 9068; [decision](decisions/0003-one-key-for-every-token.md)*", None),
        ("One. Two. Three.\n\n*RFC 6749 §1.4*", "Term: must be one or two sentences"),
        ("No sentence\n\n*RFC 6749 §1.4*", "Term: must be one or two sentences"),
        ("One.", "Term: must be one paragraph and one line of sources"),
        ("One.\n\nTwo.\n\n*RFC 6749 §1.4*", "Term: must be one paragraph and one line of sources"),
        ("One.\n\n*[nothing](nothing.md)*", "Term: [nothing](nothing.md)"),
        ("One.\n\n*OpenID Connect Core 1.0*", "Term: OpenID Connect Core 1.0"),
        ("One.\n\n*somewhere*", "Term: somewhere"),
    ],
)
def test_fault_of_an_entry_is_found(body: str, fault: str | None) -> None:
    assert faults(f"# Glossary\n\n## Term\n\n{body}\n") == ([fault] if fault else [])


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_glossary_is_linked(document: str) -> None:
    assert "](docs/glossary.md)" in (ROOT / document).read_text()
