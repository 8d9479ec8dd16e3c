"""Each wall of the house is seen to break when it is crossed (the import-linter contracts of pyproject.toml)."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGES = ("libs/servicekit/src", "libs/testing/src", "services/op/src", "services/rs/src", "services/rp/src")

CROSSINGS = {
    "Services never import each other": ("services/rp/src/rp/crossing.py", "import op.protocol.pkce"),
    "servicekit knows no service": ("libs/servicekit/src/servicekit/crossing.py", "import op.records"),
    "trefoil_testing knows the provider": ("libs/testing/src/trefoil_testing/crossing.py", "import op.records"),
    "servicekit holds no protocol": ("libs/servicekit/src/servicekit/crossing.py", "import jose"),
    "protocol/ does no I/O": ("services/rs/src/rs/protocol/crossing.py", "import aiohttp"),
    "The provider's calls descend": ("services/op/src/op/stores/crossing.py", "import op.tokens"),
    "The resource server's calls descend": ("services/rs/src/rs/protocol/crossing.py", "import rs.validation"),
    "The relying party's calls descend": ("services/rp/src/rp/protocol/crossing.py", "import rp.stores.session"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and the contracts, to be broken."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": ":".join(str(root / package) for package in PACKAGES), "COLUMNS": "200"}
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_no_wall_is_crossed(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout
    assert f"{len(CROSSINGS)} kept, 0 broken" in result.stdout


@pytest.mark.parametrize("contract", CROSSINGS)
def test_a_crossing_breaks_its_contract(copy: Path, contract: str) -> None:
    path, line = CROSSINGS[contract]
    (copy / path).write_text(f"{line}\n")
    result = lint(copy)
    assert result.returncode == 1
    assert any(row.startswith(contract) and row.rstrip().endswith("BROKEN") for row in result.stdout.splitlines())
