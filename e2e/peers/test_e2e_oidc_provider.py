"""A provider of another project, for our relying party and our resource server: npm's oidc-provider."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from joserfc.jwk import ECKey
from playwright.sync_api import Page, expect

from prerequisites.node_peers import what_is_missing
from redis_server import free_port
from servicekit.monitoring.healthcheck import ready
from stack import PATIENT, Addresses, Service, Stack
from support.demo_client import CHALLENGE, VERIFIER
from support.node_peer import NodePeer
from waiting import wait_until

SECRET = "a-secret-at-oidc-provider-that-is-long-enough-for-hs256"
KEY = ECKey.generate_key("P-256", {"kid": "at-oidc-provider", "use": "sig", "alg": "ES256"})


@dataclass(frozen=True)
class Agreed:
    """A provider, and the registration of our relying party there."""

    name: str
    method: str
    id_token_alg: str
    response_mode: str
    access_token_ttl: int = 600
    scope: str = "openid email profile"

    def listed(self, issuer: str) -> dict[str, str]:
        """The entry in RP_PROVIDERS."""
        with_key = self.method == "private_key_jwt"
        return {
            "name": self.name,
            "issuer": issuer,
            "client_id": "trefoil",
            "token_endpoint_auth_method": self.method,
            "id_token_alg": self.id_token_alg,
            "response_mode": self.response_mode,
            "scope": self.scope,
            **({"client_key": json.dumps(KEY.as_dict(private=True))} if with_key else {"client_secret": SECRET}),
        }

    def registered(self, rp_url: str) -> dict[str, Any]:
        """The registration at the provider."""
        with_key = self.method == "private_key_jwt"
        return {
            "client_id": "trefoil",
            "token_endpoint_auth_method": self.method,
            "id_token_signed_response_alg": self.id_token_alg,
            "redirect_uris": [f"{rp_url}/callback/{self.name}"],
            "post_logout_redirect_uris": [f"{rp_url}/logout/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "backchannel_logout_uri": f"{rp_url}/backchannel-logout",
            "backchannel_logout_session_required": True,
            **({"jwks": {"keys": [KEY.as_dict(private=False)]}} if with_key else {"client_secret": SECRET}),
        }


PROVIDERS = (
    Agreed("basic", "client_secret_basic", "RS256", "query"),
    Agreed("key", "private_key_jwt", "ES256", "form_post"),
    Agreed("secret", "client_secret_jwt", "HS256", "form_post"),
    Agreed("short", "client_secret_post", "RS256", "query", 2, "openid email offline_access"),
)
REDIRECT_URI = "http://localhost:1/callback"  # nothing listens there
API_CLIENTS = [
    {"client_id": "caller", "client_secret": SECRET, "redirect_uris": [REDIRECT_URI]},
    {
        "client_id": "resource-server",
        "client_secret": SECRET,
        "grant_types": [],
        "redirect_uris": [],
        "response_types": [],
    },
]


@dataclass(frozen=True)
class Parties:
    """Our relying party, and the issuers by the names of their providers."""

    stack: Stack
    issuers: dict[str, str]

    def sign_in(self, page: Page, name: str) -> None:
        """Sign in from the home page to the profile."""
        page.goto(f"{self.stack.rp_url}/login")
        page.get_by_role("link", name=self.issuers[name]).click()
        page.get_by_role("button", name="It is me").click()
        page.wait_for_url(f"{self.stack.rp_url}/profile")

    def expect_signed_out(self, page: Page) -> None:
        page.goto(f"{self.stack.rp_url}/profile")
        expect(page.get_by_role("heading", name="Choose a provider")).to_be_visible()


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    """The relying party of a complete stack, with these additional providers."""
    missing = what_is_missing()
    if missing:
        pytest.skip(missing)
    addresses = Addresses.on_free_ports()
    issuers = {agreed.name: f"http://localhost:{free_port()}" for agreed in PROVIDERS}
    options = [
        {
            "issuer": issuers[agreed.name],
            "clients": [agreed.registered(addresses.rp)],
            "access_token_ttl": agreed.access_token_ttl,
        }
        for agreed in PROVIDERS
    ]
    issuers["api"] = f"http://localhost:{free_port()}"
    options.append({"issuer": issuers["api"], "clients": API_CLIENTS, "access_token_ttl": 600})
    listed = json.dumps([agreed.listed(issuers[agreed.name]) for agreed in PROVIDERS])
    with (
        NodePeer("oidc_provider.mjs", {"providers": options}) as peer,
        Stack(
            tmp_path_factory.mktemp("oidc-provider"), addresses=addresses, extra={**PATIENT, "RP_PROVIDERS": listed}
        ) as stack,
    ):
        assert peer.hear() == {"ready": True}
        yield Parties(stack, issuers)


@pytest.mark.parametrize("agreed", PROVIDERS[:3], ids=lambda agreed: agreed.name)
def test_a_sign_in_at_oidc_provider(page: Page, parties: Parties, agreed: Agreed) -> None:
    """Its ID token passes all checks, its UserInfo is shown; our resource server rejects its tokens."""
    parties.sign_in(page, agreed.name)
    id_token, userinfo, me = (page.locator(f"#{name}") for name in ("id-token", "userinfo", "api-me"))
    expect(id_token).to_contain_text("verified · 13 checks")
    expect(id_token).to_contain_text(parties.issuers[agreed.name])
    row = id_token.locator(".checks tbody tr").first
    expect(row).to_contain_text(agreed.id_token_alg)
    expect(userinfo).to_contain_text("same sub")
    expect(userinfo).to_contain_text("somebody@example.com")
    expect(me).to_contain_text(f"The resource server accepts only access tokens of {parties.stack.op_url}.")


@pytest.mark.spec("OpenID Connect Core §11, §12.2")
@pytest.mark.spec("RFC 6749 §6")
def test_an_expired_access_token_of_oidc_provider_is_refreshed(page: Page, parties: Parties) -> None:
    """OpenID Connect Core §12.2; RFC 6749 §6: An expired access token is refreshed, and the id_token of the
    refresh is verified too.
    """
    parties.sign_in(page, "short")
    expires = page.locator("#access .mono").first
    first = expires.inner_text()
    for _ in range(100):
        page.reload()
        expect(page.locator("#userinfo")).to_contain_text("somebody@example.com")
        if expires.inner_text() != first:
            break
        page.wait_for_timeout(100)
    assert expires.inner_text() != first


def test_signing_out_here_ends_the_session_at_oidc_provider(page: Page, parties: Parties) -> None:
    """RP-Initiated Logout: back here with the state; the next sign-in there requires a login."""
    parties.sign_in(page, "basic")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign me out").click()
    expect(page.get_by_text("You are signed out, here and at the provider.")).to_be_visible()
    page.goto(f"{parties.stack.rp_url}/login")
    page.get_by_role("link", name=parties.issuers["basic"]).click()
    expect(page.get_by_role("button", name="It is me")).to_be_visible()


@pytest.mark.parametrize("name", ["basic", "key", "secret"])
def test_signing_out_at_oidc_provider_ends_the_session_here(page: Page, parties: Parties, name: str) -> None:
    """Back-Channel Logout: the provider's logout token is accepted with each algorithm."""
    parties.sign_in(page, name)
    page.goto(f"{parties.issuers[name]}/session/end")
    page.get_by_role("button", name="Sign me out").click()
    expect(page.get_by_role("heading", name="Signed out")).to_be_visible()
    parties.expect_signed_out(page)


