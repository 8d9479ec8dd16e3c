"""The authorization response (RFC 6749 §4.1.2, RFC 9207 §2), and the ways in which it reaches the client.

`query` and `fragment` are of Multiple Response Types §2.1, `form_post` is of Form Post Response Mode §2. With `.jwt`
the parameters come in one signed JWT (JWT Secured Authorization Response Mode §2).
"""

from typing import Any
from urllib.parse import urlencode

from op.errors import OAuthError
from op.protocol.authorization.response_type import answers_in_fragment

RESPONSE_TYPE = "JWT"  # JARM has no type of its own, and there are clients that take no other
RESPONSE_MODES = ("query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt")
_JWT = ".jwt"

ResponseParameters = dict[str, str]


def code_response(code: str, state: str | None, issuer: str) -> ResponseParameters:
    """The parameters that take a code to the client.

    OpenID Connect Core §3.1.2.5; RFC 6749 §4.1.2; RFC 9207 §2.
    """
    return _present({"code": code, "state": state, "iss": issuer})


def token_response(
    id_token: str,
    state: str | None,
    issuer: str,
    *,
    access_token: str | None,
    expires_in: int | None,
    scope: str | None,
) -> ResponseParameters:
    """The parameters that take tokens to the client (OpenID Connect Core §3.2.2.5, RFC 6749 §4.2.2)."""
    tokens: dict[str, str | None] = {"id_token": id_token, "state": state, "iss": issuer}
    if access_token is not None:
        tokens |= {"access_token": access_token, "token_type": "Bearer", "expires_in": str(expires_in), "scope": scope}
    return _present(tokens)


def error_response(error: OAuthError, state: str | None, issuer: str) -> ResponseParameters:
    """The parameters of an error response: the code, the description and the state of the request.

    RFC 6749 §4.1.2.1; OpenID Connect Core §3.1.2.6; RFC 9207 §2.
    """
    return _present({"error": error.code, "error_description": error.description, "state": state, "iss": issuer})


def known_mode(response_mode: str | None, response_type: str | None) -> str:
    """The mode to answer in: the one that was asked for, or the default where that is none or must not be.

    OAuth 2.0 Multiple Response Types §3, §5; JARM §2.1, §2.3.
    """
    default = "fragment" if answers_in_fragment(response_type) else "query"
    if response_mode == "jwt" or (response_mode == "query.jwt" and default != "query"):
        return default + _JWT  # JARM §2.3.4
    if response_mode not in RESPONSE_MODES or response_mode == "query":
        return default
    return response_mode


def is_signed(mode: str) -> bool:
    return mode.endswith(_JWT)


def encoding(mode: str) -> str:
    """How the parameters travel: query, fragment or form_post."""
    return mode.removesuffix(_JWT)


def response_claims(parameters: ResponseParameters, client_id: str, expires_at: int) -> dict[str, Any]:
    """What is signed: the parameters, for this client and a short time (JARM §2.1)."""
    return {**parameters, "aud": client_id, "exp": expires_at}


def with_query(uri: str, parameters: dict[str, str | None]) -> str:
    """`uri`, a registered one and so without a fragment, as it is, with parameters added (RFC 6749 §3.1.2)."""
    added = urlencode(_present(parameters))
    separator = "" if not added or uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return f"{uri}{separator}{added}"


def with_fragment(uri: str, parameters: ResponseParameters) -> str:
    """`uri` with the parameters in its fragment (OAuth 2.0 Multiple Response Types §2.1)."""
    return f"{uri}#{urlencode(parameters)}"


def _present(parameters: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value is not None}
