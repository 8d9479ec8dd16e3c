"""The demo's directory with additional clients."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from stack import ROOT


def demo_directory_and(clients: Iterable[Mapping[str, Any]], folder: Path) -> Path:
    """A directory file in the folder, as JSON, which is also YAML."""
    directory = yaml.safe_load((ROOT / "deploy/demo/directory.yaml").read_text())
    directory["clients"] += clients
    file = folder / "directory.yaml"
    file.write_text(json.dumps(directory))
    return file
