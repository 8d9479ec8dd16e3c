"""Mode B: verification of the JWT with the provider's published keys."""

from rs.protocol import access_token
from rs.protocol.claims import Expected
from rs.protocol.verified_token import VerifiedToken
from rs.validation.verification_keys import VerificationKeys
from servicekit.clock import Clock


class JwtValidator:
    """Verifies RFC 9068 access tokens; `clock` returns seconds since the epoch (RFC 9068 §4)."""

    def __init__(self, keys: VerificationKeys, algorithm: str, expected: Expected, clock: Clock) -> None:
        self._keys = keys
        self._algorithm = algorithm
        self._expected = expected
        self._clock = clock

    async def validate(self, token: str) -> VerifiedToken:
        signed = access_token.parse(token, self._algorithm)
        key = await self._keys.find(signed.kid)
        return access_token.verify(signed, key, self._expected, self._clock())
