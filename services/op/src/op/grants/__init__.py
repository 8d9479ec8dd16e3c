"""The grants of the token endpoint, one file each, in one table.

A grant takes the provider, the authenticated client and the parsed request, and returns the issued tokens.
"""

from collections.abc import Awaitable, Callable

from op.context import Context
from op.grants.authorization_code import authorization_code
from op.grants.client_credentials import client_credentials
from op.grants.device_code import device_code
from op.grants.refresh_token import refresh_token
from op.protocol.authorization.user_code import DEVICE_CODE_GRANT
from op.protocol.tokens.request import TokenRequest
from op.records import Client
from op.tokens.issuer import Issued

GrantType = Callable[[Context, Client, TokenRequest], Awaitable[Issued]]

GRANT_TYPES: dict[str, GrantType] = {
    "authorization_code": authorization_code,
    "refresh_token": refresh_token,
    "client_credentials": client_credentials,
    DEVICE_CODE_GRANT: device_code,
}
