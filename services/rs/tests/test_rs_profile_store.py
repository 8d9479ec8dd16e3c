"""The profiles in Redis, and the file with profiles to load."""

import json
from dataclasses import replace

import pytest

from rs.profiles_file import profiles_in
from rs.stores.profile import ProfileStore


@pytest.fixture
def store(redis):
    return ProfileStore(redis)


async def test_saved_profile_is_found(store, profile):
    strange = replace(profile, sub="a:b{c}\x00 d", metadata="Ünïcödé \n ☘")
    await store.save(strange)
    assert await store.find(strange.sub) == strange


async def test_unknown_subject_has_no_profile(store, profile):
    await store.save(profile)
    assert await store.find("user1") is None


async def test_later_save_replaces_the_profile_without_ttl(store, redis, profile):
    await store.save(profile)
    await store.save(replace(profile, metadata="new"))
    assert json.loads(await redis.get("rs:profile:user0"))["metadata"] == "new"
    assert await redis.keys("*") == ["rs:profile:user0"]
    assert await redis.ttl("rs:profile:user0") == -1


def test_profiles_are_read_from_the_file(tmp_path, profile):
    path = tmp_path / "profiles.yaml"
    path.write_text(
        "profiles: [{sub: user0, username: user0, email: user0@example.com, metadata: Prefers tea.}]", encoding="utf-8"
    )
    assert profiles_in(str(path)) == (profile,)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param("profiles: [", "is not YAML", id="not YAML"),
        pytest.param("", "must contain a list of profiles", id="empty"),
        pytest.param("profiles: {}", "must contain a list of profiles", id="no list"),
        pytest.param("profiles: [user0]", "profile 1 must have", id="no record"),
        pytest.param("profiles: [{sub: a}]", "profile 1 must have", id="fields missing"),
        pytest.param(
            "profiles: [{sub: 1, username: a, email: a, metadata: a}]", "must have a string", id="a number as sub"
        ),
        pytest.param(
            'profiles: [{sub: "a", username: "b", email: "c", metadata: null}]', "must have a string", id="null"
        ),
    ],
)
def test_fault_of_the_file_is_reported(tmp_path, content, complaint):
    path = tmp_path / "profiles.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=complaint):
        profiles_in(str(path))


def test_missing_file_is_a_fault(tmp_path):
    with pytest.raises(ValueError, match="cannot read"):
        profiles_in(str(tmp_path / "none.yaml"))
