"""docs/conformance is made of markers and docstrings, which are read without importing anything."""

from pathlib import Path

import pytest

from conformance.citations import Section, UnknownSpecificationError, citations, labelled, marked
from conformance.pages import write, written
from conformance.sources import FaultyMarkerError, Source, documented_code, marked_tests
from conformance.specifications import BY_NAME, SPECIFICATIONS
from conformance.statements import of_code, of_test

OAUTH = "RFC 6749"


def cited(text: str, default: str | None = None) -> list[str]:
    return [str(section) for one in citations(text, BY_NAME[default] if default else None) for section in one.sections]


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("a code (RFC 6749 §4.1.2)", ["RFC 6749 §4.1.2"]),
        ("RFC 6749 §4.1.2, §10.5; RFC 9207 §2.", ["RFC 6749 §4.1.2", "RFC 6749 §10.5", "RFC 9207 §2"]),
        ("RFC 7523 §3 (1), (2)", ["RFC 7523 §3 (1)", "RFC 7523 §3 (2)"]),
        ("RFC 7523 §3, §3 (7) and §4", ["RFC 7523 §3", "RFC 7523 §3 (7)", "RFC 7523 §4"]),
        ("RFC 7517 §4.1 to §4.4", ["RFC 7517 §4.1", "RFC 7517 §4.2", "RFC 7517 §4.3", "RFC 7517 §4.4"]),
        ("Core §3.1.2.5 to §3.1.3.7", ["OpenID Connect Core §3.1.2.5", "OpenID Connect Core §3.1.3.7"]),
        ("RFC 6749 §A.12", ["RFC 6749 §A.12"]),
        ("RFC 6265bis §4.1.2.6", ["RFC 6265bis §4.1.2.6"]),
        ("OIDC Core §2 or OpenID Connect Core 1.0 §5", ["OpenID Connect Core §2", "OpenID Connect Core §5"]),
        ("Discovery 1.0 §3, and §4 of it", ["OpenID Connect Discovery §3", "OpenID Connect Discovery §4"]),
        ("an RFC 9068 token, see §2.1", ["RFC 9068 §2.1"]),
        ("JSON (RFC 8259)", ["RFC 8259"]),
        ("RFC 6749 and nothing more", []),
        ("the score §", []),
    ],
)
def test_sections_are_found_in_text(text: str, sections: list[str]) -> None:
    assert cited(text) == sections


def test_bare_section_belongs_to_the_specification_named_last() -> None:
    assert cited("§4.4.3, and RFC 9068 §5, and §6", OAUTH) == ["RFC 6749 §4.4.3", "RFC 9068 §5", "RFC 9068 §6"]


@pytest.mark.parametrize("text", ["§4.1", "RFC 1 §4.1"])
def test_section_of_an_unknown_specification_is_an_error(text: str) -> None:
    with pytest.raises(UnknownSpecificationError, match=r"§4\.1"):
        cited(text)


def test_marker_names_a_specification_and_its_sections() -> None:
    assert marked("RFC 7636 §4.2, §4.6") == (Section("RFC 7636", "4.2"), Section("RFC 7636", "4.6"))
    assert marked("RFC 8259") == (Section("RFC 8259", ""),)


@pytest.mark.parametrize("text", ["", "§4.6", "RFC 1 §2", "Core §2", "RFC 7636 §4.6 and more", "RFC 7636 4.6", "None"])
def test_faulty_marker_is_an_error(text: str) -> None:
    with pytest.raises(UnknownSpecificationError, match="not a specification and its sections"):
        marked(text)


def test_sections_are_in_the_order_of_the_specification() -> None:
    numbers = ["10.12", "4.1", "A.1", "3.1.3.7 (10)", "3.1.3.7 (9)", "3.1.3.7", "", "4"]
    in_order = ["", "3.1.3.7", "3.1.3.7 (9)", "3.1.3.7 (10)", "4", "4.1", "10.12", "A.1"]
    assert sorted(numbers, key=lambda number: Section(OAUTH, number).order) == in_order


