"""The texts that the pages can show, extracted from templates and code."""

import ast
import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_file

ROOT = Path(__file__).parents[2]

_KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "gettext_lazy": None,
    "pgettext_lazy": ((1, "c"), 2),
    "Message": ((1, "c"), 2),
}
_UNKNOWN = "\0"  # what only a request knows: a text with it cannot be translated
_COMMENT_TAGS = ("Translators:",)


@dataclass(frozen=True)
class Errors:
    """Exceptions of a module whose texts pages show: the classes, and how a page writes a text."""

    module: str
    classes: tuple[str, ...]
    as_shown: Callable[[str], str] = str


@dataclass(frozen=True)
class Source:
    """A package with pages: its folder, errors whose texts its pages show, and texts that code composes."""

    folder: Path
    errors: tuple[Errors, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def locales(self) -> Path:
        return self.folder / "locales"


def extract(source: Source) -> Catalog:
    """A catalogue of all texts of a package, without translations."""
    template = Catalog(fuzzy=False)
    for path in sorted([*source.folder.rglob("*.py"), *source.folder.rglob("*.html")]):
        method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
        options = {} if path.suffix == ".py" else {"trimmed": "true", "silent": "false"}
        found = extract_from_file(method, path, keywords=_KEYWORDS, comment_tags=_COMMENT_TAGS, options=options)
        for _, message, comments, context in found:
            template.add(message, locations=[(_named(path), 0)], auto_comments=comments, context=context)
    for errors in source.errors:
        path = Path(str(importlib.import_module(errors.module).__file__))
        for text in _texts_of_errors(path, errors):
            template.add(text, locations=[(_named(path), 0)])
    for text in source.texts:
        template.add(text)
    return template


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def _texts_of_errors(path: Path, errors: Errors) -> Iterator[str]:
    """The texts with which the classes are made; also those that a subclass passes to its base class."""
    module = importlib.import_module(errors.module)
    for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
        if ast.unparse(call.func).removeprefix("super().").rpartition(".")[2] in errors.classes:
            texts = (_text_of(argument, vars(module)) for argument in call.args)
            shown = (errors.as_shown(text) for text in texts if text and " " in text)
            yield from (text for text in shown if _UNKNOWN not in text)


def _text_of(node: ast.expr, constants: dict[str, object]) -> str | None:
    """A text in code, with the constants of its module filled in; None if it is not a text."""
    match node:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr(parts):
            return "".join(_text_of(part, constants) or _UNKNOWN for part in parts)
        case ast.FormattedValue(ast.Name(name)):
            return str(constants.get(name, _UNKNOWN))
        case _:
            return None
