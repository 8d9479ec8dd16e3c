"""Clients of another project at our provider: npm's openid-client, configured only by discovery."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from joserfc.jwk import ECKey
from playwright.sync_api import Page, expect

from prerequisites.node_peers import what_is_missing
from stack import PATIENT, Stack
from support.directories import demo_directory_and
from support.node_peer import NodePeer
from support.scripted_login import log_in, log_in_and_allow

SECRET = "a-secret-of-openid-client-that-is-long-enough-for-hs256"
REDIRECT_URI = "http://localhost:1/callback"  # nothing listens there: the person brings the address back by hand
SIGNED_OUT_URI = "http://localhost:1/signed-out"
KEY = ECKey.generate_key("P-256", {"kid": "of-openid-client", "use": "sig", "alg": "ES256"})
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True)
class Registered:
    """A client, its requests, and its registration besides the authentication method."""

    client_id: str
    method: str
    request: str = "plain"
    response_mode: str = "query"
    metadata: dict[str, Any] = field(default_factory=dict)

    def entry(self) -> dict[str, Any]:
        """The entry in the directory."""
        credentials = {
            "private_key_jwt": {"jwks": {"keys": [KEY.as_dict(private=False)]}},
            "none": {},
        }.get(self.method, {"client_secret": SECRET})
        return {
            "client_id": self.client_id,
            "token_endpoint_auth_method": self.method,
            "redirect_uris": [REDIRECT_URI],
            "post_logout_redirect_uris": [SIGNED_OUT_URI],
            "first_party": True,
            **credentials,
            **self.metadata,
        }

    def options(self, stack: Stack) -> dict[str, Any]:
        """The configuration of the program."""
        return {
            "issuer": stack.op_url,
            "client": self.entry(),
            "request": self.request,
            "response_mode": self.response_mode,
            "private_key": KEY.as_dict(private=True),
            **common(stack),
        }


def common(stack: Stack) -> dict[str, Any]:
    return {
        "api": f"{stack.rs_url}/api/me",
        "redirect_uri": REDIRECT_URI,
        "post_logout_redirect_uri": SIGNED_OUT_URI,
    }


SIGN_INS = (
    Registered("basic", "client_secret_basic"),
    Registered("basic-jwt", "client_secret_basic", metadata={"access_token_format": "jwt"}),
    Registered("public", "none", metadata={"access_token_format": "jwt", "id_token_on_refresh": True}),
    Registered("pushed", "client_secret_post", "pushed", metadata={"require_pushed_authorization_requests": True}),
    Registered(
        "jarm",
        "client_secret_jwt",
        response_mode="jwt",
        metadata={"userinfo_signed_response_alg": "ES256", "introspection_signed_response_alg": "ES256"},
    ),
    Registered(
        "signed",
        "private_key_jwt",
        "signed",
        metadata={"require_signed_request_object": True, "id_token_on_refresh": True},
    ),
    Registered(
        "all-signed",
        "private_key_jwt",
        "signed and pushed",
        "jwt",
        metadata={
            "access_token_format": "jwt",
            "authorization_signed_response_alg": "ES256",
            "id_token_on_refresh": True,
            "id_token_signed_response_alg": "ES256",
            "introspection_signed_response_alg": "RS256",
            "request_object_signing_alg": "ES256",
            "require_pushed_authorization_requests": True,
            "require_signed_request_object": True,
            "userinfo_signed_response_alg": "RS256",
        },
    ),
)
DEVICE = Registered("device", "none", metadata={"grant_types": [DEVICE_CODE], "redirect_uris": []})
MACHINE = Registered(
    "machine",
    "private_key_jwt",
    metadata={"grant_types": ["client_credentials"], "redirect_uris": [], "scope": "reports"},
)


@pytest.fixture(scope="module", autouse=True)
def _packages() -> None:
    missing = what_is_missing()
    if missing:
        pytest.skip(missing)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose provider has these clients and allows registration."""
    folder = tmp_path_factory.mktemp("openid-client")
    directory = demo_directory_and((client.entry() for client in (*SIGN_INS, DEVICE, MACHINE)), folder)
    with Stack(folder, extra={**PATIENT, "OP_DIRECTORY_FILE": str(directory), "REGISTRATION": "open"}) as running:
        yield running


