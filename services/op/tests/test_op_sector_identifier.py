"""The sector of a client that registers itself (OpenID Connect Core §8.1, Dynamic Client Registration 1.0 §5)."""

import json
from typing import Any

import pytest
from aiohttp import web
from op_testing import REDIRECT_URI, ProviderFactory, RunningProvider, Site, assert_refused
from test_op_register import manage, register, registered

PATH = "/redirect_uris.json"
ELSEWHERE = "https://another-host.test/callback"
URIS = [REDIRECT_URI, ELSEWHERE]


@pytest.fixture
async def op(provider_with: ProviderFactory) -> RunningProvider:
    return await provider_with(registration="open", registration_private_addresses=True)


def in_sector(site: Site, **changes: Any) -> dict[str, Any]:
    return {"subject_type": "pairwise", "redirect_uris": URIS, "sector_identifier_uri": site.url + PATH, **changes}


@pytest.mark.spec("OpenID Connect Core §8.1", "OpenID Connect Dynamic Client Registration §5")
async def test_sector_must_list_the_redirect_uris(op: RunningProvider, site: Site) -> None:
    """Clients on several hosts can know users by the same identifiers."""
    site.pages[PATH] = web.json_response([*URIS, "https://a-third.test/"])
    client = await registered(op, **in_sector(site))
    assert client["sector_identifier_uri"] == site.url + PATH
    assert client["subject_type"] == "pairwise"
    assert site.visits == [PATH]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(web.json_response([REDIRECT_URI]), id="one is missing"),
        pytest.param(web.Response(text="nonsense"), id="not JSON"),
        pytest.param(web.Response(status=404, text=json.dumps(URIS)), id="not there"),
        pytest.param(web.Response(status=302, headers={"Location": "/other"}), id="a redirect"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §8.1", "OpenID Connect Dynamic Client Registration §5")
async def test_unlisted_client_is_rejected(op: RunningProvider, site: Site, page: web.Response) -> None:
    """The document at the sector_identifier_uri of a client that registers itself must list all of its redirect
    URIs. It is fetched at registration and at each change.
    """
    site.pages[PATH] = page
    await assert_refused(await register(op, **in_sector(site)), "invalid_client_metadata")
    assert site.visits == [PATH]


async def test_unreachable_sector_is_rejected(op: RunningProvider, site: Site) -> None:
    nobody = in_sector(site, sector_identifier_uri=f"http://localhost:1{PATH}")
    await assert_refused(await register(op, **nobody), "invalid_client_metadata")


@pytest.mark.spec("OpenID Connect Core §8.1", "OpenID Connect Dynamic Client Registration §5", "RFC 7592 §2.2")
async def test_sector_is_checked_again_on_update(op: RunningProvider, site: Site) -> None:
    """RFC 7592 §2.2: The document is fetched at each update, and a rejected update changes nothing."""
    site.pages[PATH] = web.json_response(URIS)
    client = await registered(op, **in_sector(site))
    more = in_sector(site, redirect_uris=[*URIS, "https://a-third.test/"], client_id=client["client_id"])
    await assert_refused(await manage(op, "PUT", client, json=more), "invalid_client_metadata")
    assert (await (await manage(op, "GET", client)).get_json())["redirect_uris"] == URIS


@pytest.mark.spec("OpenID Connect Core §8.1", "OpenID Connect Dynamic Client Registration §5", "RFC 7591 §5")
async def test_sector_in_a_private_network_is_not_fetched(provider_with: ProviderFactory, site: Site) -> None:
    """RFC 7591 §5."""
    op = await provider_with(registration="open")
    site.pages[PATH] = web.json_response(URIS)
    await assert_refused(await register(op, **in_sector(site)), "invalid_client_metadata")
    assert site.visits == []


async def test_sector_is_not_fetched_beyond_the_registration_limit(provider_with: ProviderFactory, site: Site) -> None:
    op = await provider_with(registration="open", registration_private_addresses=True, registration_limit=1)
    await registered(op)
    assert (await register(op, **in_sector(site))).status_code == 429
    assert site.visits == []
