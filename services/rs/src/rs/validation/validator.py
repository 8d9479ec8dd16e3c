"""What the endpoints need of either way to validate an access token."""

from typing import Protocol

from rs.protocol.verified_token import VerifiedToken


class Validator(Protocol):
    """Validates access tokens; `rs.validation` lists what it raises."""

    async def validate(self, token: str) -> VerifiedToken: ...
