"""When the key set is fetched again, and for which tokens."""

import asyncio

import pytest
from discovery_testing import DISCOVERY, JWKS, Provider

from oidc_discovery.cached_document import FAILURE_AGE
from oidc_discovery.documents import MAX_AGE, REFETCH_INTERVAL
from oidc_discovery.errors import ProviderUnavailable


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_unknown_kid_refetches_the_keys_once(provider: Provider, documents) -> None:
    """An unknown `kid` makes a client fetch the set again, at a limited rate."""
    known, ticks = documents()
    assert len(await known.keys("a")) == 1
    provider.keys = {"keys": [{"kid": "c"}]}
    assert len(await known.keys("c")) == 1, "rotated right after the set was fetched"
    for kid in ("d", "e", None):
        await known.keys(kid)
    assert provider.requests.count("/jwks") == 2
    ticks.seconds += REFETCH_INTERVAL
    assert await known.keys("d") == ()
    assert provider.requests.count("/jwks") == 3


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_token_without_kid_refetches_the_keys_once(provider: Provider, documents) -> None:
    """A token without `kid` may be signed with a key that was added after the set was fetched."""
    known, ticks = documents()
    assert len(await known.keys()) == 2
    provider.keys = {"keys": [{"kid": "c"}]}
    assert len(await known.keys()) == 1
    await known.keys()
    assert provider.requests.count("/jwks") == 2
    ticks.seconds += REFETCH_INTERVAL
    await known.keys()
    assert provider.requests.count("/jwks") == 3


@pytest.mark.parametrize("named", [True, False], ids=["with kid", "without kid"])
@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_solicited_token_always_finds_the_newest_keys(provider: Provider, documents, named: bool) -> None:
    """The token of a sign-in finds the newest keys, however often the provider changes them and whatever forged
    tokens came before.
    """
    known, _ = documents()
    await known.keys("a")
    await known.keys("a stranger's")
    for kid in ("c", "d", "e"):
        provider.keys = {"keys": [{"kid": kid}]}
        assert await known.keys(kid if named else None, solicited=True) == ({"kid": kid},)
    assert provider.requests.count("/jwks") == 5


async def test_known_key_is_not_fetched_again(provider: Provider, documents) -> None:
    known, _ = documents()
    for _ in range(3):
        assert len(await known.keys("a", solicited=True)) == 1
    assert provider.requests.count("/jwks") == 1


async def test_cancelled_refetch_is_repeated_for_the_next_token(provider: Provider, documents) -> None:
    known, _ = documents()
    await known.keys("a")
    provider.held = JWKS
    impatient = asyncio.create_task(known.keys("c"))
    await provider.arrived.wait()
    impatient.cancel()
    provider.keys = {"keys": [{"kid": "c"}]}
    provider.released.set()
    await asyncio.gather(impatient, return_exceptions=True)
    assert await known.keys("c") == ({"kid": "c"},)


async def test_keys_are_fetched_with_the_cached_metadata(provider: Provider, documents) -> None:
    known, _ = documents()
    await known.keys("a")
    await known.metadata()
    assert provider.requests == [DISCOVERY, JWKS]


@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_failing_key_endpoint_is_not_flooded(provider: Provider, documents) -> None:
    known, ticks = documents()
    provider.scripted[JWKS] = 500, ""
    for kid in ("a", "b", "unknown", None) * 8:
        with pytest.raises(ProviderUnavailable):
            await known.keys(kid)
    assert provider.requests == [DISCOVERY, JWKS]
    ticks.seconds += FAILURE_AGE
    with pytest.raises(ProviderUnavailable):
        await known.keys("a")
    assert provider.requests == [DISCOVERY, JWKS, JWKS]


@pytest.mark.parametrize("failing", [DISCOVERY, JWKS])
async def test_cached_failure_does_not_hide_keys_of_solicited_token(
    provider: Provider, documents, failing: str
) -> None:
    known, _ = documents()
    provider.scripted[failing] = 500, ""
    with pytest.raises(ProviderUnavailable):
        await known.keys("a")
    provider.scripted.clear()
    assert await known.keys("a", solicited=True) == ({"kid": "a"},)


@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_known_keys_are_used_while_the_key_set_is_malformed(provider: Provider, documents) -> None:
    known, ticks = documents()
    await known.keys("a")
    provider.keys = {}
    ticks.seconds += MAX_AGE
    assert await known.keys("a") == ({"kid": "a"},)


@pytest.mark.parametrize(
    ("response", "fails"),
    [((500, ""), True), ((200, "<!doctype html>"), True), ((200, '{"keys": []}'), False)],
    ids=["500", "HTML", "a set without it"],
)
@pytest.mark.spec("OpenID Connect Core §10.1.1", "OpenID Connect Back-Channel Logout §2.8")
async def test_key_is_unknown_only_if_the_key_set_was_fetched(
    provider: Provider, documents, response: tuple[int, str], fails: bool
) -> None:
    """While the set cannot be fetched, known keys are used. A logout token with another key may be sent again,
    and an access token with another key is rejected.
    """
    known, ticks = documents()
    await known.keys("a")
    provider.scripted[JWKS] = response
    assert await known.keys("c") == ()
    if fails:
        with pytest.raises(ProviderUnavailable, match="jwks"):
            await known.keys("c", conclusive=True)
        assert len(await known.keys("a", conclusive=True)) == 1
    else:
        assert await known.keys("c", conclusive=True) == ()
    assert provider.requests.count(JWKS) == 2
    provider.scripted.clear()
    provider.keys = {"keys": [{"kid": "c"}]}
    ticks.seconds += FAILURE_AGE
    assert len(await known.keys("c", conclusive=True)) == (1 if fails else 0)
