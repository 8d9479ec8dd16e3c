"""Request objects by reference: `request_uri` at an address of the client (RFC 9101 §5.2, OpenID Connect Core §6.2)."""

from typing import Any

import pytest
from aiohttp import web
from client_keys_testing import public_jwk
from op_testing import ISSUER, REDIRECT_URI, SECRET, ProviderFactory, RunningProvider, Site, query_of
from test_op_register import registered
from test_op_request_object import INSIDE, signed, unsigned

from op.authorization.request_source import REQUEST_OBJECT_LIMIT
from op.protocol.clients.metadata import client_of

PATH = "/request.jwt"


def published(request_object: str, status: int = 200, media_type: str = "application/oauth-authz-req+jwt") -> Any:
    return web.Response(status=status, text=request_object, content_type=media_type)


@pytest.fixture
async def refers(provider: RunningProvider, site: Site) -> RunningProvider:
    """A provider whose client `refers` publishes its request object."""
    client = {
        "client_id": "refers",
        "client_secret": SECRET,
        "first_party": True,
        "redirect_uris": [REDIRECT_URI],
        "jwks": {"keys": [public_jwk("RS256"), public_jwk("ES256")]},
        "request_uris": [site.url + PATH],
    }
    await provider.op.clients.save(client_of(client))
    site.pages[PATH] = published(signed(INSIDE))
    return provider


async def authorize(provider: RunningProvider, request_uri: str, **changes: Any) -> dict[str, str]:
    response = await provider.authorize(client_id="refers", request_uri=request_uri, **changes)
    if response.location.startswith(f"{ISSUER}/login"):
        response = await provider.submit_login(response.location)
    return query_of(response.location)


@pytest.mark.parametrize(
    "media_type", ["application/oauth-authz-req+jwt", "application/jwt", "application/jose", "text/plain"]
)
@pytest.mark.spec("OpenID Connect Core §6.2", "RFC 9101 §5.2")
async def test_fetched_request_object_works_like_one_by_value(
    refers: RunningProvider, site: Site, media_type: str
) -> None:
    """A request object by reference is fetched for each request, without following redirects, and is treated
    like one by value. The fragment of its URL only names a version.
    """
    site.pages[PATH] = published(signed(INSIDE), media_type=media_type)
    result = await authorize(refers, site.url + PATH)
    assert result["state"] == "from-inside"
    assert result["code"]
    assert site.visits == [PATH]


@pytest.mark.spec("OpenID Connect Core §6.2", "RFC 9101 §5, §5.2")
async def test_parameters_may_be_only_in_the_request_object(refers: RunningProvider, site: Site) -> None:
    """RFC 9101 §5: Only client_id and request_uri are required outside the object."""
    inside = {name: value for name, value in refers.request.items() if name != "client_id"}
    site.pages[PATH] = published(signed(inside))
    response = await refers.client.get(
        "/authorize", query_string={"client_id": "refers", "request_uri": site.url + PATH}
    )
    result = query_of((await refers.submit_login(response.location)).location)
    assert result["state"] == "state-of-the-test"


@pytest.mark.spec("OpenID Connect Core §6.2", "RFC 9101 §5.2")
async def test_fragment_is_only_a_version(refers: RunningProvider, site: Site) -> None:
    """OpenID Connect Core §6.2: The fragment of a request_uri is not sent, and differs with the contents."""
    assert (await authorize(refers, site.url + PATH + "#the-hash-of-other-contents"))["code"]
    assert site.visits == [PATH]


