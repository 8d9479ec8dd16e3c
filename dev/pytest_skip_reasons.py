"""A pytest plugin: the summary has one line for each reason for which tests were skipped, with their number.

With TREFOIL_SKIPS, the path of a file, the counts are added to that file instead: `make test` runs pytest several times
and prints them once, at its end.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

VARIABLE = "TREFOIL_SKIPS"
_PREFIX = "Skipped: "


def lines(skips: Counter[str]) -> Iterator[str]:
    """What is printed, with the most frequent reason first."""
    for reason, count in skips.most_common():
        yield f"skipped: {count} {'test' if count == 1 else 'tests'}: {reason}"


def read(file: Path) -> Counter[str]:
    """The counts in a file that several runs of pytest have written."""
    total: Counter[str] = Counter()
    for line in file.read_text().splitlines():
        total.update(json.loads(line))
    return total


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skips = _reasons(terminalreporter.stats.get("skipped", []))
    file = os.environ.get(VARIABLE)
    if file:
        with Path(file).open("a") as output:  # a short line in one write: runs at the same time do not mix
            output.write(json.dumps(skips) + "\n")
    else:
        for line in lines(skips):
            terminalreporter.write_line(line)


def _reasons(reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> Counter[str]:
    return Counter(
        report.longrepr[2].removeprefix(_PREFIX) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        for report in reports
    )
