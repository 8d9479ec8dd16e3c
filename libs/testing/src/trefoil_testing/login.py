"""A person at the provider's pages, without a browser."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

_TIMEOUT = 10.0
_STEPS = 10


class LoginFailed(Exception):
    """The provider led to no address of the client; the message has the status and the page."""


def log_in(authorization_url: str, username: str, password: str, browser: requests.Session | None = None) -> str:
    """Follow an authorization request through login and consent (which is given), back to an address of the client.

    `browser` keeps the cookies; with one that is logged in no form is met. Raises LoginFailed for everything that
    ends at the provider: a request that it does not accept, a wrong password.
    """
    if browser is None:
        with requests.Session() as fresh:
            return log_in(authorization_url, username, password, fresh)
    origin = urlsplit(authorization_url)[:2]
    response = browser.get(authorization_url, allow_redirects=False, timeout=_TIMEOUT)
    answered: set[str] = set()
    for _ in range(_STEPS):
        if response.is_redirect:
            location = urljoin(response.url, response.headers["location"])
            if urlsplit(location)[:2] != origin:
                return location
            response = browser.get(location, allow_redirects=False, timeout=_TIMEOUT)
        elif response.ok and response.url.partition("?")[0] not in answered:
            answered.add(response.url.partition("?")[0])
            form = _Form(response.text)
            fields = {
                **form.hidden,
                **({"answer": "allow"} if form.asks else {"username": username, "password": password}),
            }
            action = urljoin(response.url, form.action)
            response = browser.post(action, data=fields, allow_redirects=False, timeout=_TIMEOUT)
        else:
            break
    raise LoginFailed(f"{response.status_code} {response.url}\n{response.text}")


class _Form(HTMLParser):
    """The first form of a page: where it goes, its hidden fields, and whether it asks for a yes or a no."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.asks = False
        self.hidden: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = given.get("action", "")
        elif tag == "button" and given.get("name") == "answer":
            self.asks = True
        elif tag == "input" and given.get("type") == "hidden":
            self.hidden[given.get("name", "")] = given.get("value", "")
