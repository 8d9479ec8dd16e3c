"""What the release workflow needs to know: the version that a tag names, and that version's section of the changelog.

`release.py version v1.2.3` prints 1.2.3 if every package has that version and CHANGELOG.md has a section for it;
`release.py notes 1.2.3` prints the section. It needs Python 3.11 and no packages.
"""

import re
import sys
import tomllib
from pathlib import Path

from bootstrap import PACKAGES

ROOT = Path(__file__).parents[1]


class ReleaseError(Exception):
    """Why this tag cannot be released, in one line."""


def versions(root: Path) -> dict[str, str]:
    """The version in each package's pyproject.toml."""
    projects = {package: tomllib.loads((root / package / "pyproject.toml").read_text()) for package in PACKAGES}
    return {package: project["project"]["version"] for package, project in projects.items()}


def version_of(tag: str, root: Path = ROOT) -> str:
    """The version that the tag names; raises ReleaseError if a package or the changelog does not have it."""
    version = tag.removeprefix("v")
    others = [f"{package} is {found}" for package, found in versions(root).items() if found != version]
    if others:
        raise ReleaseError(f"the tag is {tag}, but {', '.join(others)}")
    notes(version, root)
    return version


def notes(version: str, root: Path = ROOT) -> str:
    """The changelog's section for a version; raises ReleaseError without one, or if it is empty."""
    text = (root / "CHANGELOG.md").read_text()
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        if title.split()[0].strip("[]") == version and body.strip():
            return body.strip()
    raise ReleaseError(f"CHANGELOG.md has no section for {version}")


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["version", tag]:
                print(version_of(tag))
            case ["notes", version]:
                print(notes(version))
            case _:
                print("usage: release.py version TAG | notes VERSION", file=sys.stderr)
                return 2
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
