"""A person with a browser that runs no scripts: for flows that need no real one."""

import re

import requests


def log_in(browser: requests.Session, authorization_url: str) -> str:
    """Follow an authorization request through the login as user0: the address that leads back to the client."""
    location = authorization_url
    while True:
        response = browser.get(location, allow_redirects=False, timeout=10)
        if response.status_code == requests.codes.ok:
            break
        location = response.headers["location"]
        if "/callback?" in location:
            return location
    form = dict(re.findall(r'name="(login|csrf_token)" value="([^"]*)"', response.text))
    form |= {"username": "user0", "password": "password0"}
    response = browser.post(response.url.partition("?")[0], data=form, allow_redirects=False, timeout=10)
    assert response.status_code == requests.codes.see_other, response.text
    return response.headers["location"]
