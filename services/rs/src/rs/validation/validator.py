"""The interface of the validators of access tokens."""

from typing import Protocol

from rs.protocol.verified_token import VerifiedToken


class Validator(Protocol):
    """Validates access tokens; `rs.validation` lists what it raises."""

    async def validate(self, token: str) -> VerifiedToken: ...
