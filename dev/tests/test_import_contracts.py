"""Each import-linter contract of pyproject.toml is violated by an import that it forbids, or by a new module."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "libs/servicekit/src",
    "libs/oidc_discovery/src",
    "libs/testing/src",
    "services/op/src",
    "services/rs/src",
    "services/rp/src",
)

SERVICEKIT = "libs/servicekit/src/servicekit"
DISCOVERY = "libs/oidc_discovery/src/oidc_discovery"
OP, RS, RP = "services/op/src/op", "services/rs/src/rs", "services/rp/src/rp"

VIOLATIONS = [
    ("Services never import each other", f"{RP}/new.py", "import op.protocol.authorization.pkce"),
    ("servicekit knows no service", f"{SERVICEKIT}/new.py", "import op.records"),
    ("servicekit knows no service", f"{SERVICEKIT}/new.py", "import oidc_discovery.errors"),
    ("oidc_discovery knows no service", f"{DISCOVERY}/new.py", "import rs.records"),
    ("The provider does not use its clients' oidc_discovery", f"{OP}/new.py", "import oidc_discovery.errors"),
    (
        "trefoil_testing knows the provider by its image alone",
        "libs/testing/src/trefoil_testing/new.py",
        "import op.records",
    ),
    ("The libraries hold no protocol: no JOSE, no password hashing", f"{SERVICEKIT}/new.py", "import jose"),
    ("The libraries hold no protocol: no JOSE, no password hashing", f"{DISCOVERY}/new.py", "import jose"),
    ("protocol/ does no I/O", f"{RS}/protocol/new.py", "import aiohttp"),
    ("protocol/ does no I/O", f"{RP}/protocol/tokens/new.py", "import oidc_discovery.documents"),
    ("The layers of servicekit", f"{SERVICEKIT}/settings.py", "import servicekit.http"),
    ("The layers of servicekit", f"{SERVICEKIT}/log.py", "import servicekit.clock"),
    ("The layers of servicekit", f"{SERVICEKIT}/new.py", ""),
    ("The layers of oidc_discovery", f"{DISCOVERY}/errors.py", "import oidc_discovery.metadata"),
    ("The layers of oidc_discovery", f"{DISCOVERY}/new.py", ""),
    ("The layers of the provider", f"{OP}/stores/new.py", "import op.tokens.issuer"),
    ("The layers of the provider", f"{OP}/new.py", ""),
    (
        "No packages import each other in a circle",
        f"{OP}/protocol/authorization/new.py",
        "import op.protocol.clients.uri",
    ),
    ("The layers of the resource server", f"{RS}/stores/new.py", "import rs.validation.jwt"),
    ("The layers of the resource server", f"{RS}/new.py", ""),
    ("The layers of the resource server's protocol", f"{RS}/protocol/claims.py", "import rs.protocol.bearer"),
    ("The layers of the resource server's protocol", f"{RS}/protocol/new.py", ""),
    ("The layers of the relying party", f"{RP}/protocol/tokens/new.py", "import rp.stores.session"),
    ("The layers of the relying party", f"{RP}/new.py", ""),
    (
        "The layers of the relying party's protocol",
        f"{RP}/protocol/tokens/new.py",
        "import rp.protocol.clients",
    ),
    ("The layers of the relying party's protocol", f"{RP}/protocol/new.py", ""),
]
CONTRACTS = {
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the packages and the contracts, which tests modify."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": ":".join(str(root / package) for package in PACKAGES), "COLUMNS": "200"}
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_every_contract_is_kept(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout
    assert f"{len(CONTRACTS)} kept, 0 broken" in result.stdout


@pytest.mark.parametrize(("contract", "path", "line"), VIOLATIONS)
def test_violation_breaks_its_contract(copy: Path, contract: str, path: str, line: str) -> None:
    with (copy / path).open("a") as source:
        source.write(f"\n{line}\n")
    result = lint(copy)
    assert result.returncode == 1
    assert f"{contract} BROKEN" in [row.strip() for row in result.stdout.splitlines()]


def test_every_contract_has_a_violation() -> None:
    assert {contract for contract, *_ in VIOLATIONS} == CONTRACTS
