"""Signing keys: generated once, rotated once, stored encrypted, named by their thumbprints."""

import asyncio
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jose import jws
from op_testing import Clock, RunningProvider, administrate, query_of, until
from shared_testing import KeyPairs

from op.keys.ring import ALGORITHMS, InvalidSignature, KeyRing, new_keys, thumbprint
from op.keys.rotation import KeyRotation
from op.protocol.keys.schedule import Schedule
from op.records import Generation
from op.stores.signing_keys import SigningKeyStore
from redis_server import RedisClient, RedisServer
from servicekit.encryption import DecryptionError, Encryptor
from servicekit.redis.client import connect

SECRET = "a-key-for-tests-of-more-than-32-characters"


INTERVAL, LEAD, KEEP = 10_000, 900, 4_000
SCHEDULE = Schedule(INTERVAL, LEAD, KEEP)


def ring(redis: RedisClient, secret: str = SECRET, clock: Clock | None = None) -> KeyRing:
    return KeyRing(SigningKeyStore(redis, Encryptor(secret, "op signing keys")), SCHEDULE, clock or Clock())


async def kids(keys: KeyRing) -> set[str]:
    return {key["kid"] for key in (await keys.jwks())["keys"]}


@pytest.mark.slow
@pytest.mark.spec("RFC 7517 §5")
async def test_ten_replicas_that_start_together_share_a_key(redis: RedisClient, redis_server: RedisServer) -> None:
    """The provider publishes its keys as a JWK Set."""
    connections = [connect(redis_server.url, 2.0) for _ in range(10)]
    await asyncio.gather(*(connection.ping() for connection in connections))
    sets = await asyncio.gather(*(ring(connection).jwks() for connection in connections))
    assert len({key["kid"] for jwks in sets for key in jwks["keys"]}) == 2, "one RS256 key and one ES256 key"
    for connection in connections:
        await connection.aclose()


async def test_keys_survive_a_restart(redis: RedisClient) -> None:
    assert await ring(redis).jwks() == await ring(redis).jwks()


@pytest.mark.spec("RFC 5869", "NIST SP 800-38D")
async def test_private_keys_are_stored_encrypted(redis: RedisClient) -> None:
    await ring(redis).load()
    stored = await redis.get("op:keys")
    assert "PRIVATE" not in stored
    assert "BEGIN" not in stored


async def test_another_secret_key_cannot_decrypt(redis: RedisClient) -> None:
    await ring(redis).load()
    with pytest.raises(DecryptionError):
        await ring(redis, "another-secret-of-more-than-32-characters").load()


