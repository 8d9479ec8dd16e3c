"""What the authorization endpoint hands out, one file for each flow, in one table.

A response type takes the provider, the client, its request and the session that answers it, and gives the parameters
of the answer; None when the session's user was removed. What it writes and nobody is then sent ends by itself.
"""

from collections.abc import Awaitable, Callable

from op.protocol.authorization_response import Answer
from op.protocol.response_type import CODE, ID_TOKEN, ID_TOKEN_TOKEN
from op.provider import Provider
from op.records import AuthorizationRequest, Client, Session
from op.response_types.code import code
from op.response_types.implicit import implicit

ResponseType = Callable[[Provider, Client, AuthorizationRequest, Session], Awaitable[Answer | None]]

RESPONSE_TYPES: dict[str, ResponseType] = {
    CODE: code,
    ID_TOKEN: implicit,
    ID_TOKEN_TOKEN: implicit,
}
