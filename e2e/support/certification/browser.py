"""A scripted browser for the certification modules, which reads pages, fills in forms and follows redirects.

It runs no scripts, stores cookies like browsers do, and does not follow redirects to the client.
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
    """A form: its action, its hidden fields, its other fields, and its buttons."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """A page of the provider without a form to fill in."""

    status: int
    url: str
    html: str
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        return " ".join(re.sub(r"<[^>]*>", " ", self.html).split())


@dataclass(frozen=True)
class Arrival:
    """A request with which the browser returns to the client."""

    method: str
    url: str
    query: dict[str, str]
    form: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None

    @property
    def address(self) -> str:
        return self.url.partition("?")[0]


class _Reader(HTMLParser):
    """The forms, frames, images and links of a page."""

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
    """A browser with its own cookies, and its user.

    `shown` are the kinds of pages that the user has seen: login, consent, logout.
    """

    def __init__(self, issuer: str, trust: str, username: str, password: str) -> None:
        self.shown: list[str] = []
        self._origin = issuer
        self._username, self._password = username, password
        self._session = requests.Session()
        self._session.trust_env = False  # the machine's certificates must not override the given one
        self._session.verify = trust
        self._session.headers["Accept-Language"] = "en"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def open(self, url: str, *, until: str | None = None) -> Arrival | Page:
        """Follow the redirects of a URL; with `until` only to a page of that kind."""
        return self._follow(self._get(url), until)

    def post_from_another_site(self, url: str, form: dict[str, str], origin: str) -> Arrival | Page:
        """Submit a form of another site, without our SameSite=Lax cookies."""
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
        """Load the frames of a logout page, as its policy allows, and follow its Refresh header."""
        for frame in read.frames:
            allowed = re.search(r"frame-src ([^;]*)", page.headers.get("Content-Security-Policy", ""))
            parts = urlsplit(frame)
            assert allowed, "the policy does not allow a frame"
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
    assert len(set(names)) == len(names), f"duplicate parameter: {url}"
    return dict(pairs)
