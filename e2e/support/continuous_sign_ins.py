"""Users who sign in continuously, in threads, while failures are recorded."""

import threading
import time
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Any, Self

import requests

from support.scripted_login import log_in

_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.05
_PAUSE_SECONDS = 0.25


class ContinuousSignIns(AbstractContextManager["ContinuousSignIns"]):
    """Some sign in repeatedly, each time with a new browser; one stays signed in and loads the profile.

    They pause between sign-ins, so that the machine can still start pods.
    """

    def __init__(self, rp_url: str, newcomers: int = 2) -> None:
        self.flows = 0
        self.requests = 0
        self.failures: list[str] = []
        self._rp_url = rp_url
        self._over = threading.Event()
        self._counting = threading.Lock()
        works = [self._sign_in] * newcomers + [self._stay]
        self._threads = [threading.Thread(target=self._again_and_again, args=(work,), daemon=True) for work in works]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(_WAIT_SECONDS)

    def wait_for(self, flows: int) -> None:
        """Wait until this number of sign-ins has succeeded."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while self.flows < flows and not self.failures:
            assert time.monotonic() < deadline, f"only {self.flows} sign-ins in {_WAIT_SECONDS:.0f} s"
            time.sleep(_POLL_SECONDS)

    def _again_and_again(self, work: Any) -> None:
        while not self._over.wait(_PAUSE_SECONDS):
            try:
                work()
            except Exception as failure:  # noqa: BLE001 - whatever it is, a person met it
                self.failures.append(f"{time.strftime('%X')} {work.__name__}: {type(failure).__name__}: {failure}")

    def _sign_in(self) -> None:
        with self._browser() as browser:
            self._to_the_profile(browser)

    def _stay(self) -> None:
        with self._browser() as browser:
            self._to_the_profile(browser)
            while not self._over.wait(_PAUSE_SECONDS):
                _expect_profile(browser.get(f"{self._rp_url}/profile", allow_redirects=False, timeout=10))

    def _to_the_profile(self, browser: requests.Session) -> None:
        callback = log_in(browser, f"{self._rp_url}/login")
        response = browser.get(callback, timeout=10)
        assert response.url == f"{self._rp_url}/profile", f"{response.status_code} {response.url}"
        _expect_profile(response)
        with self._counting:
            self.flows += 1

    def _browser(self) -> requests.Session:
        browser = requests.Session()
        browser.hooks["response"].append(self._count)
        return browser

    def _count(self, response: requests.Response, **_: object) -> None:
        with self._counting:
            self.requests += 1
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            self.failures.append(f"{time.strftime('%X')} {response.status_code} {response.url}")


def _expect_profile(response: requests.Response) -> None:
    assert response.status_code == requests.codes.ok, f"{response.status_code} {response.url}"
    for text in ("user0@example.com", "same sub", "Prefers tea"):
        assert text in response.text, f"no {text} in the profile"
