"""`make coverage` and `make mutate`: their sums, and what they run."""

import json
import re
from pathlib import Path

import pytest

from stack import ROLES, ROOT
from test_quality import mutation
from test_quality.branch_coverage import Covered, by_package, table


def summary(statements: int, run: int, branches: int, branches_run: int) -> dict[str, int]:
    return {
        "num_statements": statements,
        "covered_lines": run,
        "num_branches": branches,
        "covered_branches": branches_run,
    }


REPORT = {
    "files": {
        "services/op/src/op/app.py": {"summary": summary(10, 10, 2, 1)},
        "services/op/src/op/protocol/authorization/pkce.py": {"summary": summary(8, 4, 4, 1)},
        "services/op/src/op/protocol/tokens/claims.py": {"summary": summary(2, 2, 0, 0)},
    },
    "totals": summary(20, 16, 6, 2),
}


def test_coverage_is_summed_by_package() -> None:
    assert by_package(REPORT) == {
        "op": Covered(10, 10, 2, 1),
        "op.protocol": Covered(10, 6, 4, 1),
        "all": Covered(20, 16, 6, 2),
    }


def test_table_of_an_empty_package_has_percentages() -> None:
    lines = table({"op": Covered(8, 6, 4, 1), "rs": Covered(1, 1, 0, 0)}).splitlines()
    assert lines[1].split() == ["op", "8", "75.0%", "4", "25.0%"]
    assert lines[2].split() == ["rs", "1", "100.0%", "0", "-"]


def test_outcome_of_every_mutant_is_read() -> None:
    listing = "    rs.protocol.bearer.x_bearer_token__mutmut_1: killed\n    rs.x_y__mutmut_2: no tests\n\n"
    assert mutation.outcomes(listing) == {
        "rs.protocol.bearer.x_bearer_token__mutmut_1": "killed",
        "rs.x_y__mutmut_2": "no tests",
    }


@pytest.mark.parametrize("role", ROLES)
def test_pure_tests_use_neither_redis_nor_an_application(role: str) -> None:
    for file in mutation.pure_tests(role):
        text = (ROOT / "services" / role / file).read_text()
        assert not re.search(r"\bredis\b|create_app", text), file


@pytest.mark.parametrize("role", ROLES)
def test_pure_modules_exist(role: str) -> None:
    source = ROOT / "services" / role / "src" / role
    assert [module for module in mutation.PURE_MODULES[role] if not (source / module).is_file()] == []


def test_survivors_are_tried_again(tmp_path: Path) -> None:
    """A new test may kill it, although the code is the same."""
    source = tmp_path / "mutants" / "src" / "rs"
    source.mkdir(parents=True)
    stats, results = tmp_path / "mutants" / "mutmut-stats.json", source / "bearer.py.meta"
    stats.write_text("{}")
    codes = {"killed": 1, "survived": 0, "no tests": 33, "timeout": 36}
    results.write_text(json.dumps({"exit_code_by_key": codes, "hash_by_function_name": {"f": "x"}}))
    mutation.forget_survivors(tmp_path)
    expected = {"killed": 1, "survived": None, "no tests": None, "timeout": 36}
    assert json.loads(results.read_text()) == {"exit_code_by_key": expected, "hash_by_function_name": {"f": "x"}}
    assert not stats.exists(), "which tests reach what"


def test_first_run_has_nothing_to_forget(tmp_path: Path) -> None:
    mutation.forget_survivors(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_service_without_pure_tests_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setitem(mutation.PURE_TESTS, "rs", ("tests/nowhere/test_*.py",))
    assert mutation.main(["rs"]) == 2
    assert capsys.readouterr().err == "mutate: none of tests/nowhere/test_*.py exists in services/rs\n"


def test_unknown_service_is_one_line(capsys) -> None:
    assert mutation.main(["rx"]) == 2
    assert capsys.readouterr().err == "mutate: there is no service rx\n"
