"""Texts for pages that are written outside of templates: English, with what is needed to translate them."""

from collections.abc import Mapping
from typing import Any, Self


class Message(str):
    """A text in English. A page translates its `source` in its `context` and inserts the `values` as %(name)s.

    Logs, JSON responses and comparisons use the English text. A value can be a message itself.
    """

    __slots__ = ("context", "source", "values")

    context: str
    source: str
    values: Mapping[str, object]

    def __new__(cls, context: str, source: str, /, **values: object) -> Self:
        self = super().__new__(cls, source % values if values else source)
        self.context, self.source, self.values = context, source, values
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], Mapping[str, object]]:
        """How `copy` makes another one."""
        return (self.context, self.source), self.values


def to_record(text: str) -> str | dict[str, Any]:
    """A text as JSON: a message with its parts, and any other text as it is."""
    if not isinstance(text, Message):
        return text
    values = {name: to_record(inner) if isinstance(inner, str) else inner for name, inner in text.values.items()}
    return {"context": text.context, "source": text.source, "values": values}


def from_record(record: Any) -> str:
    """The text that `to_record` wrote; raises ValueError for anything else."""
    if isinstance(record, str):
        return record
    try:
        values = {
            name: from_record(one) if isinstance(one, str | dict) else one for name, one in record["values"].items()
        }
        return Message(record["context"], record["source"], **values)
    except (AttributeError, KeyError, TypeError) as fault:
        raise ValueError("not a text") from fault
