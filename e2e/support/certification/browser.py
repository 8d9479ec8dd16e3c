"""A person in a browser for the certification modules: reads pages, fills in forms, goes where it is sent.

It runs no scripts, keeps cookies as browsers do, and stops at the client's door: nobody has to open a redirect URI.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

TIMEOUT = 10.0
_STEPS = 12
_FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass
class Form:
    """A form: where it goes, what it sends by itself, what a person can fill in, and its buttons."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """What the provider shows where a person has nothing to fill in."""

    status: int
    url: str
    html: str
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        return " ".join(re.sub(r"<[^>]*>", " ", self.html).split())


@dataclass(frozen=True)
class Arrival:
    """A request with which the browser leaves the provider for the client."""

    method: str
    url: str
    query: dict[str, str]
    form: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None

    @property
    def address(self) -> str:
        return self.url.partition("?")[0]


class _Reader(HTMLParser):
    """The forms, frames, pictures and links of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.frames: list[str] = []
        self.images: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", "")))
        elif tag == "input" and values.get("type") == "hidden":
            self.forms[-1].fields[values["name"]] = values.get("value", "")
        elif tag == "input":
            self.forms[-1].inputs.append(values["name"])
        elif tag == "button" and values.get("type") != "button" and self.forms:
            self.forms[-1].buttons.append((values.get("name", ""), values.get("value", "")))
        elif tag == "iframe":
            self.frames.append(values["src"])
        elif tag == "img":
            self.images.append(values["src"])
        elif tag == "a":
            self.links.append(values.get("href", ""))


def images_of(page: Page) -> list[str]:
    return _Reader(page.html).images


def links_of(page: Page) -> list[str]:
    return _Reader(page.html).links


class Browser:
    """One browser with cookies of its own, and the person in front of it.

    `shown` are the kinds of pages that the person has met: login, consent, logout.
    """

    def __init__(self, issuer: str, trust: str, username: str, password: str) -> None:
        self.shown: list[str] = []
        self._origin = issuer
        self._username, self._password = username, password
        self._session = requests.Session()
        self._session.trust_env = False  # this machine's own certificates must not go before the one that is given
        self._session.verify = trust
        self._session.headers["Accept-Language"] = "en"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def open(self, url: str, *, until: str | None = None) -> Arrival | Page:
        """Follow an address to its end; with `until` only as far as a page of that kind."""
        return self._follow(self._get(url), until)

    def post_from_another_site(self, url: str, form: dict[str, str], origin: str) -> Arrival | Page:
        """A form of another site: it comes without our SameSite=Lax cookies."""
        with requests.Session() as bare:
            response = bare.post(
                url,
                form,
                headers={"Origin": origin},
                verify=self._session.verify,
                allow_redirects=False,
                timeout=TIMEOUT,
            )
        self._session.cookies.update(response.cookies)
        return self._follow(response, None)

    def _follow(self, response: requests.Response, until: str | None) -> Arrival | Page:
        for _ in range(_STEPS):
            if response.is_redirect:
                location = urljoin(response.url, response.headers["Location"])
                if not self._is_ours(location):
                    return Arrival("GET", location, _query(location))
                response = self._get(location)
                continue
            page = Page(response.status_code, response.url, response.text, response.headers)
            read = _Reader(page.html)
            form = read.forms[0] if read.forms else None
            kind = _kind(page, form)
            if form is None or page.status >= HTTPStatus.BAD_REQUEST:
                return self._leave(page, read)
            if not self._is_ours(urljoin(page.url, form.action)):
                return Arrival("POST", form.action, _query(form.action), form.fields, _FORM_TYPE)
            self.shown.append(kind)
            if kind == until:
                return page
            response = self._submit(page, form)
        raise AssertionError(f"no end after {_STEPS} steps: {self.shown}")

    def _submit(self, page: Page, form: Form) -> requests.Response:
        filled = {**form.fields, **{name: self._fill_in(name) for name in form.inputs}}
        if ("answer", "allow") in form.buttons:
            filled["answer"] = "allow"
        action = urljoin(page.url, form.action)
        return self._session.post(
            action, filled, headers={"Origin": self._origin}, allow_redirects=False, timeout=TIMEOUT
        )

    def _fill_in(self, name: str) -> str:
        return {"username": self._username, "password": self._password}[name]

    def _leave(self, page: Page, read: _Reader) -> Arrival | Page:
        """Open the frames of a last page, as far as its policy lets, and go on where its Refresh header leads."""
        for frame in read.frames:
            allowed = re.search(r"frame-src ([^;]*)", page.headers.get("Content-Security-Policy", ""))
            parts = urlsplit(frame)
            assert allowed, "a frame without a policy for it"
            assert f"{parts.scheme}://{parts.netloc}" in allowed[1].split()
            requests.get(frame, verify=self._session.verify, timeout=TIMEOUT).raise_for_status()
        refresh = re.fullmatch(r"\d+; url=(.+)", page.headers.get("Refresh", ""))
        return Arrival("GET", refresh[1], _query(refresh[1])) if refresh else page

    def _get(self, url: str) -> requests.Response:
        return self._session.get(url, allow_redirects=False, timeout=TIMEOUT)

    def _is_ours(self, url: str) -> bool:
        return url.startswith(f"{self._origin}/")


def _kind(page: Page, form: Form | None) -> str:
    if form is not None and "password" in form.inputs:
        return "login"
    path = urlsplit(page.url).path
    return path.strip("/")


def _query(url: str) -> dict[str, Any]:
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"a parameter came twice: {url}"
    return dict(pairs)
