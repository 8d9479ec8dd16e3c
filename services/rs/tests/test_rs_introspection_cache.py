"""The cache of introspection responses is bounded, short-lived, and does not contain tokens."""

import pytest

from rs.protocol.verified_token import VerifiedToken
from rs.validation.introspection_cache import IntrospectionCache

VERIFIED = VerifiedToken("user0", "demo-client", frozenset({"profile"}), None)


@pytest.fixture
def cache(ticks):
    return IntrospectionCache(ticks, capacity=3)


@pytest.mark.spec("RFC 7662 §4")
def test_entry_is_found_until_it_expires(cache, ticks):
    """A response is cached no longer than configured, and never longer than its token is valid."""
    cache.keep("token", VERIFIED, 5)
    ticks.now += 4.9
    assert cache.find("token") is VERIFIED
    ticks.now += 0.1
    assert cache.find("token") is None
    assert len(cache) == 0


@pytest.mark.parametrize("lifetime", [0, -1])
def test_entry_without_lifetime_is_not_cached(cache, lifetime):
    cache.keep("token", VERIFIED, lifetime)
    assert len(cache) == 0


def test_full_cache_drops_the_oldest_entry(cache):
    for token in "abcd":
        cache.keep(token, VERIFIED, 5)
    assert [cache.find(token) is not None for token in "abcd"] == [False, True, True, True]
    assert len(cache) == 3


def test_cache_does_not_contain_tokens(cache):
    cache.keep("secret-token", VERIFIED, 5)
    assert "secret-token" not in repr(vars(cache))
