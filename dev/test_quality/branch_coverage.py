"""`make coverage`: the branch coverage of the packages by the unit and service tests, which run in parallel.

Lines and branches that a process of a test reaches count as well, unless the test gives it an environment of its own.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from run_tests import SERVICES
from stack import ROOT

DATA = ROOT / ".coverage-data"


@dataclass
class Covered:
    """Statements and branches of a package, and how many of them ran."""

    statements: int = 0
    statements_run: int = 0
    branches: int = 0
    branches_run: int = 0

    def add(self, summary: Mapping[str, int]) -> None:
        """A file's summary in coverage.py's JSON report."""
        self.statements += summary["num_statements"]
        self.statements_run += summary["covered_lines"]
        self.branches += summary["num_branches"]
        self.branches_run += summary["covered_branches"]


def package_of(file: str) -> str:
    """`services/op/src/op/protocol/authorization/pkce.py` is in `op.protocol`; a module at the top is in `op`."""
    module = file.partition("/src/")[2].split("/")
    return ".".join(module[: min(len(module) - 1, 2)])


def by_package(report: Mapping[str, Any]) -> dict[str, Covered]:
    """The sums by package, `all` the last."""
    packages: defaultdict[str, Covered] = defaultdict(Covered)
    for file, measured in sorted(report["files"].items()):
        packages[package_of(file)].add(measured["summary"])
    return {**packages, "all": _sum(report)}


def _sum(report: Mapping[str, Any]) -> Covered:
    total = Covered()
    total.add(report["totals"])
    return total


def table(packages: Mapping[str, Covered]) -> str:
    """A line for each package."""
    lines = [f"{'package':32} {'statements':>10} {'run':>7} {'branches':>9} {'run':>7}"]
    lines += [
        f"{name:32} {one.statements:10} {_percent(one.statements_run, one.statements):>7} "
        f"{one.branches:9} {_percent(one.branches_run, one.branches):>7}"
        for name, one in packages.items()
    ]
    return "\n".join(lines)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "-"


def main(arguments: Sequence[str]) -> int:
    """Pytest's exit status, after the table; words are added to the arguments of pytest."""
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir()
    coverage = [sys.executable, "-m", "coverage"]
    environment = {**os.environ, "COVERAGE_FILE": str(DATA / "coverage")}
    command = [*coverage, "run", "-m", "pytest", *SERVICES, *arguments]
    status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    report = DATA / "coverage.json"
    for step in (["combine", "--quiet"], ["json", "--quiet", "-o", str(report)]):
        subprocess.run([*coverage, *step], cwd=ROOT, env=environment, check=True)
    print("", table(by_package(json.loads(report.read_text(encoding="utf-8")))), "", sep="\n")
    print("`coverage report` or `coverage html` with COVERAGE_FILE=.coverage-data/coverage shows the lines.")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