@pytest.mark.spec("OpenID Connect Core §6.2", "RFC 9101 §5.2")
async def test_change_of_the_request_object_takes_effect_at_once(refers: RunningProvider, site: Site) -> None:
    """OpenID Connect Core §6.2: A request object by reference is not cached."""
    await authorize(refers, site.url + PATH)
    site.pages[PATH] = published(signed(INSIDE | {"state": "newer"}))
    assert (await authorize(refers, site.url + PATH))["state"] == "newer"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda url: url.replace(PATH, "/other.jwt"), id="another path"),
        pytest.param(lambda _: "file:///etc/passwd", id="a file"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §6.2", "RFC 9101 §10.4.1")
async def test_only_a_registered_request_uri_is_fetched(refers: RunningProvider, site: Site, changed: Any) -> None:
    """RFC 9101 §10.4.1: Whoever sends a browser to the provider cannot choose what it fetches."""
    assert (await authorize(refers, changed(site.url + PATH)))["error"] == "invalid_request_uri"
    assert site.visits == []


@pytest.mark.spec("OpenID Connect Core §6.2", "RFC 9101 §10.4.1")
async def test_client_without_request_uris_gets_an_error(provider: RunningProvider, site: Site) -> None:
    """Only a registered request_uri of up to 512 characters is fetched. For a client that has registered none,
    it is rejected with `request_uri_not_supported`.
    """
    await provider.register("signs-rs256")
    response = await provider.authorize(client_id="signs-rs256", request_uri=site.url + PATH)
    assert query_of(response.location)["error"] == "request_uri_not_supported"
    assert site.visits == []


@pytest.mark.parametrize(
    ("page", "error"),
    [
        pytest.param(published("", 404), "invalid_request_uri", id="not there"),
        pytest.param(
            web.Response(status=302, headers={"Location": "/elsewhere"}), "invalid_request_uri", id="a redirect"
        ),
        pytest.param(published("x" * (REQUEST_OBJECT_LIMIT + 1)), "invalid_request_uri", id="too large"),
        pytest.param(published("nonsense"), "invalid_request_object", id="malformed"),
        pytest.param(web.Response(body=b"\xff.\xff.\xff"), "invalid_request_object", id="no text"),
        pytest.param(published(unsigned(INSIDE)), "request_not_supported", id="unsigned"),
        pytest.param(published(signed(INSIDE, kid="other")), "invalid_request_object", id="by an unknown key"),
        pytest.param(published(signed(INSIDE | {"iss": "web"})), "invalid_request_object", id="of another client"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §6.2", "RFC 9101 §5.2, §6, §7")
async def test_response_must_be_a_request_object(
    refers: RunningProvider, site: Site, page: web.Response, error: str
) -> None:
    """RFC 9101 §6, §7: What a request_uri returns must be a request object, and redirects are not followed."""
    site.pages[PATH] = page
    assert (await authorize(refers, site.url + PATH))["error"] == error
    assert site.visits == [PATH]


async def test_unreachable_request_uri_is_rejected(refers: RunningProvider, site: Site) -> None:
    unreachable = f"http://localhost:1{PATH}"
    client = await refers.op.clients.read("refers")
    assert client is not None
    await refers.op.clients.save(client_of({**client_metadata(client), "request_uris": [unreachable]}))
    assert (await authorize(refers, unreachable))["error"] == "invalid_request_uri"


@pytest.mark.spec("OpenID Connect Core §6.2", "RFC 9101 §5")
async def test_request_and_request_uri_cannot_be_combined(refers: RunningProvider, site: Site) -> None:
    """Core §6.2, RFC 9101 §5."""
    assert (await authorize(refers, site.url + PATH, request=signed(INSIDE)))["error"] == "invalid_request"
    assert site.visits == []


@pytest.mark.spec("RFC 6749 §4.1.2.1")
async def test_faults_without_outer_redirect_uri_are_a_page(refers: RunningProvider, site: Site) -> None:
    """RFC 6749 §4.1.2.1."""
    response = await refers.authorize(client_id="refers", request_uri=site.url + "/other", redirect_uri=None)
    assert (response.status_code, response.location) == (400, None)
    assert "The request_uri must be one of" in await response.get_data(as_text=True)


async def test_form_of_another_site_fetches_it_once(refers: RunningProvider, site: Site) -> None:
    """The form is redirected to the same request by GET, which fetches the request object."""
    form = refers.request | {"client_id": "refers", "request_uri": site.url + PATH}
    response = await refers.client.post("/authorize", form=form)
    assert query_of(response.location) == form
    assert site.visits == []


@pytest.mark.parametrize("make", [signed, unsigned])
@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.spec("OpenID Connect Dynamic Client Registration §2")
async def test_self_registered_client_may_use_request_uri(
    provider_with: ProviderFactory, site: Site, make: Any, allowed: bool
) -> None:
    """A client that registered itself without request_object_signing_alg may use any algorithm, including `none`.

    Such a client cannot have a request object fetched from a private network.
    """
    op = await provider_with(registration="open", registration_private_addresses=allowed)
    keys = {"keys": [public_jwk("RS256")]}
    client = await registered(op, request_uris=[site.url + PATH], jwks=keys)
    assert client["request_uris"] == [site.url + PATH]
    site.pages[PATH] = published(make(INSIDE))
    response = await op.authorize(client_id=client["client_id"], request_uri=site.url + PATH)
    if allowed:
        response = await op.submit_login(response.location)
        assert "/consent" in response.location
    else:
        assert query_of(response.location)["error"] == "invalid_request_uri"
    assert site.visits == ([PATH] if allowed else [])


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("http://client.test/request.jwt", id="no TLS"),
    ],
)
@pytest.mark.spec("OpenID Connect Core §6.2", "RFC 9101 §10.4.1")
async def test_invalid_request_uris_are_rejected(provider_with: ProviderFactory, uri: str) -> None:
    op = await provider_with(registration="open")
    response = await op.client.post("/register", json={"redirect_uris": [REDIRECT_URI], "request_uris": [uri]})
    assert (await response.get_json())["error"] == "invalid_client_metadata"


def client_metadata(client: Any) -> dict[str, Any]:
    names = ("client_id", "client_secret", "first_party", "redirect_uris", "jwks")
    return {name: getattr(client, name) for name in names}