def access_token(issuer: str, resource: str) -> str:
    """An access token of the user for an API, by the code flow without a browser."""
    metadata = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
    query = {
        "client_id": "caller",
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": "openid profile",
        "resource": resource,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    with requests.Session() as browser:
        question = browser.get(f"{metadata['authorization_endpoint']}?{urlencode(query)}", timeout=10)
        response = browser.post(question.url, allow_redirects=False, timeout=10)
        while not response.headers["location"].startswith(REDIRECT_URI):
            response = browser.get(response.headers["location"], allow_redirects=False, timeout=10)
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(response.headers["location"]).query)["code"][0],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        "resource": resource,
    }
    response = requests.post(metadata["token_endpoint"], data=form, auth=("caller", SECRET), timeout=10)
    token: str = response.json()["access_token"]
    return token


@pytest.fixture(params=[("introspection", "opaque"), ("jwt", "jwt")], ids=["mode-A", "mode-B"])
def api(request: pytest.FixtureRequest, parties: Parties, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Our resource server with that provider, in each mode, and a token in the format of the mode."""
    validation, form = request.param
    profiles = tmp_path / "profiles.yaml"
    profile = {"sub": "somebody", "username": "somebody", "email": "", "metadata": "Prefers coffee"}
    profiles.write_text(json.dumps({"profiles": [profile]}))
    bind = f"127.0.0.1:{free_port()}"
    environment = parties.stack.environment("rs") | {
        "BIND": bind,
        "OIDC_ISSUER": parties.issuers["api"],
        "RS_CLIENT_SECRET": SECRET,
        "RS_PROFILES_FILE": str(profiles),
        "TOKEN_VALIDATION": validation,
    }
    service = Service("rs", parties.stack.command("rs"), environment, lambda _role, _line: None)
    try:
        wait_until(lambda: ready(bind))
        yield f"http://{bind}/api/me", access_token(parties.issuers["api"], f"urn:api:{form}")
    finally:
        service.stop()


def test_resource_server_accepts_tokens_of_oidc_provider(api: tuple[str, str]) -> None:
    """RFC 7662 and RFC 9068, as implemented by another project."""
    url, token = api
    response = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert response.status_code == 200
    assert response.json()["metadata"] == "Prefers coffee"
    assert requests.get(url, headers={"Authorization": f"Bearer {token}x"}, timeout=10).status_code == 401
