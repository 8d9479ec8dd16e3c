"""Profiles, one JSON document each, without a TTL."""

import json
from dataclasses import asdict

from rs.records import Profile, profile_key
from servicekit.json_record import JsonRecord
from servicekit.redis.client import Database


class ProfileStore:
    """Stores profiles by subject."""

    def __init__(self, redis: Database) -> None:
        self._redis = redis

    async def save(self, profile: Profile) -> None:
        """Store a profile, which replaces an earlier one of the same subject."""
        await self._redis.set(profile_key(profile.sub), json.dumps(asdict(profile)))

    async def find(self, sub: str) -> Profile | None:
        found = await self._redis.get(profile_key(sub))
        return None if found is None else _profile(JsonRecord.parse(found))


def _profile(record: JsonRecord) -> Profile:
    return Profile(
        sub=record.text("sub"),
        username=record.text("username"),
        email=record.text("email"),
        metadata=record.text("metadata"),
    )
