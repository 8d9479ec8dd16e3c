"""The demo's directory, with more clients in it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from stack import ROOT


def demo_directory_and(clients: Iterable[Mapping[str, Any]], folder: Path) -> Path:
    """A directory file in the folder: JSON, which is YAML, too."""
    directory = yaml.safe_load((ROOT / "deploy/demo/directory.yaml").read_text())
    directory["clients"] += clients
    file = folder / "directory.yaml"
    file.write_text(json.dumps(directory))
    return file
