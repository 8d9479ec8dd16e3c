"""The page at `/`, and the ways back that other pages have."""

import re
from typing import Any

import pytest
from op_testing import ISSUER, REDIRECT_URI, SECRET, ProviderFactory, RunningProvider

from op.protocol.clients.metadata import client_of

HOME = "https://client.test/home"


async def text_of(response: Any) -> str:
    html: str = await response.get_data(as_text=True)
    return html


async def test_start_page_links_account_discovery_and_health(provider: RunningProvider) -> None:
    response = await provider.client.get("/")
    html = await text_of(response)
    assert response.status_code == 200
    links = re.findall(r'<a [^>]*href="(/[^"]*)"', html)
    assert links == ["/", "/account", "/device", "/.well-known/openid-configuration", "/jwks", "/readyz"]
    assert ISSUER in html
    for link in links:
        assert (await provider.client.get(link)).status_code in (200, 401), link
    assert (await provider.client.head("/")).status_code == 200


async def test_documentation_is_linked_where_it_is_configured(provider_with: ProviderFactory) -> None:
    url = "https://docs.example/sign-in"
    provider = await provider_with(service_documentation=url)
    assert f'<a href="{url}">' in await text_of(await provider.client.get("/"))
    metadata = await (await provider.client.get("/.well-known/openid-configuration")).get_json()
    assert metadata["service_documentation"] == url


async def test_start_page_keeps_the_language(provider: RunningProvider) -> None:
    html = await text_of(await provider.client.get("/?ui_locales=de"))
    for path in ("/", "/account", "/device"):
        assert f'href="{path}?ui_locales=de"' in html


async def test_brand_is_on_every_page(provider_with: ProviderFactory) -> None:
    provider = await provider_with(brand_name="Example Store")
    for path in ("/", "/account", "/nowhere"):
        html = await text_of(await provider.client.get(path))
        assert "<span>Example Store</span>" in html
        assert "Example Store</title>" in html
        assert "Trefoil" not in html


async def test_error_page_has_a_way_back(provider: RunningProvider) -> None:
    html = await text_of(await provider.client.get("/authorize?client_id=nobody&ui_locales=de"))
    assert '<a class="button plain" href="/?ui_locales=de">' in html


@pytest.mark.parametrize(
    ("metadata", "cancel", "back"),
    [({}, "/account", "/"), ({"client_uri": HOME}, HOME, HOME)],
    ids=["none", "home page"],
)
async def test_logout_pages_have_a_way_back(
    provider: RunningProvider, metadata: dict[str, Any], cancel: str, back: str
) -> None:
    known = {"client_id": "app", "client_name": "App", "client_secret": SECRET, "redirect_uris": [REDIRECT_URI]}
    await provider.op.clients.save(client_of(known | metadata))
    await provider.login()
    html = await text_of(await provider.client.get("/logout?client_id=app"))
    assert f'<a class="button plain" href="{cancel}">Cancel</a>' in html
    token = html.split('name="csrf_token" value="')[1].split('"')[0]
    html = await text_of(await provider.client.post("/logout", form={"client_id": "app", "csrf_token": token}))
    assert "You are signed out" in html
    assert f'<a class="button full" href="{back}">' in html


@pytest.mark.parametrize("path", ["/", "/account", "/nowhere"])
async def test_page_without_the_script_allows_none(provider: RunningProvider, path: str) -> None:
    response = await provider.client.get(path)
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert "<script" not in await text_of(response)


async def test_page_with_a_password_allows_our_own_script(provider: RunningProvider) -> None:
    location = (await provider.authorize()).location.removeprefix(ISSUER)
    response = await provider.client.get(location)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert policy.endswith("; script-src 'self'")
    assert re.findall("<script.*?>(.*?)</script>", await text_of(response)) == [""]
    script = await provider.client.get("/assets/pages.js")
    assert (script.status_code, script.mimetype) == (200, "text/javascript")
