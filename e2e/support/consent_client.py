"""A third-party client that must ask for consent: its site, and its requests to the provider."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
import yaml

from stack import ROOT, Stack
from support.demo_client import CHALLENGE, TIMEOUT, VERIFIER
from support.page_server import send_page

SECRET = "a-secret-of-the-client-that-is-long-enough-for-hs256"
SCOPE = "openid email"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True)
class Visit:
    """A request that came to the site, with the parameters of its query or form."""

    method: str
    path: str
    values: dict[str, str]
    origin: str | None


@dataclass
class Site:
    """Responds to every request at its address, and records the requests."""

    url: str
    visits: list[Visit] = field(default_factory=list)

    def last(self, path: str) -> Visit:
        return [visit for visit in self.visits if visit.path == path][-1]


@contextmanager
def running_site() -> Iterator[Site]:
    """The site on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.respond(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self.respond(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def respond(self, query: str) -> None:
            path = urlsplit(self.path).path
            site.visits.append(Visit(self.command, path, dict(parse_qsl(query)), self.headers.get("Origin")))
            send_page(self, f"<!doctype html><title>The client</title><link rel=icon href='data:,'><h1>{path}</h1>")

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = Site(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def directory_with_consent_client(folder: Path, site: Site) -> Path:
    """The demo's directory with another user, the client, and a television; the demo's client has no back channel."""
    text = (ROOT / "deploy/demo/directory.yaml").read_text(encoding="utf-8")
    directory = yaml.safe_load(text)
    demo = directory["clients"][0]
    del demo["backchannel_logout_uri"], demo["backchannel_logout_session_required"]
    directory["users"].append({"username": "ada", "password": "password-of-ada", "claims": {"name": "Ada Lovelace"}})
    directory["clients"] += [
        {
            "client_id": "consent-client",
            "client_name": "Example Store",
            "client_secret": SECRET,
            "redirect_uris": [f"{site.url}/callback"],
            "post_logout_redirect_uris": [f"{site.url}/bye"],
            "frontchannel_logout_uri": f"{site.url}/frontchannel-logout",
            "scope": "openid email profile address offline_access",
        },
        {
            "client_id": "television",
            "client_name": "Television",
            "token_endpoint_auth_method": "none",
            "grant_types": [DEVICE_GRANT, "refresh_token"],
        },
    ]
    path = folder / "directory.yaml"
    path.write_text(yaml.safe_dump(directory), encoding="utf-8")
    return path


@dataclass(frozen=True)
class ConsentClient:
    """The client `consent-client` at a provider."""

    stack: Stack
    site: Site

    def authorization_url(self, **changes: str | None) -> str:
        query = {
            "response_type": "code",
            "client_id": "consent-client",
            "redirect_uri": f"{self.site.url}/callback",
            "scope": SCOPE,
            "state": "of-the-client",
            "nonce": "of-the-tests",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        parameters = {name: value for name, value in (query | changes).items() if value is not None}
        return f"{self.stack.op_url}/authorize?{urlencode(parameters)}"

    def response(self) -> dict[str, str]:
        """What the provider sent the browser back with."""
        return self.site.last("/callback").values

    def tokens(self) -> dict[str, Any]:
        """The tokens for the code of the last response."""
        redirect_uri = f"{self.site.url}/callback"
        form = {"grant_type": "authorization_code", "code": self.response()["code"], "redirect_uri": redirect_uri}
        response = self._token(form | {"code_verifier": VERIFIER})
        assert response.status_code == requests.codes.ok, response.text
        return dict(response.json())

    def refresh(self, refresh_token: str) -> requests.Response:
        return self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def _token(self, form: dict[str, str]) -> requests.Response:
        return requests.post(f"{self.stack.op_url}/token", data=form, auth=("consent-client", SECRET), timeout=TIMEOUT)
