"""Waiting for a condition, for tests that observe a process from outside."""

import http.client
import time
from collections.abc import Callable

_POLL_SECONDS = 0.02


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until the condition holds; an error of the connection means not yet. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except (OSError, http.client.HTTPException):
            pass
        assert time.monotonic() < deadline, "the condition was not met in time"
        time.sleep(_POLL_SECONDS)