def test_section_covers_its_parts_and_nothing_else() -> None:
    section = Section(OAUTH, "4.1")
    assert all(section.covers(Section(OAUTH, number)) for number in ("4.1", "4.1.2", "4.1 (3)"))
    assert not any(section.covers(Section(OAUTH, number)) for number in ("4", "4.10", "4.2"))
    assert not section.covers(Section("RFC 6750", "4.1.2"))


def test_label_is_what_text_begins_with_and_a_colon() -> None:
    both = (Section(OAUTH, "3.1"), Section("RFC 9207", "2"))
    assert labelled("RFC 6749 §3.1; RFC 9207 §2: the rule: here") == (both, "the rule: here")
    for text in ("a rule: RFC 6749 §3.1", "RFC 6749 §3.1 says: a rule", "RFC 6749 §3.1"):
        assert labelled(text) == ((), text)


@pytest.mark.parametrize(
    ("docstring", "statement"),
    [
        ("A code is used once (RFC 6749 §4.1). It expires.", "A code is used once."),
        ("RFC 6749 §4.1: a code is used once.", "a code is used once."),
        ("A code\n    is used once.\n\n    RFC 6749 §4.1.\n", "A code is used once."),
        ("Of RFC 6749 §4.1, the code.", "Of RFC 6749 §4.1, the code."),
        ("Once (RFC 6749 §4.1). Raises Gone (RFC 6749 §4.1).", "Once. Raises Gone."),
        ("RFC 6749 §4.1.", ""),
    ],
)
def test_statement_of_code_is_the_sentence_that_cites(docstring: str, statement: str) -> None:
    assert of_code(docstring, None) == {Section(OAUTH, "4.1"): statement}


def test_first_paragraph_of_a_test_is_the_rule_of_its_sections() -> None:
    first, second = Section(OAUTH, "4.1"), Section(OAUTH, "4.2")
    docstring = "The rule\nof all.\n\nRFC 6749 §4.2: The rule of one.\n\nA remark."
    assert of_test(docstring, [first, second]) == {first: "The rule of all.", second: "The rule of one."}
    assert of_test("", [first]) == {first: ""}


def test_label_must_be_one_of_the_markers(repository: Path) -> None:
    file = repository / "services" / "op" / "tests" / "test_op_code.py"
    file.write_text('@pytest.mark.spec("RFC 7636 §4.6")\ndef test_it():\n    """RFC 6749 §4.1: A rule."""\n')
    with pytest.raises(FaultyMarkerError, match=r"test_op_code\.py::test_it: not marked with RFC 6749 §4\.1$"):
        marked_tests(repository)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    source = tmp_path / "services" / "op" / "src" / "op" / "grants" / "code.py"
    source.parent.mkdir(parents=True)
    source.write_text(
        '"""The code grant (RFC 6749 §4.1)."""\n\nraise SystemExit\n\n'
        'class Code:\n    """One | two (RFC 6749 §4.1.2)."""\n\n    def redeem(self):\n        """§4.1.3: once."""\n'
    )
    test = tmp_path / "services" / "op" / "tests" / "test_op_code.py"
    test.parent.mkdir()
    test.write_text(
        "raise SystemExit\n\n"
        '@pytest.mark.parametrize("x", [1, 2])\n@pytest.mark.spec("RFC 6749 §4.1.2")\n'
        'def test_once(x):\n    """A code is used once."""\n\n'
        '@pytest.mark.spec("RFC 6749 §4.1.2")\n@pytest.mark.spec("RFC 9207 §2")\nasync def test_iss():\n    pass\n\n'
        '@pytest.mark.spec("RFC 7636 §4.6")\nclass TestVerifier:\n    def test_it(self):\n        pass\n\n'
        "def test_other():\n    pass\n"
    )
    return tmp_path


def test_code_is_read_without_importing_it(repository: Path) -> None:
    found = {source.name: [str(section) for section in source.statements] for source in documented_code(repository)}
    assert found == {"": ["RFC 6749 §4.1"], "Code": ["RFC 6749 §4.1.2"], "Code.redeem": ["RFC 6749 §4.1.3"]}


