"""Debian's Apache with mod_auth_openidc in front of a page, with our provider and a real browser."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from joserfc.jwk import RSAKey
from playwright.sync_api import Page, expect

from prerequisites import apache
from redis_server import free_port
from stack import PATIENT, Stack, demo_values
from support.apache_server import Apache, Site
from support.directories import demo_directory_and
from waiting import wait_until

SECRET = "a-secret-of-mod-auth-openidc-that-is-long-enough-for-hs256"
KEY = RSAKey.generate_key(2048, {"kid": "of-mod-auth-openidc", "use": "sig", "alg": "RS256"})
REQUEST_OBJECT = {
    "request_object_type": "request",
    "crypto": {"sign_alg": "RS256"},
    "copy_from_request": ["client_id", "response_type", "scope"],
    "copy_and_remove_from_request": ["state", "nonce", "code_challenge", "code_challenge_method", "redirect_uri"],
}
LOGOUT = {"backchannel": "backchannel", "frontchannel": "get"}
"""What the module calls the two ways of being told that a session has ended."""


@dataclass(frozen=True)
class Protected:
    """A site: the configuration of its module besides the issuer, and its registration."""

    name: str
    directives: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    told_of_logout_by: str = "backchannel"

    def site(self, port: int, issuer: str, key_file: Path) -> Site:
        of_all = {
            "OIDCProviderMetadataURL": f"{issuer}/.well-known/openid-configuration",
            "OIDCClientID": self.name,
            "OIDCClientSecret": SECRET,
            "OIDCRedirectURI": f"http://localhost:{port}/callback",
            "OIDCCryptoPassphrase": SECRET,
            "OIDCScope": "openid email profile",
            "OIDCPKCEMethod": "S256",
            "OIDCPrivateKeyFiles": f"{KEY.kid}#{key_file}",
            "OIDCPublicKeyFiles": f"{KEY.kid}#{key_file}.pub",
        }
        return Site(port, of_all | dict(self.directives))

    def entry(self, port: int) -> dict[str, Any]:
        """The entry in the directory."""
        url = f"http://localhost:{port}"
        return {
            "client_id": self.name,
            "client_name": f"The page behind {self.name}",
            "client_secret": SECRET,
            "jwks": {"keys": [KEY.as_dict(private=False)]},
            "redirect_uris": [f"{url}/callback"],
            "post_logout_redirect_uris": [f"{url}/open"],
            f"{self.told_of_logout_by}_logout_uri": f"{url}/callback?logout={LOGOUT[self.told_of_logout_by]}",
            f"{self.told_of_logout_by}_logout_session_required": True,
            **self.metadata,
        }


SITES: tuple[Protected, ...] = (
    Protected("basic", metadata={"first_party": True}),
    Protected(
        "form-post",
        {
            "OIDCResponseMode": "form_post",
            "OIDCProviderTokenEndpointAuth": "client_secret_jwt",
            "OIDCIDTokenSignedResponseAlg": "ES256",
            "OIDCUserInfoSignedResponseAlg": "ES256",
        },
        {
            "first_party": True,
            "access_token_format": "jwt",
            "token_endpoint_auth_method": "client_secret_jwt",
            "id_token_signed_response_alg": "ES256",
            "userinfo_signed_response_alg": "ES256",
        },
        "frontchannel",
    ),
    Protected(
        "signed",
        {
            "OIDCProviderAuthRequestMethod": "POST",
            "OIDCProviderTokenEndpointAuth": "private_key_jwt",
            "OIDCRequestObject": json.dumps(REQUEST_OBJECT),
        },
        {"token_endpoint_auth_method": "private_key_jwt", "require_signed_request_object": True},
    ),
)
PUSHED = Protected("pushed", {"OIDCProviderAuthRequestMethod": "PAR"}, {"require_pushed_authorization_requests": True})
if apache.module_knows("pushed_authorization_request_endpoint"):  # Debian 13's does, Debian 12's is older
    SITES = (*SITES, PUSHED)


def api_sites(ports: Mapping[str, int], issuer: str, folder: Path) -> Iterator[Site]:
    """The module as a resource server: it introspects a token, or verifies it itself.

    For verification it has the provider's key in a file, because it fetches keys only over TLS.
    """
    values = demo_values()
    introspection = {
        "OIDCOAuthServerMetadataURL": f"{issuer}/.well-known/oauth-authorization-server",
        "OIDCOAuthClientID": values["RS_CLIENT_ID"],
        "OIDCOAuthClientSecret": values["RS_CLIENT_SECRET"],
    }
    yield Site(ports["introspection"], introspection, auth_type="oauth20")
    jwks = requests.get(f"{issuer}/jwks", timeout=10).json()
    key = RSAKey.import_key(next(key for key in jwks["keys"] if key["alg"] == "RS256"))
    file = folder / "provider.pem"
    file.write_bytes(key.as_pem(private=False))
    yield Site(ports["jwt"], {"OIDCOAuthVerifyCertFiles": f"{key.kid}#{file}"}, auth_type="oauth20")


@dataclass(frozen=True)
class Parties:
    """Our stack, and the URLs of Apache's sites."""

    stack: Stack
    ports: Mapping[str, int]

    def url(self, name: str) -> str:
        return f"http://localhost:{self.ports[name]}"

    def sign_in(self, page: Page, name: str, *, allow: bool = False) -> None:
        """Sign in from the protected page, with login and perhaps consent, and return to it."""
        wanted = f"{self.url(name)}/some/page?a=b"
        page.goto(wanted)
        page.get_by_label("Username").fill("user0")
        page.get_by_label("Password").fill("password0")
        page.get_by_role("button", name="Sign in").click()
        if allow:
            page.get_by_role("button", name="Allow").click()
        page.wait_for_url(wanted)

    def shows_the_login_page(self, page: Page, name: str) -> bool:
        page.goto(f"{self.url(name)}/some/page")
        return page.url.startswith(f"{self.stack.op_url}/login?") and page.get_by_label("Password").is_visible()


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    missing = apache.what_is_missing()
    if missing:
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("mod-auth-openidc")
    ports = {name: free_port() for name in (*(protected.name for protected in SITES), "introspection", "jwt")}
    key_file = folder / "key.pem"
    key_file.write_bytes(KEY.as_pem(private=True))
    (folder / "key.pem.pub").write_bytes(KEY.as_pem(private=False))
    directory = demo_directory_and((protected.entry(ports[protected.name]) for protected in SITES), folder)
    with Stack(folder, extra={**PATIENT, "OP_DIRECTORY_FILE": str(directory)}) as stack:
        sites = [protected.site(ports[protected.name], stack.op_url, key_file) for protected in SITES]
        with Apache(folder, [*sites, *api_sites(ports, stack.op_url, folder)]):
            yield Parties(stack, ports)


