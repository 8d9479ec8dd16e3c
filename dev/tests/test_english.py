"""The public texts are in plain English: what is replaced, where it is looked for, and what is allowed."""

import functools
import re
from pathlib import Path

import pytest

from test_quality.english import (
    IDENTIFIER_WORDS,
    ROOT,
    RULES,
    TEST_NAME_LIMIT,
    Finding,
    Rule,
    findings,
    main,
    tracked_files,
)

# Findings that are right as they stand: a pattern for the path, the expression, and the reason.
ALLOWED: tuple[tuple[str, str, str], ...] = (
    (
        r"(e2e/certification/|services/rp/tests/test_rp_certification)\w+\.py",
        r"test_oidcc_\w+",
        "the tests have the names of the suite's modules",
    ),
    (r"e2e/support/scripted_login\.py", "answer", "the field of the consent form"),
    (r"deploy/k8s/overlays/kind/kustomization\.yaml", "seals", "a demo secret, with which existing data are encrypted"),
    (r"services/rp/src/rp/pages/templates/\w+\.html", "is none", "a test of Jinja"),
    (r"services/rp/src/rp/stores/nonce_binding\.py", "sealed", "a member of a record in Redis"),
)

# These two hold the expressions as examples.
EXAMPLES = ("dev/test_quality/english.py", "dev/tests/test_english.py")


def is_allowed(finding: Finding) -> bool:
    return any(
        re.fullmatch(path, finding.path) and re.fullmatch(found, finding.found, re.IGNORECASE)
        for path, found, _ in ALLOWED
    )


@functools.cache
def public_findings() -> tuple[Finding, ...]:
    return tuple(finding for path in public_files() for finding in findings(path))


def public_files() -> list[Path]:
    return [path for path in tracked_files() if path.relative_to(ROOT).as_posix() not in EXAMPLES]


def test_public_texts_are_in_plain_english() -> None:
    found = [str(finding) for finding in public_findings() if not is_allowed(finding)]
    assert not found, "\n" + "\n".join(found)


def test_every_exception_is_used() -> None:
    found = public_findings()
    assert [
        entry
        for entry in ALLOWED
        if not any(
            re.fullmatch(entry[0], one.path) and re.fullmatch(entry[1], one.found, re.IGNORECASE) for one in found
        )
    ] == []


# --- The rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "text"),
    [pytest.param(rule, text, id=text) for rule in RULES for text in rule.wrong],
)
def test_expression_is_found(rule: Rule, text: str) -> None:
    assert rule.pattern.search(text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [pytest.param(rule, text, id=text) for rule in RULES for text in rule.right],
)
def test_correct_english_is_not_found(rule: Rule, text: str) -> None:
    assert not rule.pattern.search(text)


# --- Where they are looked for ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.py", '"""Made anew."""\n', id="docstring"),
        pytest.param("a.py", "x = 1  # made anew\n", id="comment"),
        pytest.param("a.py", "# the provider's\n# answer\n", id="comment of two lines"),
        pytest.param("a.py", "x = 'made anew'\n", id="string"),
        pytest.param("a.py", 'x = f"made {1} anew"\n', id="f-string"),
        pytest.param("a.py", "x = (\n    'the provider is '\n    'away'\n)\n", id="string of two literals"),
        pytest.param("a.py", "def test_redis_is_away(): ...\n", id="test name"),
        pytest.param("a.py", "class TheDoor: ...\n", id="class"),
        pytest.param("a.py", "class Kept: ...\n", id="class Kept"),
        pytest.param("a.py", f"def test_{'x' * (TEST_NAME_LIMIT - 4)}(): ...\n", id="long test name"),
        pytest.param("a.html", '<p title="Made anew">\n', id="template"),
        pytest.param("a.po", 'msgid "Made anew"\n', id="catalogue"),
        pytest.param("a.md", "The provider\nis away.\n", id="document"),
        pytest.param("a.md", "# Made anew\n", id="title"),
        pytest.param("0001-made-anew.md", "", id="file name"),
        pytest.param("a.yaml", "a: 1  # made anew\n", id="manifest"),
        pytest.param("Makefile", "up: ## Make it anew\n", id="Makefile"),
        *(pytest.param("a.py", f"{word} = 1\n", id=f"identifier {word}") for word in IDENTIFIER_WORDS),
    ],
)
def test_expression_is_found_in_each_place(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert len(list(findings(path))) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.py", "x = 1  # sent more than\n\n\ny = 'once'\n", id="two texts"),
        pytest.param("a.py", "kept = first_party = answerable = 1\n", id="other identifiers"),
        pytest.param("a.py", f"def test_{'x' * (TEST_NAME_LIMIT - 5)}(): ...\n", id="test name of 60 characters"),
        pytest.param("a.md", "Sent more than\n\nonce.\n", id="two paragraphs"),
        pytest.param("a.json", '{"a": "made anew"}', id="data"),
    ],
)
def test_other_text_is_not_found(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert list(findings(path)) == []


def test_command_prints_findings_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([EXAMPLES[0]]) == 1
    assert capsys.readouterr().out.startswith(f"{EXAMPLES[0]}:")
    assert main(["LICENSE"]) == 0
    assert capsys.readouterr().out == ""