def test_error_names_the_code_that_cites_something_unknown(repository: Path) -> None:
    (repository / "services/op/src/op/x.py").write_text('def f():\n    """§4.1."""\n')
    with pytest.raises(UnknownSpecificationError, match=r"^services/op/src/op/x\.py f: '§4\.1' in "):
        documented_code(repository)


def test_marked_tests_are_read_without_importing_them(repository: Path) -> None:
    found = {source.name: [str(section) for section in source.statements] for source in marked_tests(repository)}
    assert found == {
        "test_once": ["RFC 6749 §4.1.2"],
        "test_iss": ["RFC 6749 §4.1.2", "RFC 9207 §2"],
        "TestVerifier.test_it": ["RFC 7636 §4.6"],
    }


@pytest.mark.parametrize("argument", ["SECTION", '"Core §2"', 'f"RFC 6749 §{1}"'])
def test_marker_must_be_a_literal_citation(repository: Path, argument: str) -> None:
    file = repository / "services" / "op" / "tests" / "test_op_code.py"
    file.write_text(f"@pytest.mark.spec({argument})\ndef test_it(): ...\n")
    with pytest.raises(FaultyMarkerError, match=r"^services/op/tests/test_op_code\.py::test_it: not a specification"):
        marked_tests(repository)


def test_page_leads_from_a_section_to_its_tests_and_code(repository: Path) -> None:
    files = written(documented_code(repository), marked_tests(repository))
    assert files.keys() == {"README.md", "rfc6749.md", "rfc7636.md", "rfc9207.md"}
    section = files["rfc6749.md"].split("\n## §4.1.2\n")[1].split("\n## ")[0]
    assert section.strip().splitlines() == [
        "[Text of the section](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)",
        "",
        "- A code is used once.",
        "  [`test_op_code.py::test_once`](../../services/op/tests/test_op_code.py)",
        "- Also tested by [`test_op_code.py::test_iss`](../../services/op/tests/test_op_code.py)",
        "",
        "| service | code | what it does |",
        "|---|---|---|",
        r"| provider | [`Code`](../../services/op/src/op/grants/code.py) | One \| two. |",
    ]
    assert "| provider | [`op.grants.code`](../../services/op/src/op/grants/code.py) |" in files["rfc6749.md"]
    assert "| [RFC 6749: The OAuth 2.0 Authorization Framework](rfc6749.md) | 3 | 2 |" in files["README.md"]


def test_writing_removes_files_of_specifications_not_cited(repository: Path) -> None:
    folder = repository / "docs" / "conformance"
    folder.mkdir(parents=True)
    for name in ("rfc1.md", "not-covered.md"):
        (folder / name).write_text("old")
    write(repository)
    assert {path.name for path in folder.iterdir()} == {
        "README.md",
        "not-covered.md",
        "rfc6749.md",
        "rfc7636.md",
        "rfc9207.md",
    }
    assert (folder / "not-covered.md").read_text() == "old"


def test_code_of_a_library_belongs_to_the_services_that_use_it() -> None:
    owners = [
        Source(f"{path}/x.py", "", {}).owner for path in ("services/rs/src", "libs/servicekit/src", "libs/new/src")
    ]
    assert owners == ["resource server", "all services", ""]


def test_specifications_have_a_file_and_an_address_each() -> None:
    assert len({one.file for one in SPECIFICATIONS}) == len(BY_NAME) == len(SPECIFICATIONS)
    assert all(one.url.startswith("https://") for one in SPECIFICATIONS)
    assert BY_NAME["OAuth 2.0 Form Post Response Mode"].file == "form-post-response-mode.md"
    assert BY_NAME[OAUTH].section_url("A.1") == "https://www.rfc-editor.org/rfc/rfc6749#appendix-A.1"
    assert BY_NAME["RFC 7523"].section_url("3 (7)") == "https://www.rfc-editor.org/rfc/rfc7523#section-3"
    assert BY_NAME["JARM"].section_url("2.1") == "https://openid.net/specs/oauth-v2-jarm.html"
