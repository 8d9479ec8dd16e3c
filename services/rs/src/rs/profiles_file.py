"""The YAML file with profiles to load at start: `profiles:`, a list of records."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from rs.records import Profile

_FIELDS = tuple(field.name for field in fields(Profile))


def profiles_in(path: str) -> tuple[Profile, ...]:
    """Read the profiles of the file at `path`; raises ValueError with the location of the fault."""
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as fault:
        raise ValueError(f"cannot read {path}: {fault.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise ValueError(f"{path} is not YAML: {' '.join(str(fault).split())}") from None
    entries = document.get("profiles") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError(f"{path} must contain a list of profiles")
    return tuple(_profile(path, number, entry) for number, entry in enumerate(entries, start=1))


def _profile(path: str, number: int, entry: Any) -> Profile:
    if not isinstance(entry, dict) or set(entry) != set(_FIELDS):
        raise ValueError(f"{path}: profile {number} must have {', '.join(_FIELDS)} and nothing else")
    if not all(isinstance(value, str) for value in entry.values()):
        raise ValueError(f"{path}: profile {number} must have a string in every field")
    return Profile(entry["sub"], entry["username"], entry["email"], entry["metadata"])
