"""The authorization response (RFC 6749 §4.1.2, RFC 9207 §2) and its response modes.

`query` and `fragment` are defined in Multiple Response Types §2.1, `form_post` in Form Post Response Mode §2. With the
suffix `.jwt` the parameters are sent in one signed JWT (JWT Secured Authorization Response Mode §2).
"""

from typing import Any
from urllib.parse import urlencode

from op.errors import OAuthError
from op.protocol.authorization.response_type import needs_fragment

RESPONSE_TYPE = "JWT"  # JARM does not define a type, and some clients accept only this one
RESPONSE_MODES = ("query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt")
_JWT = ".jwt"

ResponseParameters = dict[str, str]


def code_response(code: str, state: str | None, issuer: str) -> ResponseParameters:
    """The parameters of a response with a code (OpenID Connect Core §3.1.2.5; RFC 6749 §4.1.2; RFC 9207 §2)."""
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
    """The parameters of a response with tokens (OpenID Connect Core §3.2.2.5, RFC 6749 §4.2.2)."""
    tokens: dict[str, str | None] = {"id_token": id_token, "state": state, "iss": issuer}
    if access_token is not None:
        tokens |= {"access_token": access_token, "token_type": "Bearer", "expires_in": str(expires_in), "scope": scope}
    return _present(tokens)


def error_response(error: OAuthError, state: str | None, issuer: str) -> ResponseParameters:
    """The parameters of an error response (RFC 6749 §4.1.2.1; RFC 9207 §2; OpenID Connect Core §3.1.2.6)."""
    return _present({"error": error.code, "error_description": error.description, "state": state, "iss": issuer})


def known_mode(response_mode: str | None, response_type: str | None) -> str:
    """The response mode to use: the requested one, or the default if that is unknown or not allowed.

    OAuth 2.0 Multiple Response Types §3, §5; JARM §2.1, §2.3.
    """
    default = "fragment" if needs_fragment(response_type) else "query"
    if response_mode == "jwt" or (response_mode == "query.jwt" and default != "query"):
        return default + _JWT  # JARM §2.3.4
    if response_mode not in RESPONSE_MODES or response_mode == "query":
        return default
    return response_mode


def is_signed(mode: str) -> bool:
    return mode.endswith(_JWT)


def encoding(mode: str) -> str:
    """How the parameters are sent: query, fragment or form_post."""
    return mode.removesuffix(_JWT)


def response_claims(parameters: ResponseParameters, client_id: str, expires_at: int) -> dict[str, Any]:
    """The claims of a signed response: the parameters, for this client and with a short lifetime (JARM §2.1)."""
    return {**parameters, "aud": client_id, "exp": expires_at}


def with_query(uri: str, parameters: dict[str, str | None]) -> str:
    """Add parameters to `uri` without changing it otherwise; it must not have a fragment (RFC 6749 §3.1.2)."""
    added = urlencode(_present(parameters))
    separator = "" if not added or uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return f"{uri}{separator}{added}"


def with_fragment(uri: str, parameters: ResponseParameters) -> str:
    """Add the parameters to `uri` as its fragment (OAuth 2.0 Multiple Response Types §2.1)."""
    return f"{uri}#{urlencode(parameters)}"


def _present(parameters: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value is not None}
