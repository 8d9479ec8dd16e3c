"""Clocks are arguments: a service passes `time.time` or `time.monotonic`, a test passes its own."""

from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]
"""Seconds, either since the epoch or, for a clock that never goes back, since some moment."""
