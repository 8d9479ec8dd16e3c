"""The bearer token of a request to UserInfo (RFC 6750 §2)."""

import re

from op.errors import InvalidRequest, TokenMissing, TokenUnreadable
from op.protocol.tokens.request import parse_form
from servicekit.web.endpoints import Request
from servicekit.web.parameters import MalformedParameters, Parameters

_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def bearer_token(request: Request) -> str:
    """The access token from the header or a form body, never from the query (RFC 6750 §5.3; RFC 6750 §2).

    Raises TokenMissing if there is none, TokenUnreadable if there are two or if it is malformed.
    """
    presented = [token for token in (_from_header(request), _from_body(request)) if token is not None]
    if _names_access_token(request.query):
        raise TokenUnreadable("The access token must not be in the query. Send it in the Authorization header.")
    if not presented:
        raise TokenMissing("The access token is missing. Send it in the Authorization header.")
    if len(presented) > 1:
        raise TokenUnreadable("The access token must be sent in one place only.")
    return presented[0]


def _names_access_token(query: bytes) -> bool:
    try:
        return "access_token" in Parameters.parse(query)
    except MalformedParameters as fault:
        raise TokenUnreadable(str(fault)) from None


def _from_header(request: Request) -> str | None:
    header = request.header("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = token.strip()
    if not _B64TOKEN.fullmatch(token):
        raise TokenUnreadable("The Authorization header is malformed.")
    return token


def _from_body(request: Request) -> str | None:
    """UserInfo also accepts a token in a form body; the resource server, which is called with GET, rejects it
    (RFC 6750 §2.2).
    """
    if request.method != "POST" or not request.body or not request.has_form_body():
        return None
    try:
        return parse_form(request).get("access_token")
    except InvalidRequest as fault:
        raise TokenUnreadable(fault.description) from None
