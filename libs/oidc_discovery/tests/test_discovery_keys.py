"""When the key set is fetched again, and for whom."""

import asyncio

import pytest
from discovery_testing import DISCOVERY, JWKS, Provider

from oidc_discovery.cached_document import FAILURE_AGE
from oidc_discovery.documents import MAX_AGE, REFETCH_INTERVAL
from oidc_discovery.errors import ProviderUnavailable


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_an_unknown_kid_fetches_once_more_and_not_again_and_again(provider: Provider, documents) -> None:
    """An unknown `kid` makes a client fetch the set again, at a limited rate."""
    known, ticks = documents()
    assert len(await known.keys("a")) == 1
    provider.keys = {"keys": [{"kid": "c"}]}
    assert len(await known.keys("c")) == 1, "rotated right after the set was fetched"
    for kid in ("d", "e", None):
        await known.keys(kid)
    assert provider.asked.count("/jwks") == 2
    ticks.seconds += REFETCH_INTERVAL
    assert await known.keys("d") == ()
    assert provider.asked.count("/jwks") == 3


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_a_token_without_kid_asks_for_the_set_again_and_not_again_and_again(
    provider: Provider, documents
) -> None:
    """A token without `kid` may be signed with a key that was added after the set was fetched."""
    known, ticks = documents()
    assert len(await known.keys()) == 2
    provider.keys = {"keys": [{"kid": "c"}]}
    assert len(await known.keys()) == 1
    await known.keys()
    assert provider.asked.count("/jwks") == 2
    ticks.seconds += REFETCH_INTERVAL
    await known.keys()
    assert provider.asked.count("/jwks") == 3


@pytest.mark.parametrize("named", [True, False], ids=["with kid", "without kid"])
@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_a_token_that_was_asked_for_always_finds_the_newest_keys(
    provider: Provider, documents, named: bool
) -> None:
    """The token of a sign-in finds the newest keys, however often the provider changes them and whatever forged
    tokens came before.
    """
    known, _ = documents()
    await known.keys("a")
    await known.keys("a stranger's")
    for kid in ("c", "d", "e"):
        provider.keys = {"keys": [{"kid": kid}]}
        assert await known.keys(kid if named else None, solicited=True) == ({"kid": kid},)
    assert provider.asked.count("/jwks") == 5


async def test_a_key_that_is_known_is_not_fetched_again(provider: Provider, documents) -> None:
    known, _ = documents()
    for _ in range(3):
        assert len(await known.keys("a", solicited=True)) == 1
    assert provider.asked.count("/jwks") == 1


async def test_a_search_that_was_cancelled_leaves_the_next_token_its_own(provider: Provider, documents) -> None:
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


async def test_the_keys_come_from_the_document_that_is_known(provider: Provider, documents) -> None:
    known, _ = documents()
    await known.keys("a")
    await known.metadata()
    assert provider.asked == [DISCOVERY, JWKS]


@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_nor_one_that_fails_for_its_keys_alone(provider: Provider, documents) -> None:
    known, ticks = documents()
    provider.scripted[JWKS] = 500, ""
    for kid in ("a", "b", "unknown", None) * 8:
        with pytest.raises(ProviderUnavailable):
            await known.keys(kid)
    assert provider.asked == [DISCOVERY, JWKS]
    ticks.seconds += FAILURE_AGE
    with pytest.raises(ProviderUnavailable):
        await known.keys("a")
    assert provider.asked == [DISCOVERY, JWKS, JWKS]


@pytest.mark.parametrize("failing", [DISCOVERY, JWKS])
async def test_a_failure_keeps_no_token_that_was_asked_for_from_its_key(
    provider: Provider, documents, failing: str
) -> None:
    known, _ = documents()
    provider.scripted[failing] = 500, ""
    with pytest.raises(ProviderUnavailable):
        await known.keys("a")
    provider.scripted.clear()
    assert await known.keys("a", solicited=True) == ({"kid": "a"},)


@pytest.mark.spec("OpenID Connect Discovery §4.2")
async def test_known_keys_serve_while_their_set_is_none(provider: Provider, documents) -> None:
    known, ticks = documents()
    await known.keys("a")
    provider.keys = {}
    ticks.seconds += MAX_AGE
    assert await known.keys("a") == ({"kid": "a"},)


@pytest.mark.parametrize(
    ("answer", "fails"),
    [((500, ""), True), ((200, "<!doctype html>"), True), ((200, '{"keys": []}'), False)],
    ids=["500", "HTML", "a set without it"],
)
@pytest.mark.spec("OpenID Connect Core §10.1.1")
@pytest.mark.spec("OpenID Connect Back-Channel Logout §2.8")
async def test_a_key_is_certainly_unknown_only_when_the_set_could_be_fetched(
    provider: Provider, documents, answer: tuple[int, str], fails: bool
) -> None:
    """While the set cannot be fetched, known keys are used. A logout token with another key may be sent again,
    and an access token with another key is rejected.
    """
    known, ticks = documents()
    await known.keys("a")
    provider.scripted[JWKS] = answer
    assert await known.keys("c") == ()
    if fails:
        with pytest.raises(ProviderUnavailable, match="jwks"):
            await known.keys("c", conclusive=True)
        assert len(await known.keys("a", conclusive=True)) == 1
    else:
        assert await known.keys("c", conclusive=True) == ()
    assert provider.asked.count(JWKS) == 2
    provider.scripted.clear()
    provider.keys = {"keys": [{"kid": "c"}]}
    ticks.seconds += FAILURE_AGE
    assert len(await known.keys("c", conclusive=True)) == (1 if fails else 0)
