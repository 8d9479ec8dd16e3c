"""The grants of the token endpoint, one file each, in one table.

A grant takes the provider, the authenticated client and the parsed request, and gives the tokens that it issued.
"""

from collections.abc import Awaitable, Callable

from op.grant_types.authorization_code import authorization_code
from op.grant_types.client_credentials import client_credentials
from op.grant_types.device_code import device_code
from op.grant_types.refresh_token import refresh_token
from op.protocol.device import DEVICE_CODE_GRANT
from op.protocol.token_request import TokenRequest
from op.provider import Provider
from op.records import Client
from op.tokens import Issued

GrantType = Callable[[Provider, Client, TokenRequest], Awaitable[Issued]]

GRANT_TYPES: dict[str, GrantType] = {
    "authorization_code": authorization_code,
    "refresh_token": refresh_token,
    "client_credentials": client_credentials,
    DEVICE_CODE_GRANT: device_code,
}
