"""The response types of the authorization endpoint, one file for each flow, in one table.

A response type takes the provider, the client, its request and the session, and returns the parameters of the
response, or None if the user of the session was removed. Records of a response that is not sent expire.
"""

from collections.abc import Awaitable, Callable

from op.authorization.response_types.code import code_flow
from op.authorization.response_types.implicit import implicit_flow
from op.context import Context
from op.protocol.authorization.response import ResponseParameters
from op.protocol.authorization.response_type import CODE, ID_TOKEN, ID_TOKEN_TOKEN
from op.records import AuthorizationRequest, Client, Session

ResponseType = Callable[[Context, Client, AuthorizationRequest, Session], Awaitable[ResponseParameters | None]]

RESPONSE_TYPES: dict[str, ResponseType] = {
    CODE: code_flow,
    ID_TOKEN: implicit_flow,
    ID_TOKEN_TOKEN: implicit_flow,
}
