"""Expensive objects that all tests of a run share."""

import threading

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from op.keys.ring import new_keys


class KeyPairs:
    """Private keys by algorithm, as `op.keys.ring.new_keys` creates them, shared by all tests."""

    def __init__(self) -> None:
        self._made: list[dict[str, str]] = []
        self._given = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Make all keys available to the next test."""
        self._given = 0

    def next(self) -> dict[str, str]:
        """Keys that this test has not used yet."""
        with self._lock:
            if self._given == len(self._made):
                self._made.append(new_keys())
            self._given += 1
            return self._made[self._given - 1]


class TemplateCache(BytecodeCache):
    """Compiled Jinja templates, in memory."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()
