"""Device authorization requests: `op:device:<hash>`, and `op:user-code:<hash>`, which maps a user code to them."""

import dataclasses

from op.handle import digest
from op.records import DeviceRequest, Session
from op.stores.codec import from_json, to_json
from servicekit.redis.client import Database

DEVICE_TTL = 600
INTERVAL = 5

_KEPT_AFTER = 60  # so that a device that polls too late gets expired_token
_SLOWER = 5

# Stores the time of the next poll and the interval, which grows with every early poll (RFC 8628 §3.5).
_POLL = """
local stored = redis.call('GET', KEYS[1])
local now, interval = tonumber(ARGV[1]), tonumber(ARGV[2])
local early = false
if stored then
  local next_at, known = string.match(stored, '^(%d+):(%d+)$')
  interval = tonumber(known)
  if now < tonumber(next_at) then
    interval = interval + tonumber(ARGV[3])
    early = true
  end
end
redis.call('SET', KEYS[1], string.format('%d:%d', now + interval, interval), 'EX', ARGV[4])
return early and 0 or 1
"""
_DECIDE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
"""


class DeviceStore:
    """A user decides once, and the device gets the decision once (RFC 8628 §3.4)."""

    def __init__(self, redis: Database) -> None:
        self._redis = redis
        self._poll = redis.register_script(_POLL)
        self._decide = redis.register_script(_DECIDE)

    async def save(self, device_code: str, user_code: str, request: DeviceRequest) -> bool:
        """Store a request; False if another device currently has this user code."""
        name = digest(device_code)
        if not await self._redis.set(_user_key(user_code), name, ex=DEVICE_TTL, nx=True):
            return False
        await self._redis.set(_key(name), to_json(request), ex=DEVICE_TTL + _KEPT_AFTER)
        return True

    async def find(self, device_code: str) -> DeviceRequest | None:
        return _request(await self._redis.get(_key(digest(device_code))))

    async def find_by_user_code(self, user_code: str) -> DeviceRequest | None:
        name = await self._redis.get(_user_key(user_code))
        return _request(await self._redis.get(_key(name))) if name else None

    async def allow(self, user_code: str, before: DeviceRequest, session: Session) -> bool:
        """Store that the user of a session allowed it; False if it has already been decided."""
        after = dataclasses.replace(
            before, state="allowed", sub=session.sub, sid=session.sid, auth_time=session.auth_time
        )
        return await self._save_decision(user_code, before, after)

    async def deny(self, user_code: str, before: DeviceRequest) -> bool:
        """Store that a user denied it; False if it has already been decided."""
        return await self._save_decision(user_code, before, dataclasses.replace(before, state="refused"))

    async def _save_decision(self, user_code: str, before: DeviceRequest, after: DeviceRequest) -> bool:
        """Store the first decision and delete the user code."""
        name = await self._redis.get(_user_key(user_code))
        if name is None:
            return False
        decided = bool(await self._decide(keys=[_key(name)], args=[to_json(before), to_json(after)]))
        await self._redis.delete(_user_key(user_code))
        return decided

    async def may_poll(self, device_code: str, now: int) -> bool:
        """Whether the interval has passed since the last poll; each early poll extends it (RFC 8628 §3.5)."""
        key = f"op:device-poll:{digest(device_code)}"
        return bool(await self._poll(keys=[key], args=[now, INTERVAL, _SLOWER, DEVICE_TTL + _KEPT_AFTER]))

    async def take(self, device_code: str) -> DeviceRequest | None:
        """Read and delete the request atomically: one of several parallel polls gets it."""
        return _request(await self._redis.getdel(_key(digest(device_code))))


def _request(text: str | None) -> DeviceRequest | None:
    return from_json(DeviceRequest, text) if text else None


def _key(name: str) -> str:
    return f"op:device:{name}"


def _user_key(user_code: str) -> str:
    return f"op:user-code:{digest(user_code)}"
