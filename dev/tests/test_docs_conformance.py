"""docs/conformance is up to date, and each section that the code names has a test."""

from pathlib import Path

import pytest

from conformance.citations import Section
from conformance.pages import FOLDER, INDEX, NOT_COVERED, written
from conformance.sources import Source, documented_code, marked_tests
from conformance.specifications import BY_NAME

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def code() -> list[Source]:
    return documented_code(ROOT)


@pytest.fixture(scope="module")
def tests() -> list[Source]:
    return marked_tests(ROOT)


@pytest.fixture(scope="module")
def shown(tests: list[Source]) -> set[Section]:
    """The sections that tests are marked with."""
    return {section for test in tests for section in test.statements}


def test_pages_are_up_to_date(code: list[Source], tests: list[Source]) -> None:
    pages = written(code, tests)
    there = {path.name: path.read_text() for path in (ROOT / FOLDER).iterdir()}
    assert there.pop(NOT_COVERED)
    outdated = [name for name in sorted({*pages, *there}) if pages.get(name) != there.get(name)]
    assert not outdated, "run `make conformance`"


def test_every_marked_section_has_a_heading_in_the_index(shown: set[Section]) -> None:
    index = (ROOT / FOLDER / INDEX).read_text()
    assert len(shown) > 250
    for section in shown:
        heading = f"§{section.number}" if section.number else "The specification as a whole"
        file = BY_NAME[section.specification].file
        assert f"]({file}) |" in index, section
        assert f"\n## {heading}\n" in (ROOT / FOLDER / file).read_text(), section


def without_test(code: list[Source], shown: set[Section]) -> list[str]:
    """The sections that code names, and of which no test shows anything."""
    return [
        f"{source.path} {source.name}: {section}"
        for source in code
        for section in source.statements
        if not any(section.covers(one) for one in shown)
    ]


def test_every_section_that_code_names_has_a_test(code: list[Source], shown: set[Section]) -> None:
    assert len(code) > 300
    assert without_test(code, shown) == []


def test_section_of_code_without_a_test_is_found() -> None:
    code = [Source("op.py", "f", {Section("RFC 6749", number): "" for number in ("4", "4.1", "4.2")})]
    assert without_test(code, {Section("RFC 6749", "4.1.2")}) == ["op.py f: RFC 6749 §4.2"]


def test_pages_are_linked_from_the_readme() -> None:
    assert f"]({FOLDER}/{INDEX})" in (ROOT / "README.md").read_text()
    assert f"]({FOLDER}/{NOT_COVERED})" in (ROOT / "README.md").read_text()
