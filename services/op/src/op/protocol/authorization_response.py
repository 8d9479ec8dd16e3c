"""The authorization response (RFC 6749 §4.1.2, RFC 9207 §2), and the ways in which it reaches the client.

`query` and `fragment` are of Multiple Response Types §2.1, `form_post` is of Form Post Response Mode §2. With `.jwt`
the parameters come in one signed JWT (JWT Secured Authorization Response Mode §2).
"""

from typing import Any
from urllib.parse import urlencode

from op.errors import OAuthError

RESPONSE_TYPE = "authorization-response+jwt"  # so that it passes for no other token (RFC 8725 §3.11)
RESPONSE_MODES = ("query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt")
DEFAULT_MODE = "query"  # of the response type `code`
_JWT = ".jwt"

Answer = dict[str, str]


def code_response(code: str, state: str | None, issuer: str) -> Answer:
    """The parameters that take a code to the client."""
    return _present({"code": code, "state": state, "iss": issuer})


def error_response(error: OAuthError, state: str | None, issuer: str) -> Answer:
    """The parameters that take an error to the client (RFC 6749 §4.1.2.1)."""
    return _present({"error": error.code, "error_description": error.description, "state": state, "iss": issuer})


def known_mode(response_mode: str | None) -> str:
    """The mode to answer in: the one that was asked for, or the default where that is none."""
    if response_mode == "jwt":
        return DEFAULT_MODE + _JWT  # JARM §2.3.4
    return response_mode if response_mode in RESPONSE_MODES else DEFAULT_MODE


def is_signed(mode: str) -> bool:
    return mode.endswith(_JWT)


def encoding(mode: str) -> str:
    """How the parameters travel: query, fragment or form_post."""
    return mode.removesuffix(_JWT)


def response_claims(answer: Answer, client_id: str, expires_at: int) -> dict[str, Any]:
    """What is signed: the parameters, for this client and a short time (JARM §2.1)."""
    return {**answer, "aud": client_id, "exp": expires_at}


def with_query(uri: str, parameters: dict[str, str | None]) -> str:
    """`uri`, a registered one and so without a fragment, as it is, with parameters added (RFC 6749 §3.1.2)."""
    added = urlencode(_present(parameters))
    separator = "" if not added or uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return f"{uri}{separator}{added}"


def with_fragment(uri: str, parameters: Answer) -> str:
    """`uri` with the parameters in its fragment."""
    return f"{uri}#{urlencode(parameters)}"


def _present(parameters: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value is not None}
