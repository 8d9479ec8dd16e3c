"""The access token of a request (RFC 6750 §2)."""

import re
from collections.abc import Sequence

from rs.errors import InvalidRequest, InvalidToken, TokenMissing
from servicekit.web.parameters import MalformedParameters, Parameters

TOKEN_LIMIT = 16 * 1024

_SCHEME = re.compile(rb"bearer(?: +|$)", re.IGNORECASE)
_B64TOKEN = re.compile(rb"[A-Za-z0-9\-._~+/]+=*")


def bearer_token(authorization: Sequence[bytes], query: bytes, *, form_body: bool) -> str:
    """The token from a request's Authorization header (RFC 6750 §2.1).

    `authorization` has the values of all such headers. A token in the query (§2.3) or in a form (§2.2) is rejected,
    because logs and browser histories would contain it. Raises TokenMissing, InvalidRequest, InvalidToken.
    """
    if form_body:
        raise InvalidRequest("the GET request has a form body")
    if query and _names_access_token(query):
        raise InvalidRequest("the query contains an access token")
    if len(authorization) > 1:
        raise InvalidRequest(f"the request has {len(authorization)} Authorization headers")
    if not authorization:
        raise TokenMissing
    scheme = _SCHEME.match(authorization[0])
    if scheme is None:
        raise TokenMissing("the authentication scheme is not Bearer")
    credentials = authorization[0][scheme.end() :]
    if not credentials:
        raise InvalidRequest("the Authorization header has no token")
    if len(credentials) > TOKEN_LIMIT:
        raise InvalidToken(f"the token is longer than {TOKEN_LIMIT} bytes")
    if not _B64TOKEN.fullmatch(credentials):
        raise InvalidToken("the token does not have the syntax b64token")
    return credentials.decode("ascii")


def _names_access_token(query: bytes) -> bool:
    try:
        return "access_token" in Parameters.parse(query)
    except MalformedParameters as fault:
        raise InvalidRequest(str(fault)) from None
