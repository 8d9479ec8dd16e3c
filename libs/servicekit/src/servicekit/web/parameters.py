"""The parameters of a query or a form body, decoded once and strictly.

Plumbing of every door: what cannot be decoded, is too long or holds control characters is refused here, and a name
that came more than once is remembered, because only the endpoint knows how to refuse it.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

# As long as a bearer token can be in a header that Hypercorn takes: each can be introspected.
PARAMETER_LIMIT = 16 * 1024
COUNT_LIMIT = 64

_PLAIN_NAME = re.compile(r"[a-z_]{1,40}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class MalformedParameters(Exception):
    """What came cannot be read as parameters; the message says why and repeats no value."""


class Parameters(Mapping[str, str]):
    """The decoded parameters by name. One without a value counts as absent (RFC 6749 §3.1, §3.2)."""

    def __init__(self, values: Mapping[str, str], repeated: frozenset[str] = frozenset()) -> None:
        self._values = dict(values)
        self.repeated = repeated

    @classmethod
    def parse(cls, raw: bytes) -> "Parameters":
        """Decode an application/x-www-form-urlencoded string; raises MalformedParameters."""
        try:
            pairs = parse_qsl(raw.decode("ascii"), errors="strict", max_num_fields=COUNT_LIMIT)
        except UnicodeDecodeError:
            raise MalformedParameters("The parameters must be percent-encoded UTF-8.") from None
        except ValueError:
            raise MalformedParameters(f"The request has more than {COUNT_LIMIT} parameters.") from None
        values: dict[str, str] = {}
        repeated = set()
        for name, value in pairs:
            if len(name) > PARAMETER_LIMIT or len(value) > PARAMETER_LIMIT:
                raise MalformedParameters(f"A parameter is longer than {PARAMETER_LIMIT} characters.")
            if _CONTROL.search(name) or _CONTROL.search(value):
                raise MalformedParameters("A parameter contains a control character.")
            if name in values:
                repeated.add(name)
            values[name] = value
        return cls(values, frozenset(repeated))

    def repetition(self) -> str | None:
        """What to say when a name came more than once, repeating nothing that a stranger made up; else None."""
        if not self.repeated:
            return None
        names = sorted(name for name in self.repeated if _PLAIN_NAME.fullmatch(name))
        return f"Duplicate parameter: {', '.join(names)}." if names else "Duplicate parameter."

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
