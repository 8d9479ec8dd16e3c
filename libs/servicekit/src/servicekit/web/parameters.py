"""The parameters of a query or a form body, decoded once and strictly.

Parameters that cannot be decoded, are too long or contain control characters are rejected here. Duplicate names are
recorded, because only the endpoint knows how to reject them.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

# The maximum length of a bearer token in a header that Hypercorn accepts, so that every such token can be introspected.
PARAMETER_LIMIT = 16 * 1024
COUNT_LIMIT = 64

_PLAIN_NAME = re.compile(r"[a-z_]{1,40}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class MalformedParameters(Exception):
    """The parameters are malformed; the message says why, without repeating a value."""


class Parameters(Mapping[str, str]):
    """The decoded parameters by name. Parameters without a value count as absent (RFC 6749 §3.1, §3.2)."""

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
        """The error if there are duplicate parameters, with their names if they are harmless; otherwise None."""
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
