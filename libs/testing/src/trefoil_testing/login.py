"""Signing in on the provider's pages without a browser."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

_TIMEOUT = 10.0
_STEPS = 10


class LoginFailed(Exception):
    """The provider did not redirect to the client; the message contains the status and the page."""


def log_in(authorization_url: str, username: str, password: str, browser: requests.Session | None = None) -> str:
    """Follow an authorization request through login and consent, which is allowed, to the redirect URI.

    `browser` stores the cookies; if it is already signed in, no form is submitted. Raises LoginFailed if the provider
    does not redirect to the client, for example after an invalid request or a wrong password.
    """
    if browser is None:
        with requests.Session() as fresh:
            return log_in(authorization_url, username, password, fresh)
    origin = urlsplit(authorization_url)[:2]
    response = browser.get(authorization_url, allow_redirects=False, timeout=_TIMEOUT)
    submitted: set[str] = set()
    for _ in range(_STEPS):
        if response.is_redirect:
            location = urljoin(response.url, response.headers["location"])
            if urlsplit(location)[:2] != origin:
                return location
            response = browser.get(location, allow_redirects=False, timeout=_TIMEOUT)
        elif response.ok and response.url.partition("?")[0] not in submitted:
            submitted.add(response.url.partition("?")[0])
            form = _Form(response.text)
            fields = {
                **form.hidden,
                **({"answer": "allow"} if form.is_consent else {"username": username, "password": password}),
            }
            action = urljoin(response.url, form.action)
            response = browser.post(action, data=fields, allow_redirects=False, timeout=_TIMEOUT)
        else:
            break
    raise LoginFailed(f"{response.status_code} {response.url}\n{response.text}")


class _Form(HTMLParser):
    """The first form of a page: its action, its hidden fields, and whether it asks for consent."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.is_consent = False
        self.hidden: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = given.get("action", "")
        elif tag == "button" and given.get("name") == "answer":
            self.is_consent = True
        elif tag == "input" and given.get("type") == "hidden":
            self.hidden[given.get("name", "")] = given.get("value", "")
