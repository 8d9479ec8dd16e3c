"""The login by HTTP requests, for flows without a browser."""

import re

import requests


def log_in(browser: requests.Session, authorization_url: str) -> str:
    """Follow an authorization request through the login as user0; the redirect to the client."""
    location = authorization_url
    while True:
        response = browser.get(location, allow_redirects=False, timeout=10)
        if response.status_code == requests.codes.ok:
            break
        location = response.headers["location"]
        if "/callback?" in location:
            return location
    return _submit(browser, response, username="user0", password="password0")


def log_in_and_allow(browser: requests.Session, authorization_url: str) -> str:
    """The same for a client that needs consent."""
    page = browser.get(log_in(browser, authorization_url), allow_redirects=False, timeout=10)
    return _submit(browser, page, answer="allow")


def _submit(browser: requests.Session, page: requests.Response, **typed: str) -> str:
    """Submit the form of a page; the redirect."""
    form = dict(re.findall(r'name="(login|csrf_token)" value="([^"]*)"', page.text))
    response = browser.post(page.url.partition("?")[0], data=form | typed, allow_redirects=False, timeout=10)
    assert response.status_code == requests.codes.see_other, response.text
    return response.headers["location"]
