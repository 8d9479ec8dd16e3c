"""A pytest plugin: with TREFOIL_NO_SKIP=1, as in CI, a skipped test is a failed one."""

import os
from collections.abc import Generator

import pytest


def _forbidden() -> bool:
    return os.environ.get("TREFOIL_NO_SKIP") == "1"


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{reason} -- and TREFOIL_NO_SKIP=1 lets nothing be skipped"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if _forbidden() and report.skipped and not hasattr(report, "wasxfail"):
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if _forbidden() and report.skipped:
        _fail(report)
    return report
