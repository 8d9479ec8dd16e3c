"""Every test that a document names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(test_\w+\.py)::(\w+)`")
DOCUMENTS = [path for path in sorted((ROOT / "docs").glob("*.md")) if NAMED.search(path.read_text())]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_test_that_it_names_is_there(document: Path) -> None:
    sources = {path.name: path.read_text() for path in ROOT.glob("*/**/test_*.py") if ".venv" not in path.parts}
    for file, case in NAMED.findall(document.read_text()):
        assert f"def {case}(" in sources[file], f"no {case} in {file}"
