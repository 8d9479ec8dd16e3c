"""When signing keys are published, sign and are withdrawn (OpenID Connect Core §10.1.1)."""

import pytest

from op.protocol.keys.schedule import MINIMUM_LEAD, Schedule, pending_generation, signing_generation
from op.records import Generation

SCHEDULE = Schedule(interval=1000, lead=100, keep=50)
FIRST, SECOND, THIRD = (Generation(at, {"RS256": f"key from {at}"}) for at in (1000, 2000, 3000))


@pytest.mark.spec("OpenID Connect Core §10.1.1")
def test_minimum_lead_covers_two_caches_and_a_replica() -> None:
    """Our Cache-Control allows 300 s, a client keeps the set for 300 s more, a replica reads the keys every 5 s."""
    assert MINIMUM_LEAD == 605


@pytest.mark.parametrize(
    ("generations", "now", "due"),
    [
        pytest.param([FIRST], 1899, False, id="one second early"),
        pytest.param([FIRST], 1900, True, id="lead seconds before the interval ends"),
        pytest.param([FIRST], 9999, True, id="late"),
        pytest.param([FIRST, SECOND], 2899, False, id="the newest counts"),
        pytest.param([SECOND, FIRST], 2900, True, id="in any order"),
        pytest.param([FIRST], 999, False, id="the newest does not sign yet"),
    ],
)
def test_next_generation_is_due_before_the_interval_ends(generations: list[Generation], now: int, due: bool) -> None:
    assert SCHEDULE.is_due(generations, now) is due


def test_next_generation_is_not_due_before_the_newest_signs() -> None:
    """Also with a lead as long as the interval."""
    schedule = Schedule(interval=100, lead=100, keep=50)
    assert not schedule.is_due([FIRST], 999)
    assert schedule.is_due([FIRST], 1000)


def test_next_generation_is_never_due_without_an_interval() -> None:
    assert not Schedule(interval=0, lead=100, keep=50).is_due([FIRST], 10**9)


@pytest.mark.parametrize(
    ("generations", "now", "needed"),
    [
        pytest.param([FIRST], 10**9, [FIRST], id="the only one, whatever its age"),
        pytest.param([FIRST, SECOND], 2049, [FIRST, SECOND], id="what it signed may still be valid"),
        pytest.param([FIRST, SECOND], 2050, [SECOND], id="nothing that it signed is valid"),
        pytest.param([FIRST, SECOND], 1500, [FIRST, SECOND], id="the next one does not sign yet"),
        pytest.param([THIRD, FIRST, SECOND], 2050, [SECOND, THIRD], id="the oldest first"),
        pytest.param([THIRD, FIRST, SECOND], 3050, [THIRD], id="the last of three"),
    ],
)
def test_needed_generations_sign_or_have_valid_signatures(
    generations: list[Generation], now: int, needed: list[Generation]
) -> None:
    assert SCHEDULE.needed(generations, now) == tuple(needed)


def test_rotation_adds_a_generation_and_drops_unneeded_ones() -> None:
    pems = {"RS256": "new"}
    assert SCHEDULE.rotated([FIRST, SECOND], pems, 2050) == (SECOND, Generation(2150, pems))
    assert SCHEDULE.rotated([SECOND, FIRST], pems, 2049) == (FIRST, SECOND, Generation(2149, pems))


@pytest.mark.parametrize(
    ("generations", "now", "expected"),
    [
        pytest.param([FIRST], 999, None, id="the only one never waits"),
        pytest.param([FIRST, SECOND], 1999, SECOND, id="published, and does not sign yet"),
        pytest.param([SECOND, FIRST], 1999, SECOND, id="in any order"),
        pytest.param([FIRST, SECOND], 2000, None, id="signs"),
    ],
)
def test_published_generation_is_pending_until_it_signs(
    generations: list[Generation], now: int, expected: Generation | None
) -> None:
    assert pending_generation(generations, now) is expected


@pytest.mark.parametrize(
    ("generations", "now", "expected"),
    [
        pytest.param([FIRST, SECOND], 1999, FIRST, id="before the second"),
        pytest.param([FIRST, SECOND], 2000, SECOND, id="from the second on"),
        pytest.param([SECOND, FIRST], 5000, SECOND, id="in any order"),
        pytest.param([SECOND, FIRST], 999, FIRST, id="a clock that is behind"),
    ],
)
def test_newest_started_generation_signs(generations: list[Generation], now: int, expected: Generation) -> None:
    assert signing_generation(generations, now) is expected


def test_private_keys_are_not_in_the_repr() -> None:
    assert "key from" not in repr(FIRST)