@pytest.mark.parametrize("client", SIGN_INS, ids=lambda client: client.client_id)
def test_openid_client_by_discovery(stack: Stack, client: Registered) -> None:
    """Code with PKCE, the ID token, UserInfo, refresh, the API, introspection, revocation, sign-out."""
    with NodePeer("sign_in.mjs", client.options(stack)) as peer, requests.Session() as browser:
        peer.tell(log_in(browser, peer.hear()["open"]))
        expect_sign_in(
            peer.hear(), public=client.method == "none", again=bool(client.metadata.get("id_token_on_refresh"))
        )


def expect_sign_in(found: dict[str, Any], *, public: bool = False, again: bool = False) -> None:
    assert found["claims"]["sub"] == found["userinfo"]["sub"] == "user0"
    assert found["userinfo"]["email"] == "user0@example.com"
    assert found["refreshed"]["differs"] is True
    assert (found["refreshed"].get("claims") is not None) is again
    assert found["api"] == {"status": 200, "body": found["api"]["body"]}
    assert found["api"]["body"]["username"] == "user0"
    assert found["active"] == ([] if public else [True, False])
    assert found["after_revocation"] == 401


def test_openid_client_ends_the_session(stack: Stack) -> None:
    """RP-initiated logout: the redirect has the state, and the next request requires a login."""
    with NodePeer("sign_in.mjs", SIGN_INS[0].options(stack)) as peer, requests.Session() as browser:
        url = peer.hear()["open"]
        peer.tell(log_in(browser, url))
        back = browser.get(peer.hear()["logout"], allow_redirects=False, timeout=10)
        assert back.status_code == 303
        assert back.headers["location"].startswith(f"{SIGNED_OUT_URI}?state=")
        again = browser.get(url, allow_redirects=False, timeout=10)
        assert "/login?" in again.headers["location"]


def test_openid_client_registers_itself(stack: Stack) -> None:
    """RFC 7591, and then the same sign-in with the user's consent."""
    registration = {
        "client_name": "A client that nobody knew",
        "redirect_uris": [REDIRECT_URI],
        "post_logout_redirect_uris": [SIGNED_OUT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid email profile",
        "token_endpoint_auth_method": "client_secret_post",
    }
    options = {"issuer": stack.op_url, "registration": registration, **common(stack)}
    with NodePeer("sign_in.mjs", options) as peer, requests.Session() as browser:
        peer.tell(log_in_and_allow(browser, peer.hear()["open"]))
        found = peer.hear()
    expect_sign_in(found)
    assert found["client"]["client_name"] == "A client that nobody knew"


def test_openid_client_on_devices(page: Page, stack: Stack) -> None:
    """RFC 8628: two devices poll while a user allows one of them in a browser."""
    with NodePeer("device.mjs", DEVICE.options(stack)) as own, NodePeer("device.mjs", DEVICE.options(stack)) as other:
        shown = own.hear()
        page.goto(shown["open"])
        expect(page.get_by_text(shown["code"])).to_be_visible()
        page.get_by_label("Username").fill("user0")
        page.get_by_label("Password").fill("password0")
        page.get_by_role("button", name="Allow").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Device connected")
        page.goto(other.hear()["open"])
        page.get_by_role("button", name="Deny").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Access denied")
        found = own.hear()
        assert found["claims"]["sub"] == "user0"
        assert found["userinfo"]["email"] == "user0@example.com"
        assert other.hear() == {"error": "access_denied"}


@pytest.mark.spec("RFC 6749 §4.4")
def test_openid_client_in_its_own_name(stack: Stack) -> None:
    with NodePeer("client_credentials.mjs", MACHINE.options(stack)) as peer:
        found = peer.hear()
    assert found == {
        "scope": "reports",
        "token_type": "bearer",
        "active": True,
        "client_id": "machine",
        "sub": "machine",
    }
