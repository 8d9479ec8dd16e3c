"""Each package declares in its pyproject.toml what it imports itself, and nothing else."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from bootstrap import PACKAGES

ROOT = Path(__file__).parents[2]


def project(package: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / package / "pyproject.toml").read_text())


def normalized(name: str) -> str:
    """A distribution's name without extras and versions, as PyPA compares names."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", name)[0]).lower()


def source_folder(package: str) -> Path:
    folder: str
    [folder] = project(package)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return ROOT / package / folder


OWN = {source_folder(package).name: normalized(project(package)["project"]["name"]) for package in PACKAGES}
INSTALLED = packages_distributions()


def imported(package: str) -> set[str]:
    """The distributions that a package's sources import, without the standard library and the package itself."""
    folder = source_folder(package)
    modules: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                modules.add(node.module.partition(".")[0])
    modules -= {*sys.stdlib_module_names, folder.name}
    return {OWN[module] if module in OWN else normalized(INSTALLED[module][0]) for module in modules}


def declared(package: str) -> set[str]:
    return {normalized(requirement) for requirement in project(package)["project"]["dependencies"]}


@pytest.mark.parametrize("package", PACKAGES)
def test_package_declares_what_it_imports(package: str) -> None:
    assert imported(package) == declared(package)


def required_by(package: str) -> set[str]:
    """The third-party distributions that a package needs, with those of the libraries that it declares."""
    own = {OWN[source_folder(other).name]: other for other in PACKAGES}
    direct = declared(package)
    libraries = [own[name] for name in direct & own.keys()]
    return (direct - own.keys()).union(*(required_by(library) for library in libraries))


@pytest.mark.parametrize("service", [package for package in PACKAGES if package.startswith("services/")])
def test_image_installs_what_its_packages_declare(service: str) -> None:
    """The lock is made from requirements.in."""
    lines = (ROOT / service / "requirements.in").read_text().splitlines()
    assert required_by(service) <= {normalized(line) for line in lines if line and not line.startswith("#")}
