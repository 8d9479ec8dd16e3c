"""TREFOIL_NO_SKIP=1 makes a failure of every skip, wherever it was said."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_no_skip

pytestmark = pytest.mark.slow

SKIPS = {
    "in-the-test": "import pytest\ndef test(): pytest.skip('no browser')",
    "in-a-fixture": "import pytest\n@pytest.fixture\ndef f(): pytest.skip('no browser')\ndef test(f): pass",
    "by-a-mark": "import pytest\n@pytest.mark.skipif(True, reason='no browser')\ndef test(): pass",
    "of-the-module": "import pytest\npytest.skip('no browser', allow_module_level=True)",
}
EXPECTED_FAILURE = "import pytest\n@pytest.mark.xfail\ndef test(): assert False"


def outcome(folder: Path, source: str, allowance: str, *more: str) -> tuple[int, str]:
    (folder / "test_it.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "pytest_no_skip", "-p", "no:cacheprovider", "-ra", *more, str(folder)],
        env={**os.environ, "PYTHONPATH": str(Path(pytest_no_skip.__file__).parent), "TREFOIL_NO_SKIP": allowance},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS.keys())
def test_a_skip_fails(tmp_path, source):
    status, output = outcome(tmp_path, source, "1")
    assert status in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
    assert "no browser -- and TREFOIL_NO_SKIP=1" in output


@pytest.mark.parametrize("source", [SKIPS["in-a-fixture"], SKIPS["of-the-module"]], ids=["fixture", "module"])
def test_a_skip_fails_in_a_parallel_run(tmp_path, source):
    status, output = outcome(tmp_path, source, "1", "-n", "1")
    assert status in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
    assert "no browser -- and TREFOIL_NO_SKIP=1" in output


@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS.keys())
def test_elsewhere_a_skip_is_listed_with_its_reason(tmp_path, source):
    status, output = outcome(tmp_path, source, "")
    assert status in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert "no browser" in output.splitlines()[-2]


def test_expected_failure_is_not_a_skip(tmp_path):
    status, _ = outcome(tmp_path, EXPECTED_FAILURE, "1")
    assert status == pytest.ExitCode.OK
