"""Signing keys: made once, kept sealed, named by their thumbprint."""

import asyncio

import pytest
from op_testing import RunningProvider

from op.keys import KeyRing, thumbprint
from op.stores.signing_keys import SigningKeyStore
from redis_server import RedisServer
from servicekit.redis import Database, connect
from servicekit.sealing import Sealer, UnsealError

SECRET = "a-key-for-tests-of-more-than-32-characters"


def ring(redis: Database, secret: str = SECRET) -> KeyRing:
    return KeyRing(SigningKeyStore(redis, Sealer(secret, "op signing keys")))


async def test_ten_replicas_that_start_together_have_one_key(redis: Database, redis_server: RedisServer) -> None:
    connections = [connect(redis_server.url, 2.0) for _ in range(10)]
    await asyncio.gather(*(connection.ping() for connection in connections))
    sets = await asyncio.gather(*(ring(connection).jwks() for connection in connections))
    assert len({key["kid"] for jwks in sets for key in jwks["keys"]}) == 2, "one RS256 key and one ES256 key"
    for connection in connections:
        await connection.aclose()


async def test_a_restart_has_the_same_keys(redis: Database) -> None:
    assert await ring(redis).jwks() == await ring(redis).jwks()


async def test_private_keys_rest_sealed(redis: Database) -> None:
    await ring(redis).load()
    stored = await redis.get("op:keys")
    assert "PRIVATE" not in stored
    assert "BEGIN" not in stored


async def test_another_secret_key_opens_nothing(redis: Database) -> None:
    await ring(redis).load()
    with pytest.raises(UnsealError):
        await ring(redis, "another-secret-of-more-than-32-characters").load()


def test_the_kid_is_the_thumbprint_of_rfc_7638() -> None:
    """The example of RFC 7638 §3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    )
    key = {"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


async def test_jwks_may_be_cached_and_called_by_scripts(provider: RunningProvider) -> None:
    response = await provider.client.get("/jwks")
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    for key in (await response.get_json())["keys"]:
        assert key["use"] == "sig"
        assert key["kid"] == thumbprint(key)