@pytest.mark.spec("RFC 7638 §3, §3.1")
def test_kid_is_the_thumbprint_of_rfc_7638() -> None:
    """The `kid` of the example key in §3.1 is the thumbprint given there."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    )
    key = {"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.spec("RFC 7518 §3.3, §3.4")
def test_new_keys_differ_and_have_the_required_size() -> None:
    """New keys have the required size. Elsewhere in these tests they come from a pool."""
    one, two = new_keys(), new_keys()
    assert set(one) == set(two) == set(ALGORITHMS)
    assert not set(one.values()) & set(two.values())
    rsa, ec = (load_pem_private_key(one[algorithm].encode(), None) for algorithm in ("RS256", "ES256"))
    assert isinstance(rsa, RSAPrivateKey)
    assert rsa.key_size == 2048
    assert isinstance(ec, EllipticCurvePrivateKey)
    assert ec.curve.name == "secp256r1"


@pytest.mark.spec("RFC 7517 §4, §5")
async def test_jwks_can_be_cached_and_called_by_scripts(provider: RunningProvider) -> None:
    """RFC 7517 §4: A published key has its use, and no private member."""
    response = await provider.client.get("/jwks")
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    for key in (await response.get_json())["keys"]:
        assert key["use"] == "sig"
        assert key["kid"] == thumbprint(key)


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_new_key_is_published_before_it_signs(redis: RedisClient, clock: Clock) -> None:
    """A new key is published before it signs, for longer than anybody caches the set. The old key stays until
    nothing that it signed is in use.
    """
    keys = ring(redis, clock=clock)
    first, signs = await kids(keys), await keys.signing_kids()
    clock.pass_seconds(INTERVAL - LEAD - 1)
    assert not await keys.rotate(when_due=True)
    clock.pass_seconds(1)
    assert await keys.rotate(when_due=True)
    both = await kids(keys)
    assert len(both) == 4
    assert first < both
    assert await keys.signing_kids() == signs, "the new keys are published but do not sign yet"
    old = await keys.sign({"n": 1}, "RS256", typ="JWT")
    clock.pass_seconds(LEAD)
    assert await keys.signing_kids() == both - first
    new = await keys.sign({"n": 2}, "ES256", typ="JWT")
    assert await keys.verify(old, "RS256", typ="JWT") == {"n": 1}
    clock.pass_seconds(KEEP - 1)
    assert await kids(keys) == both
    clock.pass_seconds(1)
    assert await kids(keys) == both - first, "no signature of the old keys is valid any longer"
    assert await keys.verify(new, "ES256", typ="JWT") == {"n": 2}
    with pytest.raises(InvalidSignature):
        await keys.verify(old, "RS256", typ="JWT")


@pytest.mark.slow
@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_ten_replicas_rotate_once_and_all_notice(
    redis: RedisClient, redis_server: RedisServer, clock: Clock
) -> None:
    """One of any number of replicas rotates; the others notice it without being told."""
    connections = [connect(redis_server.url, 5.0) for _ in range(10)]
    replicas = [ring(connection, clock=clock) for connection in connections]
    await asyncio.gather(*(replica.load() for replica in replicas))
    clock.pass_seconds(INTERVAL)
    assert sum(await asyncio.gather(*(replica.rotate(when_due=True) for replica in replicas))) == 1
    for replica in replicas:
        await replica.refresh()
    sets = [await kids(replica) for replica in replicas]
    assert len(sets[0]) == 4
    assert all(one == sets[0] for one in sets)
    for connection in connections:
        await connection.aclose()


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_stale_replica_does_not_replace_keys(redis: RedisClient, key_pairs: KeyPairs) -> None:
    """The atomic step: one comparison in Redis."""
    store = SigningKeyStore(redis, Encryptor(SECRET, "op signing keys"))
    await store.save_first(Generation(1, key_pairs.next()))
    before = await store.find()
    assert before is not None
    assert await store.replace(before, (Generation(2, key_pairs.next()),))
    assert not await store.replace(before, (Generation(3, key_pairs.next()),))
    after = await store.find()
    assert after is not None
    assert [one.signs_from for one in after.generations] == [2]


async def test_rotate_command_waits_for_the_last_new_key_to_sign(redis: RedisClient, clock: Clock) -> None:
    keys = ring(redis, clock=clock)
    assert await keys.rotate()
    assert not await keys.rotate()
    clock.pass_seconds(LEAD)
    assert await keys.rotate()
    assert len(await kids(keys)) == 6


async def test_keys_are_not_rotated_without_an_interval(redis: RedisClient, clock: Clock) -> None:
    keys = KeyRing(SigningKeyStore(redis, Encryptor(SECRET, "op signing keys")), Schedule(0, LEAD, KEEP), clock)
    await keys.load()
    clock.pass_seconds(10**9)
    assert not await keys.rotate(when_due=True)


async def test_replica_with_a_slow_clock_signs_with_the_first_key(redis: RedisClient, clock: Clock) -> None:
    await ring(redis, clock=clock).load()
    behind = Clock()
    behind.pass_seconds(-60)
    late = ring(redis, clock=behind)
    assert await late.verify(await late.sign({"n": 1}, "RS256", typ="JWT"), "RS256", typ="JWT") == {"n": 1}


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_keys_without_generations_are_used_and_due(redis: RedisClient, clock: Clock, key_pairs: KeyPairs) -> None:
    before = key_pairs.next()
    await redis.set("op:keys", Encryptor(SECRET, "op signing keys").encrypt(json.dumps(before), "op:keys"))
    keys = ring(redis, clock=clock)
    first = await kids(keys)
    assert len(first) == 2
    assert await keys.rotate(when_due=True)
    assert first < await kids(keys)
    assert await keys.signing_kids() == first


@pytest.mark.spec("OpenID Connect Core §10.1.1")
async def test_replica_refreshes_keys_without_a_request(
    redis: RedisClient, redis_server: RedisServer, clock: Clock
) -> None:
    keys = ring(redis, clock=clock)
    await keys.load()
    clock.pass_seconds(INTERVAL)
    rotation = KeyRotation(keys, pause=0.001)
    rotation.start()

    async def noticed() -> bool:
        return len(await kids(keys)) == 4

    await until(noticed)
    await rotation.stop()


async def test_command_line_rotates_and_lists_keys(
    provider: RunningProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*arguments: str) -> int:
        return administrate(provider.op.settings, ["keys", *arguments])

    await provider.client.get("/jwks")
    assert await asyncio.to_thread(command, "rotate") == 0
    assert await asyncio.to_thread(command, "rotate") == 1
    assert "already published" in capsys.readouterr().err
    assert await asyncio.to_thread(command, "list") == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines() if "\t" in line]
    assert sorted((algorithm, state) for _, algorithm, state, _ in lines) == [
        ("ES256", "pending"), ("ES256", "signing"), ("RS256", "pending"), ("RS256", "signing")
    ]  # fmt: skip
    await provider.op.keys.refresh()
    published = (await (await provider.client.get("/jwks")).get_json())["keys"]
    assert {key["kid"] for key in published} == {kid for kid, *_ in lines}


async def kid_of(keys: KeyRing, state: str, clock: Clock) -> str:
    """The RS256 key of a generation that is retired, signing or pending."""
    signs = await keys.signing_kids()
    for signs_from, key in await keys.published():
        of = "signing" if key.kid in signs else "pending" if signs_from > clock() else "retired"
        if key.algorithm == "RS256" and of == state:
            return key.kid
    raise AssertionError(state)


@pytest.mark.parametrize(
    ("state", "survivors"),
    [("retired", {"signing", "pending"}), ("signing", {"retired", "pending"}), ("pending", {"retired", "signing"})],
)
@pytest.mark.spec("OpenID Connect Core §10.1.1", "RFC 7517 §5")
async def test_revoked_key_is_withdrawn_at_once(
    redis: RedisClient, clock: Clock, state: str, survivors: set[str]
) -> None:
    """A compromised key is removed whatever its state; the other keys stay, and one always signs."""
    keys, replica = ring(redis, clock=clock), ring(redis, clock=clock)
    old = await keys.sign({"of": "retired"}, "RS256", typ="JWT")
    await keys.rotate()
    clock.pass_seconds(LEAD)
    signed = {"retired": old, "signing": await keys.sign({"of": "signing"}, "RS256", typ="JWT")}
    await keys.rotate()
    await replica.load()
    before, leaked = await kids(keys), await kid_of(keys, state, clock)
    withdrawn = await keys.revoke(leaked)
    assert leaked in withdrawn
    assert len(withdrawn) == 2, "and the ES256 key of the same generation"
    await replica.refresh()
    for one in (keys, replica):
        assert before - await kids(one) == withdrawn
        for of, token in signed.items():
            if of in survivors:
                assert await one.verify(token, "RS256", typ="JWT") == {"of": of}
            else:
                with pytest.raises(InvalidSignature):
                    await one.verify(token, "RS256", typ="JWT")
        for algorithm in ("RS256", "ES256"):
            assert await keys.verify(await one.sign({"n": 1}, algorithm, typ="JWT"), algorithm, typ="JWT") == {"n": 1}
    new = await kids(keys) - before
    assert (await keys.signing_kids() == new) is (state == "signing")


@pytest.mark.spec("OpenID Connect Core §10.1.1", "RFC 7517 §5")
async def test_revoked_only_key_is_replaced(redis: RedisClient, clock: Clock) -> None:
    """A compromised key is removed from the set at once, on all replicas. What it signed no longer verifies, and
    new keys replace it.
    """
    keys = ring(redis, clock=clock)
    first = await kids(keys)
    assert await keys.revoke(min(first)) == first
    assert len(await kids(keys) - first) == 2
    assert await keys.revoke(min(first)) == frozenset(), "it is withdrawn"


@pytest.mark.spec("OpenID Connect Core §10.1.1")
@pytest.mark.spec("RFC 7517 §5")
async def test_key_is_withdrawn_during_a_rotation_by_another_replica(redis: RedisClient, clock: Clock) -> None:
    keys, other = ring(redis, clock=clock), ring(redis, clock=clock)
    first = await kids(keys)
    replace = keys._store.replace
    done: list[bool] = []

    async def late(before: object, after: object) -> bool:
        if not done:
            done.append(await other.rotate())
        return await replace(before, after)  # type: ignore[arg-type]

    keys._store.replace = late  # type: ignore[method-assign, assignment]
    assert await keys.revoke(min(first)) == first
    assert done == [True]
    assert len(await kids(keys)) == 4, "the key of the other replica, and the one that signs now"
    assert not first & await kids(keys)


@pytest.mark.spec("OpenID Connect Core §10.1.1", "RFC 7517 §5")
async def test_command_line_revokes_a_key(provider: RunningProvider, capsys: pytest.CaptureFixture[str]) -> None:
    def command(kid: str) -> int:
        return administrate(provider.op.settings, ["keys", "revoke", kid])

    token = (await provider.tokens())["id_token"]
    kid = jws.get_unverified_header(token)["kid"]
    for unknown in ("no-such-key", "-h8", "--help"):  # a thumbprint may start with a dash
        assert await asyncio.to_thread(command, unknown) == 1
        assert f"key {unknown} does not exist" in capsys.readouterr().err
    assert await asyncio.to_thread(command, kid) == 0
    assert f"key {kid} revoked" in capsys.readouterr().out
    await provider.op.keys.refresh()
    assert kid not in {key["kid"] for key in (await (await provider.client.get("/jwks")).get_json())["keys"]}
    page = await provider.client.get("/logout", query_string={"id_token_hint": token})
    assert "code" in query_of((await provider.authorize(prompt="none")).location), page.status_code
