"""Waiting for a condition, for tests that start something and look at it from outside."""

import http.client
import time
from collections.abc import Callable

_POLL_SECONDS = 0.02


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Until it holds; one that cannot be asked, because nobody answers, does not hold yet. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except (OSError, http.client.HTTPException):
            pass
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(_POLL_SECONDS)
