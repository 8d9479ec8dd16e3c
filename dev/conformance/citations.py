"""Sections of specifications in text: `RFC 6749 §4.1.2, §10.5`, `RFC 7523 §3 (1), (2)`, `RFC 7517 §4.1 to §4.5`.

A bare `§5.5` is a section of the specification that was named last. All functions take text on one line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .specifications import BY_NAME, SPECIFICATIONS, Specification

_BY_ALIAS = {alias: one for one in SPECIFICATIONS for alias in (one.name, *one.aliases)}
_NAME = "|".join(re.escape(alias) for alias in sorted(_BY_ALIAS, key=len, reverse=True))
_NUMBER = r"(?:\d+(?:\.\d+)*|[A-Z](?:\.\d+)*)"
_SECTION = rf"§{_NUMBER}(?: \(\d+\)(?:, \(\d+\))*)?"
_SECTIONS = rf"{_SECTION}(?:(?:, | and | to | or |; ){_SECTION})*"
_CITATION = re.compile(
    rf"(?:(?<![\w.])(?P<name>{_NAME}|RFC \w+)(?: 1\.0)?,? ?)?(?P<sections>{_SECTIONS})"
    rf"|(?<![\w.])(?P<only_name>{_NAME})(?: 1\.0)?(?!\w)"
)
_NAMED = rf"(?:{_NAME})(?: 1\.0)?(?: {_SECTIONS})?"
_LABEL = re.compile(rf"{_NAMED}(?:; {_NAMED})*")
_PART = re.compile(rf"(?P<to> to )?§(?P<number>{_NUMBER})(?P<points>(?: \(\d+\)(?:, \(\d+\))*)?)")


@dataclass(frozen=True, slots=True)
class Section:
    """A section, or a specification as a whole, whose `number` is empty. `3 (7)` is the seventh item of its list."""

    specification: str
    number: str

    def __str__(self) -> str:
        return f"{self.specification} §{self.number}" if self.number else self.specification

    @property
    def order(self) -> tuple[tuple[int, int, str], ...]:
        """Numbers as numbers, appendices behind them."""
        parts = re.findall(r"\w+", self.number)
        return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)

    def covers(self, other: "Section") -> bool:
        """Whether the other one is this section or a part of it."""
        same = self.specification == other.specification
        return same and (other.number == self.number or bool(re.match(rf"{re.escape(self.number)}[. ]", other.number)))


@dataclass(frozen=True, slots=True)
class Citation:
    """The sections that text names in one place, from `start` to `end`."""

    sections: tuple[Section, ...]
    start: int
    end: int


class UnknownSpecificationError(ValueError):
    """A section of something that `specifications` does not list."""


def citations(text: str, default: Specification | None = None) -> Iterator[Citation]:
    """All of them, in order; `default` is the specification of a bare section. Raises UnknownSpecificationError."""
    current = default
    for found in _CITATION.finditer(text):
        if found["only_name"]:
            current = _BY_ALIAS[found["only_name"]]
            if current.cited_as_a_whole:
                yield Citation((Section(current.name, ""),), found.start(), found.end())
            continue
        if found["name"]:
            current = _BY_ALIAS.get(found["name"])
        if current is None:
            raise UnknownSpecificationError(f"{found[0]!r} in {text[:80]!r}")
        numbers = tuple(Section(current.name, number) for number in _numbers(found["sections"]))
        yield Citation(numbers, found.start(), found.end())


def _numbers(sections: str) -> Iterator[str]:
    before = ""
    for part in _PART.finditer(sections):
        number = part["number"]
        if part["to"]:
            yield from _between(before, number)
        points = re.findall(r"\(\d+\)", part["points"])
        yield from (f"{number} {point}" for point in points) if points else (number,)
        before = number


def _between(first: str, last: str) -> Iterator[str]:
    """`4.2`, `4.3` and `4.4` for `4.1` and `4.5`; nothing for sections of different parents."""
    parent, _, start = first.rpartition(".")
    other, _, end = last.rpartition(".")
    if parent == other and start.isdecimal() and end.isdecimal():
        yield from (f"{parent}.{number}".lstrip(".") for number in range(int(start) + 1, int(end)))


def marked(text: str) -> tuple[Section, ...]:
    """The sections of a marker: a specification by its own name, and sections of it. Raises ValueError."""
    if text in BY_NAME:
        return (Section(text, ""),)
    form = re.fullmatch(rf"(?P<name>.+?) {_SECTIONS}", text)
    if not form or form["name"] not in BY_NAME:
        raise UnknownSpecificationError(f"not a specification and its sections: {text!r}")
    return tuple(section for citation in citations(text) for section in citation.sections)


def labelled(text: str) -> tuple[tuple[Section, ...], str]:
    """The sections that text begins with and a colon, if it does, and the rest of it."""
    label, _, rest = text.partition(": ")
    if rest and _LABEL.fullmatch(label):
        return tuple(section for citation in citations(label) for section in citation.sections), rest
    return (), text


def first_named(text: str) -> Specification | None:
    """The specification that text names first, which is that of the bare sections below it."""
    found = re.search(rf"(?<![\w.])(?:{_NAME})(?!\w)", text)
    return _BY_ALIAS[found[0]] if found else None
