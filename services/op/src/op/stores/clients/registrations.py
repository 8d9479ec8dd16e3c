"""The number of clients that registered themselves in the current hour: `op:registrations`."""

from servicekit.redis.client import Database

_WINDOW = 3600
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""


class RegistrationStore:
    """Allows `limit` registrations per hour, from the first one, at all replicas together (RFC 7591 §5)."""

    def __init__(self, redis: Database, limit: int) -> None:
        self._limit = limit
        self._count = redis.register_script(_COUNT)

    async def allowed(self) -> bool:
        """Count a registration, and return whether it is within the limit."""
        return int(await self._count(keys=["op:registrations"], args=[_WINDOW])) <= self._limit