def told(page: Page, name: str) -> str:
    """The claims about the user that the page behind Apache received."""
    return page.locator("tr", has=page.get_by_role("rowheader", name=name, exact=True)).get_by_role("cell").inner_text()


@pytest.mark.parametrize("protected", SITES, ids=lambda protected: protected.name)
def test_mod_auth_openidc_protects_a_page(page: Page, parties: Parties, protected: Protected) -> None:
    """A user who is not signed in is sent to the login and back to the page, which shows who they are."""
    parties.sign_in(page, protected.name, allow="first_party" not in protected.metadata)
    assert told(page, "OIDC_CLAIM_iss") == parties.stack.op_url
    assert told(page, "OIDC_CLAIM_aud") == protected.name
    assert told(page, "OIDC_CLAIM_sub") == "user0"
    assert told(page, "OIDC_CLAIM_email") == "user0@example.com"


def test_logout_at_mod_auth_openidc_ends_both_sessions(page: Page, parties: Parties) -> None:
    """RP-Initiated Logout, with the module's post_logout_redirect_uri."""
    parties.sign_in(page, "basic")
    page.goto(f"{parties.url('basic')}/callback?logout={quote(parties.url('basic') + '/open')}")
    page.wait_for_url(f"{parties.url('basic')}/open**")
    assert parties.shows_the_login_page(page, "basic")


@pytest.mark.parametrize("name", ["basic", "form-post"], ids=["back-channel", "front-channel"])
def test_logout_at_provider_ends_session_of_mod_auth_openidc(page: Page, parties: Parties, name: str) -> None:
    """Back-Channel Logout: the module accepts our logout token; Front-Channel Logout: our page loads it in a frame."""
    parties.sign_in(page, name)
    page.goto(f"{parties.stack.op_url}/logout")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("signed out")
    page.wait_for_load_state("load")
    wait_until(lambda: parties.shows_the_login_page(page, name))


@pytest.mark.parametrize("api", ["introspection", "jwt"])
def test_mod_auth_openidc_accepts_our_access_tokens(page: Page, parties: Parties, api: str) -> None:
    """RFC 7662 by RFC 8414, and RFC 9068: the module protects an API for other clients."""
    parties.sign_in(page, {"introspection": "basic", "jwt": "form-post"}[api])
    token = told(page, "OIDC_access_token")
    url, bearer = f"{parties.url(api)}/some/thing", {"Authorization": f"Bearer {token}"}
    response = requests.get(url, headers=bearer, timeout=10)
    assert response.status_code == 200
    assert "<td>user0</td>" in response.text
    assert requests.get(url, headers={"Authorization": f"Bearer {token}x"}, timeout=10).status_code == 401
