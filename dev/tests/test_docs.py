"""The documents keep up with the code: every setting, every link, every test that they name."""

import functools
import re
from pathlib import Path

import pytest

from op.settings import Settings as OpSettings
from rp.settings import Settings as RpSettings
from rs.settings import Settings as RsSettings
from servicekit.settings import Setting, declared

ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
SECTIONS = {"op": OpSettings, "rs": RsSettings, "rp": RpSettings}


def documented(section: str) -> dict[str, str]:
    """The rows of a section: name and default."""
    text = next(part for part in CONFIGURATION.split("\n## ") if part.startswith(section))
    return dict(re.findall(r"^\| `([A-Z_]+)`(?: \(secret\))? \| ([^|]+) \|", text, re.MULTILINE))


@pytest.mark.parametrize("service", SECTIONS)
def test_every_setting_is_documented_with_its_default(service: str) -> None:
    titles = {"op": "The provider", "rs": "The resource server", "rp": "The relying party"}
    rows = documented("Every service") | documented(titles[service])
    settings = declared(SECTIONS[service])
    assert rows.keys() == settings.keys()
    for name, meaning in settings.items():
        assert rows[name] == default_of(meaning) or rows[name].startswith("required"), name
        assert not meaning.required or rows[name] == "required", name


def default_of(meaning: Setting) -> str:
    if meaning.required or meaning.default in (None, (), {}):
        return "none"
    return f"`{str(meaning.default).lower() if isinstance(meaning.default, bool) else meaning.default}`"


@pytest.mark.parametrize("service", SECTIONS)
def test_secrets_have_no_default_and_are_marked(service: str) -> None:
    for name, meaning in declared(SECTIONS[service]).items():
        assert not meaning.secret or meaning.required or meaning.default is None, name
        assert (f"`{name}` (secret)" in CONFIGURATION) is meaning.secret, name


DOCUMENTS = sorted(p for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if ".venv" not in p.parts)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_local_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_how_to_add_lists_are_short_and_name_existing_files() -> None:
    _, text = (ROOT / "CONTRIBUTING.md").read_text().split("\n## How to add\n")
    things = re.findall(r"^\*\*(.+?)\*\*.*\n\n((?:\d\. .+\n)+)", text.split("\n## ")[0], re.MULTILINE)
    assert [name for name, _ in things] == [
        "A setting",
        "An endpoint",
        "A grant",
        "A claim",
        "A language",
        "A provider quirk",
    ]
    for name, steps in things:
        assert len(steps.splitlines()) == 5, name
        for path in re.findall(r"`(\w+/[\w./-]*)`", steps):
            assert (ROOT / path).exists() or path == "templates/", path


def headings(document: Path) -> set[str]:
    """As GitHub makes fragments of them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_heading_finds_it(document: Path) -> None:
    for target, fragment in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", document.read_text()):
        assert fragment in headings(document.parent / target if target else document), fragment


def test_every_specification_in_the_readme_is_a_link_to_its_page() -> None:
    _, table = (ROOT / "README.md").read_text().split("\n## Specifications\n")
    rows = re.findall(r"^\| (.+?) \|", table.split("\n## ")[0], re.MULTILINE)
    assert rows.pop(0) == "specification"
    assert len(rows) > 10
    for row in rows:
        assert "](docs/conformance/" in row, row
        without_links = re.sub(r"\[[^\]]+\]\([^)]+\)", "", row)
        assert not re.search(r"\bRFC\b", without_links), row


@functools.cache
def sources_of_tests() -> dict[str, str]:
    """The test files by their names, which are unique."""
    files = [path for path in ROOT.glob("[a-z]*/**/test_*.py") if "node_modules" not in path.parts]
    assert len({path.name for path in files}) == len(files)
    return {path.name: path.read_text() for path in files}


def rows_with_tests(document: str, head: str) -> list[tuple[str, str, str]]:
    """The first cell, the functions and the tests of each row below a head `head | ... | function | test`."""
    tables = re.findall(
        rf"^\| {head} \| \w+ \| function \| test \|\n\|[-|]+\|\n((?:\|.*\n)+)", f"{document}\n", re.MULTILINE
    )
    lines = "".join(tables).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [(first, functions, tests) for first, _, functions, tests in cells]


def test_every_threat_names_existing_code_and_a_test() -> None:
    rows = rows_with_tests((ROOT / "docs" / "threat-model.md").read_text(), "threat")
    assert len(rows) > 40
    for threat, functions, tests in rows:
        files = re.findall(r"\(([\w/]+\.py)\)", functions)
        names = re.findall(r"`(\w+)(?:\.\w+)?`", functions)
        assert files, threat
        assert names, threat
        code = "".join((ROOT / file).read_text() for file in files)
        for name in names:
            assert re.search(rf"\b{name}\b", code), f"{threat}: no {name} in {files}"
        assert NAMED_TEST.search(tests), threat


NAMED_TEST = re.compile(r"(test_\w+\.py)::(\w+)")
NAMING = [path for path in DOCUMENTS if NAMED_TEST.search(path.read_text())]


@pytest.mark.parametrize("document", NAMING, ids=lambda path: path.name)
def test_every_test_that_a_document_names_exists(document: Path) -> None:
    for file, case in NAMED_TEST.findall(document.read_text()):
        assert f"def {case}(" in sources_of_tests()[file], f"no {case} in {file}"


def test_certification_table_names_the_tests_of_its_plans() -> None:
    """A plan's table has a row for each of its modules, and every test of the plan is a module's."""
    text = (ROOT / "docs" / "certification.md").read_text()
    plans = re.findall(r"\n### [^\n]+\n\n`oidcc-[^`]+`, \[(\w+\.py)\]\([^)]*\)\n\n(\|.*?)(?=\n\n|\Z)", text, re.DOTALL)
    assert len(plans) == 6
    tests = ROOT / "e2e" / "certification"
    for file, table in plans:
        rows = re.findall(r"^\| `([^`]+)` \| `(\w+)` \|", table, re.MULTILINE)
        assert rows, file
        for module, test in rows:
            assert test == f"test_{module.lower().replace('-', '_')}"
        written = set(re.findall(r"^def (test_oidcc_\w+)", (tests / file).read_text(), re.MULTILINE))
        assert written == {test for _, test in rows}, file


def test_form_post_table_lists_the_modules_of_both_modes() -> None:
    text = (ROOT / "docs" / "certification.md").read_text()
    modules = re.findall(r"^\| `(oidcc-[^`]+)` \|", text.split("\n### Form Post OP\n")[1], re.MULTILINE)
    tests = (ROOT / "e2e" / "certification" / "test_e2e_certification_basic_op.py").read_text()
    in_both_modes = re.findall(r"^@IN_BOTH_MODES\ndef test_(\w+)", tests, re.MULTILINE)
    assert sorted(module.replace("-", "_") for module in modules) == sorted(in_both_modes)
