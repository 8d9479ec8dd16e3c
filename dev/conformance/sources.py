"""The code and the tests as they are in the files: nothing is imported, and a test with parameters is one test."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .citations import Section, UnknownSpecificationError, first_named, marked
from .statements import of_code, of_test

CODE = ("services/*/src", "libs/*/src")
TESTS = ("libs/*/tests", "services/*/tests", "services/tests", "dev/tests", "e2e")
_WHOSE = {
    "services/op": "provider",
    "services/rs": "resource server",
    "services/rp": "relying party",
    "libs/oidc_discovery": "resource server and relying party",
    "libs/servicekit": "all services",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A function, class or module, or a test, and what it says about each section that it names."""

    path: str
    name: str
    statements: dict[Section, str]

    @property
    def owner(self) -> str:
        """The service that code belongs to."""
        return _WHOSE.get("/".join(self.path.split("/")[:2]), "")

    @property
    def module(self) -> str:
        """The dotted name of the module that code is in."""
        return self.path.partition("/src/")[2].removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class FaultyMarkerError(ValueError):
    """A `spec` marker that is not literal sections of known specifications, or that a docstring's label lacks."""


def documented_code(root: Path) -> list[Source]:
    """What names a section in its docstring. A method has its class before its name; a module has none.

    Raises UnknownSpecificationError.
    """
    found = []
    for path in _python_files(root, CODE):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        default = first_named(ast.get_docstring(tree) or "")
        for name, node in _documented(tree):
            docstring = ast.get_docstring(node) or ""
            own = first_named(docstring) if isinstance(node, ast.ClassDef) else None
            try:
                statements = of_code(docstring, own or default)
            except UnknownSpecificationError as error:
                raise UnknownSpecificationError(f"{path.relative_to(root)} {name}: {error}") from error
            if statements:
                found.append(Source(str(path.relative_to(root)), name, statements))
    return found


def marked_tests(root: Path) -> list[Source]:
    """What has a `spec` marker, of its own or of its class. Raises FaultyMarkerError."""
    found = []
    for path in _python_files(root, TESTS):
        if path.name.startswith("test_"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found += [
                Source(str(path.relative_to(root)), name, statements)
                for name, statements in _marked_tests(tree, str(path.relative_to(root)))
            ]
    return found


def _python_files(root: Path, folders: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        for top in sorted(root.glob(folder)):
            yield from sorted(path for path in top.rglob("*.py") if "node_modules" not in path.parts)


def _documented(
    tree: ast.Module,
) -> Iterator[tuple[str, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    yield "", tree
    yield from _definitions(tree, "")


def _definitions(
    node: ast.Module | ast.ClassDef, prefix: str
) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in node.body:
        if isinstance(child, ast.ClassDef):
            yield prefix + child.name, child
            yield from _definitions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, child


def _marked_tests(tree: ast.Module, path: str) -> Iterator[tuple[str, dict[Section, str]]]:
    by_class: dict[str, tuple[Section, ...]] = {}
    for name, node in _definitions(tree, ""):
        sections = (*by_class.get(name.rpartition(".")[0], ()), *_markers(node, f"{path}::{name}"))
        if isinstance(node, ast.ClassDef):
            by_class[name] = sections
        elif sections and node.name.startswith("test_"):
            try:
                yield name, of_test(ast.get_docstring(node) or "", dict.fromkeys(sections))
            except ValueError as error:
                raise FaultyMarkerError(f"{path}::{name}: {error}") from error


def _markers(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> Iterator[Section]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.spec":
            for argument in decorator.args:
                text = argument.value if isinstance(argument, ast.Constant) else None
                try:
                    yield from marked(str(text))
                except ValueError as error:
                    raise FaultyMarkerError(f"{name}: {error}") from error
