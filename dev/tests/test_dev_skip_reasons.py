"""The end of a run names each reason for which tests were skipped, once."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import pytest_skip_reasons

pytestmark = pytest.mark.slow

TESTS = """
import pytest

@pytest.fixture
def browser():
    pytest.skip("no browser")

@pytest.mark.parametrize("page", range(3))
def test_page(browser, page): pass

@pytest.mark.skipif(True, reason="no Docker")
def test_image(): pass

def test_other(): pass
"""


def output_of(folder: Path, *more: str, **environment: str) -> str:
    (folder / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\n")
    plugins = ("-p", "pytest_skip_reasons", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *more, str(folder)],
        env={**os.environ, "PYTHONPATH": str(Path(pytest_skip_reasons.__file__).parent), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "parallel"])
def test_each_reason_is_one_line(tmp_path, more):
    said = output_of(tmp_path, *more, **{pytest_skip_reasons.VARIABLE: ""}).splitlines()
    assert [line for line in said if "no browser" in line or "no Docker" in line] == [
        "skipped: 3 tests: no browser",
        "skipped: 1 test: no Docker",
    ]


def test_reasons_of_several_runs_are_counted_together(tmp_path):
    file = tmp_path / "skips"
    file.touch()
    for _ in range(2):
        assert "no browser" not in output_of(tmp_path, **{pytest_skip_reasons.VARIABLE: str(file)})
    assert pytest_skip_reasons.read(file) == Counter({"no browser": 6, "no Docker": 2})
