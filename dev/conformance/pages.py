"""The files of docs/conformance: one for each specification that the code or the tests cite, and the index."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from .citations import Section
from .sources import Source, documented_code, marked_tests
from .specifications import SPECIFICATIONS, Specification

FOLDER = Path("docs/conformance")
INDEX = "README.md"
NOT_COVERED = "not-covered.md"
_ROOT = "../" * len(FOLDER.parts)
_NOTICE = "<!-- Written by `make conformance` from the markers of the tests and the docstrings of the code. -->"
_INTRODUCTION = """\
# Conformance

Each file below leads from the sections of a specification to the tests that show its rules and to the code that
implements them. The rules are in our words. What several services implement, each of them implements with code of its
own, so that a misreading in one service is noticed by another.

`make conformance` writes these files. A test names the sections that it shows with
`@pytest.mark.spec("RFC 7636 §4.6")` and says the rule in its docstring; code names the sections in its docstring.
`dev/tests/test_docs_conformance.py` fails if the files are not up to date, and if code names a section that no test
shows.

[What is not covered yet](not-covered.md) is listed by hand.
"""


def write(root: Path) -> None:
    """Write the files, and remove those of specifications that are no longer cited."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    files = written(documented_code(root), marked_tests(root))
    for old in folder.glob("*.md"):
        if old.name not in {*files, NOT_COVERED}:
            old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def written(code_sources: Iterable[Source], test_sources: Iterable[Source]) -> dict[str, str]:
    """The text of each file by its name."""
    by_code, by_test = _by_section(code_sources), _by_section(test_sources)
    files, index = {}, ["| specification | sections | tests |", "|---|---|---|"]
    for specification in SPECIFICATIONS:
        cited = {one for one in (*by_code, *by_test) if one.specification == specification.name}
        sections = sorted(cited, key=lambda section: section.order)
        if sections:
            parts = [_section(specification, one, by_code[one], by_test[one]) for one in sections]
            files[specification.file] = "\n".join([*_head(specification), *parts])
            count = len({(test.path, test.name) for one in sections for test in by_test[one]})
            index.append(f"| [{specification.heading}]({specification.file}) | {len(sections)} | {count} |")
    files[INDEX] = "\n".join([_INTRODUCTION, _NOTICE, "", *index, ""])
    return files


def _by_section(sources: Iterable[Source]) -> Mapping[Section, Sequence[Source]]:
    found: defaultdict[Section, list[Source]] = defaultdict(list)
    for source in sources:
        for section in source.statements:
            found[section].append(source)
    return found


def _head(specification: Specification) -> Iterator[str]:
    yield f"# {specification.heading}\n"
    yield f"{_NOTICE}\n"
    yield f"[Text of the specification]({specification.url}) · [all specifications]({INDEX})\n"


def _section(
    specification: Specification, section: Section, code_sources: Iterable[Source], test_sources: Iterable[Source]
) -> str:
    url = specification.section_url(section.number)
    title = f"§{section.number}" if section.number else "The specification as a whole"
    lines = [f"## {title}", "", *([f"[Text of the section]({url})", ""] if url != specification.url else [])]
    rules: defaultdict[str, list[Source]] = defaultdict(list)
    for test in test_sources:
        rules[test.statements[section]].append(test)
    without_rule = rules.pop("", [])
    for rule, shown_by in rules.items():
        lines += [f"- {rule}", f"  {_test_links(shown_by)}"]
    if without_rule:
        lines += [f"- {'Also tested' if rules else 'Tested'} by {_test_links(without_rule)}"]
    lines += [""] if rules or without_rule else []
    table = [f"| {one.owner} | {_code_link(one)} | {_cell(one.statements[section])} |" for one in code_sources]
    if table:
        lines += ["| service | code | what it does |", "|---|---|---|", *table, ""]
    return "\n".join(lines)


def _code_link(source: Source) -> str:
    return f"[`{source.name or source.module}`]({_ROOT}{source.path})"


def _test_links(sources: Iterable[Source]) -> str:
    return ", ".join(f"[`{Path(one.path).name}::{one.name}`]({_ROOT}{one.path})" for one in sources)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
